"""Small pieces of sentences: counted nouns, and what was probably meant."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

__all__ = ["count", "did_you_mean", "near_path", "slip_of"]

_NEAR = 0.6
"""Least likeness of a name to what was typed, from 0 to 1, before it is suggested."""


def count(number: int, noun: str) -> str:
    """`1 sample`, `1,204 samples`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def did_you_mean(name: str, known: Iterable[str], most: int = 1) -> str:
    """`Did you mean strict? `, naming at most `most`, or nothing. The rest of a hint may follow."""
    near = _nearest(name, known, most)
    return f"Did you mean {' or '.join(near)}? " if near else ""


def _nearest(name: str, known: Iterable[str], most: int = 1) -> list[str]:
    import difflib

    return difflib.get_close_matches(name, list(known), most, _NEAR)


def slip_of(name: str, known: Iterable[str]) -> str | None:
    """The known name that was most likely meant; None when the name may well be a new one.

    Compared part by part, so production-eu next to production-us, or canary2 to canary1, is new.
    """
    return next((other for other in sorted(known) if _is_slip(name, other)), None)


def _is_slip(name: str, other: str) -> bool:
    import difflib

    (parts, digits), (others, other_digits) = _taken_apart(name), _taken_apart(other)
    return (
        name != other
        and (len(parts), digits) == (len(others), other_digits)
        and all(
            difflib.get_close_matches(a, [b], 1, 0.8) for a, b in zip(parts, others, strict=True)
        )
    )


def _taken_apart(name: str) -> tuple[list[str], str]:
    """Lower-case words between separators, and all digits."""
    return re.split(r"[-_.]", re.sub(r"\d", "", name).lower()), re.sub(r"\D", "", name)


def near_path(path: Path) -> Path | None:
    """The path with its first misspelt part corrected; None when nothing is near or it exists."""
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
        near = _nearest(part, beside)
        if not near:
            return None
        mended = (above / near[0]).joinpath(*parts[index + 1 :])
        return mended if mended.exists() else near_path(mended)
    return None
