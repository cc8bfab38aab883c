"""How likely would a mean at least this good be if the truth were exactly at the limit?

The distribution "at the limit" is the one that the samples themselves make most likely among all
distributions on the allowed range whose mean is the limit. For paired right/wrong answers it is
the restricted estimate of Tango's score test; a sample value that was never seen may be part of
it, so ten unchanged samples do not look like certainty, and the variance never undershoots. The
tail is then computed to within a few percent of itself, skew included, by a saddlepoint.
A normal approximation is not good enough here: with few flips it promotes too often.

Sources: Tango, "Equivalence test and confidence interval for the difference in proportions for
the paired-sample design" (Statistics in Medicine, 1998); Owen, "Empirical Likelihood" (2001);
Lugannani and Rice, "Saddle point approximation for the distribution of the sum of independent
random variables" (1980), for lattices with the correction of Daniels (1987); the plug-in of the
restricted estimate is the E step of Lloyd and Moldovan (Statistics in Medicine, 2008).
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

__all__ = ["Array", "lattice_step", "lower_tail", "most_likely_at", "upper_tail", "variance_at"]

Array = NDArray[np.float64]

_STEPS = 32
_STEEPEST = 60.0
_LARGEST_DENOMINATOR = 12


def lattice_step(values: Array) -> float:
    """Spacing of the grid that all values lie on (1 for right/wrong); 0 when there is none."""
    for parts in range(1, _LARGEST_DENOMINATOR + 1):
        if np.allclose(values * parts, np.round(values * parts), atol=1e-9):
            return 1.0 / parts
    return 0.0


def upper_tail(values: Array, counts: Array, limit: float, lowest: float, step: float) -> Array:
    """P(mean >= the observed one | true mean = limit), for samples in [lowest, infinity).

    `values` are K distinct sample values, `counts` an array (..., K) of how often each was seen;
    the result has the leading shape of `counts`. `step` is `lattice_step` of all values that can
    occur. A mean at or below the limit gives 1.
    """
    values, counts = _with_lowest(values, counts, lowest)
    total = counts.sum(axis=-1)
    mean = (counts @ values) / total
    result = np.ones(np.shape(mean))
    better = mean > limit + 1e-12
    if limit <= lowest:
        return np.where(better, 0.0, result)  # one sample above the lowest value refutes it
    if not better.any():
        return result
    counts, total, mean = counts[better], total[better], mean[better]
    weights = most_likely_at(values - limit, counts / total[:, None])
    result[better] = _tail(values, weights, mean, total, step)
    return result


def lower_tail(values: Array, counts: Array, limit: float, highest: float, step: float) -> Array:
    """P(mean <= the observed one | true mean = limit), for samples in (-infinity, highest]."""
    return upper_tail(-values, counts, -limit, -highest, step)


def variance_at(values: Array, shares: Array, limit: float, lowest: float) -> float:
    """Variance of one sample if the truth were at the limit, for data with a mean above it."""
    values, shares = _with_lowest(values, shares, lowest)
    weights = most_likely_at(values - limit, shares[None])[0]
    return float(weights @ values**2 - limit**2)


def _with_lowest(values: Array, counts: Array, lowest: float) -> tuple[Array, Array]:
    """Values sorted, including the lowest possible one."""
    if lowest not in values:
        values = np.append(values, lowest)
        counts = np.concatenate([counts, np.zeros((*counts.shape[:-1], 1))], axis=-1)
    order = np.argsort(values)
    return values[order], counts[..., order]


def most_likely_at(edges: Array, shares: Array) -> Array:
    """Weights (M, K) of the likeliest distribution whose mean is at the limit.

    `edges` are the sorted values minus the limit, the first one negative; `shares` (M, K) have a
    mean edge above 0. Maximises sum(shares * log(weights)) under sum(weights * edges) = 0.
    """
    largest = -1.0 / edges[0]
    low, high = np.zeros(len(shares)), np.full(len(shares), largest)
    for _ in range(_STEPS):
        middle = (low + high) / 2
        slope = (shares * edges / (1 + middle[:, None] * edges)).sum(axis=-1)
        low, high = np.where(slope > 0, middle, low), np.where(slope > 0, high, middle)
    tilted = 1 + np.outer(low, edges)
    weights = shares / np.maximum(tilted, 1e-300)
    # What is left goes to the lowest value, seen or not.
    weights[:, 0] = np.maximum(1 - weights[:, 1:].sum(axis=-1), 0.0)
    return np.asarray(weights, dtype=np.float64)


def _tail(values: Array, weights: Array, mean: Array, total: Array, step: float) -> Array:
    """Saddlepoint tail P(mean of `total` draws >= mean), means above the expectation.

    On a lattice the whole probability of the observed mean counts when nothing but the limit
    decides it; the more a free flip rate smooths the lattice, the more only half of it counts.
    """
    from scipy.special import ndtr

    low, high = np.zeros(len(mean)), np.full(len(mean), _STEEPEST)
    for _ in range(_STEPS):
        middle = (low + high) / 2
        under = _tilted(values, weights, middle)[1] < mean
        low, high = np.where(under, middle, low), np.where(under, high, middle)
    tilt = (low + high) / 2
    log_mass, variance = _tilted(values, weights, tilt)[::2]
    root = np.sqrt(np.maximum(2 * total * (tilt * mean - log_mass), 1e-12))
    spread = np.sqrt(total * np.maximum(variance, 1e-300))

    def lugannani_rice(width: Array) -> Array:
        slope = np.maximum(width * spread, 1e-12)
        density = np.exp(-(root**2) / 2) / math.sqrt(2 * math.pi)
        tail = ndtr(-root) + density * (1 / slope - 1 / root)
        return np.asarray(np.where(root < 1e-3, 0.5, tail), dtype=np.float64)

    tail = lugannani_rice(tilt)
    if step:
        free = total * weights.min(axis=-1) if len(values) > 2 else np.zeros(len(total))
        whole = np.exp(-free)
        tail = whole * lugannani_rice((1 - np.exp(-tilt * step)) / step) + (1 - whole) * tail
    # The largest possible mean can occur in only one way: every draw has the largest value.
    largest = len(values) - 1 - np.argmax(weights[:, ::-1] > 0, axis=-1)
    alone = np.exp(total * np.log(np.take_along_axis(weights, largest[:, None], axis=-1)[:, 0]))
    tail = np.where(mean >= values[largest] - 1e-9, alone, tail)
    return np.asarray(np.clip(tail, 0.0, 1.0), dtype=np.float64)


def _tilted(values: Array, weights: Array, tilt: Array) -> tuple[Array, Array, Array]:
    """Log mass, mean and variance of the distribution tilted by exp(tilt * value)."""
    shift = np.outer(tilt, values - values[-1])
    mass = weights * np.exp(shift)
    whole = np.maximum(mass.sum(axis=-1), 1e-300)
    mean = mass @ values / whole
    variance = mass @ values**2 / whole - mean**2
    return np.log(whole) + tilt * values[-1], mean, variance
