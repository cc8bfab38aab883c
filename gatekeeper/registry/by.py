"""Who writes to the registry, when and why: what every event says about its author."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["By"]


@dataclass(frozen=True, slots=True)
class By:
    """The author of an event. The caller of the registry reads the clock and the user."""

    who: str
    now: str
    """UTC, as ISO 8601. The sequence orders events; the time is only recorded."""
    why: str | None = None
