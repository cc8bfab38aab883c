"""Text that may come from an adapter or a model, made safe for a terminal."""

from __future__ import annotations

import os
import unicodedata
from typing import Any

import click

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
