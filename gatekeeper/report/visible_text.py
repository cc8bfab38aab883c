"""Hostile text made visible: what a model wrote can neither control a terminal nor reorder a line.

Control, direction-changing and other invisible characters are spelled out (`⟨U+202E⟩`), so that a
reader sees that they were there. This is not HTML or Markdown escaping; each format does its own
on top.
"""

from __future__ import annotations

import re

__all__ = ["clip", "one_line", "visible"]

_INVISIBLE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u180e"
    "\u200b\u200e\u200f\u2028-\u202e\u2060-\u2064\u2066-\u206f\ud800-\uf8ff\ufeff\ufff9-\ufffb"
    "\U000110bd\U000110cd\U00013430-\U0001343f\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
    "\U000e0001\U000e0020-\U000e007f\U000f0000-\U0010ffff]"
)
"""Unicode's Cc, Cf, Co, Cs, Zl and Zp, without newline, tab and the two joiners (needed by emoji
and by several scripts, and harmless)."""


def visible(text: str, *, breaks: bool = True) -> str:
    """Spell out every invisible character except newline, tab and the joiners.

    Without `breaks` the result is one line: newlines become `⏎`, tabs become spaces.
    """
    shown = _INVISIBLE.sub(lambda match: f"⟨U+{ord(match[0]):04X}⟩", text.replace("\r\n", "\n"))
    return shown if breaks else shown.replace("\n", "⏎").replace("\t", " ")


def one_line(text: str) -> str:
    """`visible` as part of a sentence: newlines as ` ⏎ `, runs of spaces as one."""
    lines = (" ".join(line.split()) for line in visible(text).strip().splitlines())
    return " ⏎ ".join(line for line in lines if line)


def clip(text: str, limit: int) -> str:
    """Keep head and tail of a long text; a mark says how many characters are left out."""
    if len(text) <= limit:
        return text
    head = limit * 2 // 3
    tail = limit - head
    return f"{text[:head]} […{len(text) - limit} characters…] {text[len(text) - tail :]}"
