"""The tests that the shipped one is measured against, vectorised over checks and looks.

All take counts (checks, looks, 3) of d = -1, 0, 1 and a limit on the mean of d. `above` and
`below` of a rival are arrays of booleans (checks, looks): is the mean shown to lie there?
"""

from __future__ import annotations

import numpy as np
from betting import log_capital_above, log_capital_below
from numpy.typing import NDArray
from scipy.special import ndtri
from scipy.stats import t as student

from gatekeeper.statistics.null_tail import most_likely_at

Array = NDArray[np.float64]
VALUES = np.array([-1.0, 0.0, 1.0])


def moments(counts: Array) -> tuple[Array, Array, Array]:
    """Mean, variance and number of samples."""
    total = counts.sum(axis=-1)
    mean = counts @ VALUES / total
    return mean, counts @ VALUES**2 / total - mean**2, total


def tango(counts: Array, limit: float, alpha: float) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Tango's score test, once, at the last look: the fixed-N reference."""
    last = counts[:, -1]
    mean, _, total = moments(last)
    statistic = np.zeros(len(last))
    for sign in (1.0, -1.0):
        side = sign * (mean - limit) > 1e-12
        turned = last[side] if sign > 0 else last[side][:, ::-1]
        weights = most_likely_at(VALUES - sign * limit, turned / total[side][:, None])
        spread = np.sqrt((weights @ VALUES**2 - limit**2) / total[side])
        statistic[side] = (mean[side] - limit) / spread
    enough = ndtri(1 - alpha)
    return statistic >= enough, statistic <= -enough


def fixed_t(
    counts: Array, limit: float, alpha: float
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """The paired t-test, once, at the last look: what most people would do."""
    mean, variance, total = moments(counts[:, -1])
    statistic = _studentised(mean - limit, variance, total - 1)
    enough = student.ppf(1 - alpha, total - 1)
    return statistic >= enough, statistic <= -enough


def betting(
    counts: Array, limit: float, alpha: float
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Betting: always valid, at every look."""
    needed = np.log(1 / alpha)
    return (
        log_capital_above(VALUES, counts, limit, -1.0) >= needed,
        log_capital_below(VALUES, counts, limit, 1.0) >= needed,
    )


def group_sequential(
    counts: Array, limit: float, enough: Array
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """z of the paired mean with its observed variance, against a limit per look."""
    mean, variance, total = moments(counts)
    statistic = _studentised(mean - limit, variance, total)
    return statistic >= enough, statistic <= -enough


def _studentised(gap: Array, variance: Array, degrees: Array) -> Array:
    """Gap in standard errors; nothing while no sample differs from another."""
    error = np.sqrt(np.maximum(variance, 1e-12) / degrees)
    return np.asarray(np.where(variance > 1e-9, gap / error, 0.0))


def obrien_fleming(looks: NDArray[np.int64], alpha: float) -> Array:
    """Limits on z: rare early crossings. Their common factor is found by simulation."""
    shape = np.sqrt(looks[-1] / looks)
    return _scaled(looks, shape, alpha)


def pocock(looks: NDArray[np.int64], alpha: float) -> Array:
    """Limits on z: the same at every look."""
    return _scaled(looks, np.ones(len(looks)), alpha)


def _scaled(looks: NDArray[np.int64], shape: Array, alpha: float) -> Array:
    steps = np.diff(looks, prepend=0)
    walk = np.random.default_rng(0).standard_normal((20_000, len(looks))) * np.sqrt(steps)
    highest = (np.cumsum(walk, axis=1) / np.sqrt(looks) / shape).max(axis=1)
    return shape * float(np.quantile(highest, 1 - alpha))


def exact_binomial(right: Array, total: int, limit: float, alpha: float) -> NDArray[np.bool_]:
    """Exact one-sample test of a share of right answers, once: P(this many or more) <= alpha."""
    from scipy.stats import binom

    return np.asarray(binom.sf(right - 1, total, limit) <= alpha)
