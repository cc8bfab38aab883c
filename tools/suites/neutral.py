"""Neutral text: own paragraphs on everyday subjects, for perplexity and drift."""

from __future__ import annotations

from pathlib import Path


def rows() -> list[dict[str, object]]:
    """One paragraph a row, as they stand in neutral.txt."""
    text = Path(__file__).with_name("neutral.txt").read_text(encoding="utf-8")
    return [{"text": line} for line in text.splitlines()]
