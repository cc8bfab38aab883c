"""How many samples would settle it."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from gatekeeper.statistics.mean_test import MeanTest
from gatekeeper.statistics.null_tail import variance_at

__all__ = ["samples_needed"]

_LOOKS = 1.08
"""What looking early costs: the last look may use 0.8 of alpha, and some power is gained before."""


def samples_needed(
    values: NDArray[np.float64],
    shares: NDArray[np.float64],
    test: MeanTest,
    *,
    power: float = 0.8,
) -> int | None:
    """Number of samples at which data like this differs from the threshold with this power.

    `values` occur with `shares` (sum 1), and lie in the range of the test. None when their mean is
    on the threshold: then no number would settle it. Normal approximation, with the variance that
    the test itself would use at the threshold.
    """
    from scipy.special import ndtri

    mean = float(values @ shares)
    gap, threshold, low = mean - test.threshold, test.threshold, test.low
    if abs(gap) < 1e-6:
        return None
    if gap < 0:
        values, threshold, low = -values, -threshold, -test.high
    at_threshold = variance_at(values, shares, threshold, low)
    here = max(float(values**2 @ shares) - mean**2, 0.0)
    wide = float(ndtri(1 - test.alpha)) * math.sqrt(at_threshold)
    wide += float(ndtri(power)) * math.sqrt(here)
    # Not even the best value alone shows it with fewer: at the threshold it may occur by luck.
    best = float(values[shares > 0].max())
    rare = (best - threshold) / (best - low)
    least = math.log(test.alpha) / math.log1p(-rare) if rare < 1 else 1.0
    return math.ceil(max(_LOOKS * (wide / gap) ** 2, least))
