"""Hostile text made visible: what a model wrote can neither steer a terminal nor reorder a line.

Control, direction-changing and other invisible characters are spelled out (`⟨U+202E⟩`), so that a
reader sees that they were there. This is no HTML or Markdown escaping; each format does its own
on top.
"""

from __future__ import annotations

import unicodedata

__all__ = ["clip", "one_line", "visible"]

_JOINERS = "\u200c\u200d"
"""Needed by emoji and by several scripts, and harmless."""


def visible(text: str) -> str:
    """Spell out every invisible character except newline, tab and the joiners."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(_spelled(char) for char in text.replace("\r\n", "\n"))


def one_line(text: str) -> str:
    """`visible`, with newlines as `⏎` and runs of blanks as one."""
    lines = (" ".join(line.split()) for line in visible(text).strip().splitlines())
    return " ⏎ ".join(line for line in lines if line)


def clip(text: str, limit: int) -> str:
    """Keep head and tail of a long text; the cut says how many characters are left out."""
    if len(text) <= limit:
        return text
    head = limit * 2 // 3
    tail = limit - head
    return f"{text[:head]} […{len(text) - limit} characters…] {text[len(text) - tail :]}"


def _spelled(char: str) -> str:
    if char in "\n\t" or char in _JOINERS:
        return char
    category = unicodedata.category(char)
    if category in ("Cc", "Cf", "Cs", "Co", "Zl", "Zp"):
        return f"⟨U+{ord(char):04X}⟩"
    return char
