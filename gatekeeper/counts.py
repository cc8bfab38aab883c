"""Numbers of things, as people write them."""

from __future__ import annotations

__all__ = ["count"]


def count(number: int, noun: str) -> str:
    """`1 sample`, `1,204 samples`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
