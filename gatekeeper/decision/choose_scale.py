"""Which scale of an adapter to keep."""

from __future__ import annotations

from collections.abc import Sequence

from gatekeeper.verdict.scale_point import ScalePoint

__all__ = ["choose"]


def choose(points: Sequence[ScalePoint]) -> ScalePoint | None:
    """The scale with the most room on its tightest rule; None when none has any."""
    best = max(points, key=lambda point: (point.room, point.factor), default=None)
    return best if best is not None and best.room > 0 else None
