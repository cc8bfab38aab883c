"""Score interval of a share (Wilson, "Probable inference", JASA 1927)."""

from __future__ import annotations

__all__ = ["wilson_interval"]


def wilson_interval(mean: float, samples: int) -> tuple[float, float]:
    """95% score interval of a share (Wilson 1927); for scores between 0 and 1 it is conservative.

    Raises ValueError for no samples.
    """
    if samples < 1:
        raise ValueError("an interval needs at least one sample")
    z2 = 1.959964**2
    middle = (mean + z2 / (2 * samples)) / (1 + z2 / samples)
    spread = (z2 * (mean * (1 - mean) / samples + z2 / (4 * samples**2))) ** 0.5
    half = spread / (1 + z2 / samples)
    return max(0.0, middle - half), min(1.0, middle + half)
