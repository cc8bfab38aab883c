"""One mean against one threshold, in looks: pass, fail or inconclusive."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from gatekeeper.statistics.betting import Array, log_capital_above, log_capital_below

__all__ = ["Assessment", "assess"]

_STEPS = 40
"""Bisection steps of an interval's end; 2^-40 of the range."""


@dataclass(frozen=True, slots=True)
class Assessment:
    """What the samples show about their mean.

    `low` and `high` are the ends of a 1 - 2*alpha confidence interval that is valid at every look.
    `p_value` is small when the mean is shown to be below the threshold.
    """

    outcome: Literal["pass", "fail", "inconclusive"]
    estimate: float
    low: float
    high: float
    p_value: float
    settled_at: int | None
    samples: int


def assess(
    values: NDArray[np.float64],
    threshold: float,
    *,
    looks: Sequence[int],
    horizon: int,
    alpha: float,
    low: float = -1.0,
    high: float = 1.0,
) -> Assessment:
    """Is the mean of `values`, taken in draw order, above or below the threshold?

    pass: shown above; fail: shown below; each wrongly with probability at most alpha over all
    looks together. The first look that settles it counts; `horizon` is not needed by a test that
    is valid at every look and is part of the signature for tests that spend alpha against it.
    Raises ValueError when a value is outside [low, high] or there is none.
    """
    if not len(values):
        raise ValueError("there are no samples to assess")
    if values.min() < low - 1e-9 or values.max() > high + 1e-9 or horizon < len(values):
        raise ValueError("a sample is out of range, or there are more than the horizon")
    distinct, index = np.unique(values, return_inverse=True)
    seen = np.zeros((len(values), len(distinct)))
    seen[np.arange(len(values)), index] = 1.0
    running = np.cumsum(seen, axis=0)
    wanted = sorted({look for look in looks if 0 < look <= len(values)} | {len(values)})
    at_looks = running[np.asarray(wanted) - 1]
    above = log_capital_above(distinct, at_looks, threshold, low)
    below = log_capital_below(distinct, at_looks, threshold, high)
    needed = float(np.log(1.0 / alpha))
    outcome: Literal["pass", "fail", "inconclusive"] = "inconclusive"
    settled = None
    for look, up, down in zip(wanted, above, below, strict=True):
        if max(up, down) >= needed:
            outcome, settled = ("pass" if up >= down else "fail"), look
            break
    counts = running[-1]
    return Assessment(
        outcome=outcome,
        estimate=float(values.mean()),
        low=_end(distinct, counts, needed, low, float(values.mean()), lower=True),
        high=_end(distinct, counts, needed, float(values.mean()), high, lower=False),
        p_value=float(min(1.0, np.exp(-below.max()))),
        settled_at=settled,
        samples=len(values),
    )


def _end(
    values: Array, counts: Array, needed: float, left: float, right: float, *, lower: bool
) -> float:
    """The mean at which the bet just stops being won: one end of the interval."""
    floor, ceiling = left, right
    for _ in range(_STEPS):
        middle = (left + right) / 2
        if lower:
            won = log_capital_above(values, counts, middle, floor) >= needed
            left, right = (middle, right) if won else (left, middle)
        else:
            won = log_capital_below(values, counts, middle, ceiling) >= needed
            left, right = (left, middle) if won else (middle, right)
    return (left + right) / 2
