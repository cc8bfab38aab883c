"""One mean against one threshold, in looks: pass, fail or inconclusive."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from gatekeeper.statistics.null_tail import Array, lattice_step, lower_tail, upper_tail
from gatekeeper.statistics.spending import levels

__all__ = ["Assessment", "assess", "boundaries", "earliest_pass"]

_STEPS, _PRECISION = 40, 1e-5
"""Of an interval's end: a thousandth of a point."""


@dataclass(frozen=True, slots=True)
class Assessment:
    """What the samples show about their mean.

    `low` and `high` are the ends of a 1 - 2*alpha confidence interval that is valid at every look;
    it lies wholly above the threshold on a pass, below it on a fail. `p_value` is small when the
    mean is shown to be below the threshold, and at most alpha exactly when the outcome is fail.
    """

    outcome: Literal["pass", "fail", "inconclusive"]
    estimate: float
    low: float
    high: float
    p_value: float
    settled_at: int | None
    samples: int


def earliest_pass(threshold: float, unchanged: float, lowest: float, alpha: float) -> float:
    """Samples that it takes to pass when each of them has the value `unchanged`.

    At a fiftieth of alpha; 1 when unchanged samples are no evidence for passing.
    """
    share = (unchanged - threshold) / (unchanged - lowest) if unchanged > threshold else 0.0
    return math.log(alpha / 50) / math.log1p(-share) if 0 < share < 1 else 1.0


def assess(
    values: NDArray[np.float64],
    threshold: float,
    *,
    looks: Sequence[int],
    horizon: int,
    alpha: float,
    low: float = -1.0,
    high: float = 1.0,
    ended: bool = False,
    intervals: bool = True,
) -> Assessment:
    """Is the mean of `values`, taken in draw order, above or below the threshold?

    pass: shown above; fail: shown below; each wrongly with probability at most alpha over all
    looks together. The first look that settles it counts. `looks` are the sample counts at which
    somebody looked or will look, up to `horizon`, the most samples there can be; both must not
    depend on `values`. `ended`: for a reason that does not lie in `values` there will be no more
    samples, so the last look may use all of alpha that is left. Without `intervals` the ends are
    those of the range, which is faster.
    Raises ValueError when a value is outside [low, high], or there are more than the horizon or
    none.
    """
    if not len(values):
        raise ValueError("there are no samples to assess")
    if values.min() < low - 1e-9 or values.max() > high + 1e-9 or horizon < len(values):
        raise ValueError("a sample is out of range, or there are more than the horizon")
    seen = tuple(sorted({look for look in looks if 0 < look <= len(values)}))
    distinct, counts = _running_counts(values, seen)
    step = lattice_step(np.append(distinct, (low, high)))
    end = len(values) if ended else None
    passing, failing = boundaries(seen, threshold, horizon, alpha, low, high, end)

    def above(limit: float, at: Array = counts) -> Array:
        return upper_tail(distinct, at, limit, low, step)

    def below(limit: float, at: Array = counts) -> Array:
        return lower_tail(distinct, at, limit, high, step)

    outcome: Literal["pass", "fail", "inconclusive"] = "inconclusive"
    settled: int | None = None
    estimate = float(values.mean())
    ends, p_value = (low, high), 1.0
    if seen:
        chance_below = below(threshold)
        passed, failed = above(threshold) <= passing, chance_below <= failing
        p_value = float(min(1.0, (alpha * chance_below / np.maximum(failing, 1e-300)).min()))
        at = -1
        if (passed | failed).any():
            at = int((passed | failed).argmax())
            outcome, settled = ("pass" if passed[at] else "fail"), seen[at]
        if intervals:
            pairs = [
                (
                    _end(above, counts[[i]], passing[i], low, mean),
                    -_end(_mirrored(below), counts[[i]], failing[i], -high, -mean),
                )
                for i in sorted({at % len(seen), len(seen) - 1})
                for mean in [float(values[: seen[i]].mean())]
            ]
            # After it was settled more may have been seen; what was shown stays shown.
            ends = max(end for end, _ in pairs), min(end for _, end in pairs)
    return Assessment(
        outcome=outcome,
        estimate=estimate,
        low=min(ends[0], estimate),
        high=max(ends[1], estimate),
        p_value=p_value,
        settled_at=settled,
        samples=len(values),
    )


def boundaries(
    looks: tuple[int, ...],
    threshold: float,
    horizon: int,
    alpha: float,
    low: float = -1.0,
    high: float = 1.0,
    end: int | None = None,
) -> tuple[Array, Array]:
    """Levels of the looks for passing and for failing; see `spending.levels`."""
    start = earliest_pass(threshold, 0.0 if low < 0 < high else high, low, alpha)
    return (
        np.array(levels("pass", looks, horizon, alpha, start=start, end=end)),
        np.array(levels("fail", looks, horizon, alpha, end=end)),
    )


def _running_counts(values: Array, looks: tuple[int, ...]) -> tuple[Array, Array]:
    """Distinct values (K,), and how often each was seen up to each look (L, K)."""
    distinct, index = np.unique(values, return_inverse=True)
    parts = np.split(index, looks)[: len(looks)]
    seen = [np.bincount(part, minlength=len(distinct)) for part in parts]
    return distinct, np.cumsum(seen, axis=0, dtype=np.float64).reshape(-1, len(distinct))


def _mirrored(tail: Callable[[float, Array], Array]) -> Callable[[float, Array], Array]:
    return lambda limit, at: tail(-limit, at)


def _end(
    tail: Callable[[float, Array], Array], counts: Array, level: float, low: float, mean: float
) -> float:
    """The largest limit under the mean that is still shown to be exceeded at this level.

    Regula falsi (Illinois) on the logarithm of the tail, which is nearly a parabola.
    """

    def excess(limit: float) -> float:
        return math.log(max(float(tail(limit, counts)[0]), 1e-20) / level)

    left, right = low, mean
    below, above = excess(low), excess(mean)
    if below >= 0 or above <= 0:
        return low if below >= 0 else mean
    for _ in range(_STEPS):
        middle = right - above * (right - left) / (above - below)
        here = excess(middle)
        if here <= 0:
            left, below, above = middle, here, above / 2
        else:
            right, above, below = middle, here, below / 2
        if right - left < _PRECISION or -1e-3 < here <= 0:
            break
    return left
