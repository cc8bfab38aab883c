"""The two consoles: people read stdout, unless a document goes there; then stderr."""

from __future__ import annotations

import os
import unicodedata
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ["hush_libraries", "printable", "standard_error", "standard_output", "styled"]

CI_WIDTH = 120


def standard_output() -> Console:
    """Console on stdout; wide in CI, where nobody wraps."""
    return _console(stderr=False)


def standard_error() -> Console:
    """Console on stderr, for progress and for everything beside a document on stdout."""
    return _console(stderr=True)


def _console(*, stderr: bool) -> Console:
    from rich.console import Console

    width = CI_WIDTH if os.environ.get("CI") == "true" else None
    return Console(stderr=stderr, highlight=False, width=width)


def hush_libraries() -> None:
    """Keep to ourselves what libraries say about features that are not used here."""
    import logging

    logging.getLogger("bitsandbytes").setLevel(logging.ERROR)


__all__ = ["printable", "styled"]


def printable(text: str) -> str:
    """Replace control and direction-changing characters; newlines and tabs stay."""
    return "".join(
        char if char in "\n\t" or unicodedata.category(char) not in ("Cc", "Cf", "Cs") else "\ufffd"
        for char in text
    )


def styled(text: str, **style: Any) -> str:
    """Styled as click does it, unless NO_COLOR or a dumb terminal asks for plain text."""
    plain = os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb"
    return text if plain else click.style(text, **style)
