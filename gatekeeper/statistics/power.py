"""How many samples would settle it."""

from __future__ import annotations

import math

__all__ = ["samples_needed"]

_SAFETY = 1.3
"""A test that may be looked at all the time asks for more than the fixed-sample formula."""


def samples_needed(
    threshold: float, estimate: float, *, variance: float, alpha: float, power: float = 0.8
) -> int | None:
    """Samples after which a mean like `estimate` is told from the threshold with this power.

    `variance` is that of one sample. None when the estimate is on the threshold: then no number
    would settle it. Normal approximation times a margin for repeated looks.
    """
    from scipy.special import ndtri

    gap = abs(estimate - threshold)
    if gap < 1e-6:
        return None
    # Few flips seen so far say little of the variance; what the threshold implies is a floor.
    floor = abs(threshold) * (1 - abs(threshold))
    spread = max(variance, floor)
    z = float(ndtri(1 - alpha) + ndtri(power))
    return math.ceil(_SAFETY * spread * (z / gap) ** 2)
