"""The sample counts at which a check looks."""

from __future__ import annotations

import math
from collections.abc import Mapping

__all__ = ["horizons", "look_schedule"]

_GROWTH = 0.05
"""Least growth from one look to the next, as a share of what was seen. Closer looks cost power and
show nothing new."""


def look_schedule(horizon: int, every: int) -> tuple[int, ...]:
    """Sample counts of the looks: multiples of `every`, 5% or more apart, and the horizon."""
    if horizon < 1 or every < 1:
        raise ValueError("horizon and step must be positive")
    looks, seen = [], 0
    while seen < horizon:
        steps = max(1, math.ceil(_GROWTH * seen / every))
        seen = min(horizon, seen + steps * every)
        looks.append(seen)
    return tuple(looks)


def horizons(available: Mapping[str, int], budget: int) -> dict[str, int]:
    """Maximum number of samples for each capability, fixed before anything is scored.

    Twice the fair share: finished capabilities leave their part to the unfinished ones, but the
    stopping boundary must know its horizon in advance.
    """
    if not available:
        return {}
    fair = max(1, budget // len(available))
    return {name: min(pool, 2 * fair) for name, pool in available.items()}
