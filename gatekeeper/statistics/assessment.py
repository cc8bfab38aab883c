"""One mean against one threshold, in looks: pass, fail or inconclusive."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from gatekeeper.statistics.mean_test import Looks, MeanTest
from gatekeeper.statistics.null_tail import Array, lattice_step, lower_tail, upper_tail
from gatekeeper.statistics.spending import levels

__all__ = ["Assessment", "assess", "boundaries", "earliest_pass"]

_STEPS, _PRECISION = 40, 1e-5
"""Of an interval's end: a thousandth of a percentage point."""


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


def earliest_pass(test: MeanTest) -> float:
    """Samples needed to pass when none of them changes; 1 when they are not evidence for it.

    At a fiftieth of alpha.
    """
    unchanged = 0.0 if test.low < 0 < test.high else test.high
    gap = unchanged - test.threshold
    share = gap / (unchanged - test.low) if gap > 0 else 0.0
    return math.log(test.alpha / 50) / math.log1p(-share) if 0 < share < 1 else 1.0


def assess(
    values: NDArray[np.float64], test: MeanTest, looks: Looks, *, intervals: bool = True
) -> Assessment:
    """Is the mean of `values`, taken in draw order, above or below the threshold?

    pass: shown above; fail: shown below; each wrongly with probability at most alpha over all
    looks together. The first look that settles it counts. Without `intervals` the ends are those
    of the range, which is faster.
    Raises ValueError when a value is outside the test's range, or when there are no samples or more
    than the horizon.
    """
    if not len(values):
        raise ValueError("there are no samples to assess")
    within = test.low - 1e-9 <= values.min() and values.max() <= test.high + 1e-9
    if not within or looks.horizon < len(values):
        raise ValueError("a sample is out of range, or there are more than the horizon")
    seen = tuple(sorted({look for look in looks.at if 0 < look <= len(values)}))
    estimate = float(values.mean())
    if not seen:
        low, high = min(test.low, estimate), max(test.high, estimate)
        return Assessment("inconclusive", estimate, low, high, 1.0, None, len(values))
    tails = _Tails(values, seen, test)
    passing, failing = boundaries(
        test, seen, looks.horizon, end=len(values) if looks.ended else None
    )
    chance_below = tails.below(test.threshold)
    passed, failed = tails.above(test.threshold) <= passing, chance_below <= failing
    outcome: Literal["pass", "fail", "inconclusive"] = "inconclusive"
    at, last = -1, len(seen) - 1
    if (passed | failed).any():
        at = int((passed | failed).argmax())
        outcome = "pass" if passed[at] else "fail"
    ends = (test.low, test.high)
    if intervals:
        # More may have been seen after it was settled; what was shown stays shown.
        found = [tails.interval(i, passing[i], failing[i]) for i in sorted({at % len(seen), last})]
        ends = max(low for low, _ in found), min(high for _, high in found)
    return Assessment(
        outcome=outcome,
        estimate=estimate,
        low=min(ends[0], estimate),
        high=max(ends[1], estimate),
        p_value=float(min(1.0, (test.alpha * chance_below / np.maximum(failing, 1e-300)).min())),
        settled_at=None if outcome == "inconclusive" else seen[at],
        samples=len(values),
    )


def boundaries(
    test: MeanTest, at: tuple[int, ...], horizon: int, end: int | None = None
) -> tuple[Array, Array]:
    """Levels of the looks `at` for passing and for failing; see `spending.levels`."""
    start = earliest_pass(test)
    return (
        np.array(levels("pass", at, horizon, test.alpha, start=start, end=end)),
        np.array(levels("fail", at, horizon, test.alpha, end=end)),
    )


class _Tails:
    """How likely the samples seen up to each look would be if the mean were at some limit."""

    def __init__(self, values: Array, seen: tuple[int, ...], test: MeanTest) -> None:
        self._values, self._seen, self._test = values, seen, test
        self._distinct, self._counts = _running_counts(values, seen)
        self._step = lattice_step(np.append(self._distinct, (test.low, test.high)))

    def above(self, limit: float, counts: Array | None = None) -> Array:
        """P(a mean as high as the one seen), at each look."""
        at = self._counts if counts is None else counts
        return upper_tail(self._distinct, at, limit, self._test.low, self._step)

    def below(self, limit: float, counts: Array | None = None) -> Array:
        """P(a mean as low as the one seen), at each look."""
        at = self._counts if counts is None else counts
        return lower_tail(self._distinct, at, limit, self._test.high, self._step)

    def interval(self, look: int, passing: float, failing: float) -> tuple[float, float]:
        """Ends of the interval that one look shows at its two levels."""
        counts = self._counts[[look]]
        mean = float(self._values[: self._seen[look]].mean())
        low = _end(self.above, counts, passing, self._test.low, mean)
        return low, -_end(_mirrored(self.below), counts, failing, -self._test.high, -mean)


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
    """The largest limit below the mean that is still shown to be exceeded at this level.

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
