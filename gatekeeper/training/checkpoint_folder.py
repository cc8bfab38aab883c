"""`checkpoint-N`: how a trainer names the folder that it saves at step N."""

from __future__ import annotations

import re

__all__ = ["checkpoint_name", "checkpoint_step"]

_NAME = re.compile(r"checkpoint-(\d+)")


def checkpoint_name(step: int) -> str:
    """The name of the folder that is saved at a step."""
    return f"checkpoint-{step}"


def checkpoint_step(name: str) -> int | None:
    """The step in a folder's name; None for any other name."""
    found = _NAME.fullmatch(name)
    return None if found is None else int(found[1])
