"""A test by betting: valid at every look, whatever the distribution on a bounded range.

Somebody who bets against "the mean is at most m" with fair odds cannot expect to win if it is
true; by Ville's inequality the capital passes 1/alpha with probability at most alpha, over all
looks together. The bets are a fixed mixture, so the capital depends on counts alone and no
tuning parameter is learned from the data.

Source: Waudby-Smith and Ramdas, "Estimating means of bounded random variables by betting"
(JRSS B, 2024); the mixture in place of a predictable bet is Cover's universal portfolio.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["log_capital_above", "log_capital_below"]

Array = NDArray[np.float64]

# Shares of the largest fair bet, dense where small edges over many samples live.
_SHARES: Array = 0.98 * 2.0 ** (-np.arange(0, 28) / 4.0)


def log_capital_above(values: Array, counts: Array, mean: float, low: float) -> Array:
    """Log capital of betting that the true mean is above `mean`.

    `values` are the K distinct sample values, `counts` an array (..., K) of how often each was
    seen; the result has the leading shape of `counts`. Samples lie in [low, infinity).
    """
    if mean <= low:
        return np.zeros(counts.shape[:-1])
    return _mixture(values - mean, counts, 1.0 / (mean - low))


def log_capital_below(values: Array, counts: Array, mean: float, high: float) -> Array:
    """Log capital of betting that the true mean is below `mean`; samples lie under `high`."""
    if mean >= high:
        return np.zeros(counts.shape[:-1])
    return _mixture(mean - values, counts, 1.0 / (high - mean))


def _mixture(edges: Array, counts: Array, largest: float) -> Array:
    """Log of the average capital over all bets of the mixture."""
    growth = np.log1p(np.multiply.outer(edges, _SHARES * largest))
    logs = counts @ growth
    top = logs.max(axis=-1, keepdims=True)
    return np.asarray(top[..., 0] + np.log(np.exp(logs - top).mean(axis=-1)), dtype=np.float64)
