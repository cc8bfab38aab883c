"""What is asked of a mean, and when: a threshold at a level, at fixed sample counts."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Looks", "MeanTest"]


@dataclass(frozen=True, slots=True)
class MeanTest:
    """Is the mean of samples that lie in [low, high] above or below a threshold?"""

    threshold: float
    alpha: float
    """Maximum probability of each wrong answer."""
    low: float = -1.0
    high: float = 1.0


@dataclass(frozen=True, slots=True)
class Looks:
    """When the samples are looked at. Must not depend on the values of the samples."""

    at: tuple[int, ...]
    """Sample counts at which a look was or will be taken."""
    horizon: int
    """The most samples that there can be."""
    ended: bool = False
    """For a reason unrelated to the values there will be no more samples, so the last look may use
    all of alpha that is left."""
