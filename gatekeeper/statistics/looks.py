"""At which sample counts somebody looks."""

from __future__ import annotations

__all__ = ["look_schedule"]


def look_schedule(horizon: int, every: int) -> tuple[int, ...]:
    """Every `every` samples, and at the horizon."""
    if horizon < 1 or every < 1:
        raise ValueError("horizon and step must be positive")
    return (*range(every, horizon, every), horizon)
