"""Many claims at once: Holm's adjustment, and the price of picking the best of several."""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["best_of_k_alpha", "holm"]


def holm(p_values: Sequence[float]) -> list[float]:
    """Adjusted p-values in the order given (Holm 1979): claims below alpha hold jointly."""
    order = sorted(range(len(p_values)), key=lambda i: p_values[i])
    adjusted = [0.0] * len(p_values)
    largest = 0.0
    for rank, i in enumerate(order):
        largest = max(largest, min(1.0, (len(order) - rank) * p_values[i]))
        adjusted[i] = largest
    return adjusted


def best_of_k_alpha(alpha: float, k: int) -> float:
    """Level for each of k candidates such that the picked one is wrong with at most alpha."""
    if k < 1:
        raise ValueError("there must be at least one candidate")
    return alpha / k
