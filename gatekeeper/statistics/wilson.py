"""Score interval of a share (Wilson, "Probable inference", JASA 1927)."""

from __future__ import annotations

import math
from typing import Final

__all__ = ["wilson"]

_QUANTILES: Final = {0.90: 1.6449, 0.95: 1.959964}
"""Level -> quantile of the normal distribution. Recorded verdicts contain intervals made with these
digits; more digits would make their recomputation differ."""


def wilson(share: float, samples: int, *, level: float = 0.95) -> tuple[float, float]:
    """Two-sided score interval of a share of `samples`, at level 0.90 or 0.95.

    For means of scores between 0 and 1 it is conservative. Raises ValueError for no samples.
    """
    if samples < 1:
        raise ValueError("an interval needs at least one sample")
    z = _QUANTILES[level]
    centre = (share + z * z / (2 * samples)) / (1 + z * z / samples)
    spread = share * (1 - share) / samples + z * z / (4 * samples * samples)
    half = z * math.sqrt(spread) / (1 + z * z / samples)
    return max(0.0, centre - half), min(1.0, centre + half)
