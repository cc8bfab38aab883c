"""Did you mean: the nearest known name, or the nearest path that exists."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

__all__ = ["guess", "near_path"]


def guess(name: str, known: Iterable[str]) -> str:
    """`Did you mean strict? `, or nothing; made to stand before the rest of a hint."""
    import difflib

    near = difflib.get_close_matches(name, list(known), 1)
    return f"Did you mean {near[0]}? " if near else ""


def near_path(path: Path) -> Path | None:
    """The path with its first misspelt part mended, None when nothing is near or it exists."""
    import difflib

    parts = path.parts
    for index, part in enumerate(parts):
        here = Path(*parts[: index + 1])
        if here.exists():
            continue
        above = here.parent
        try:
            beside = [entry.name for entry in above.iterdir() if not entry.name.startswith(".")]
        except OSError:
            return None
        near = difflib.get_close_matches(part, beside, 1)
        if not near:
            return None
        mended = (above / near[0]).joinpath(*parts[index + 1 :])
        return mended if mended.exists() else near_path(mended)
    return None
