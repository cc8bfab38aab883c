"""Where derived files are kept, which may be deleted at any time."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

__all__ = ["cache_folder"]


def cache_folder(environment: Mapping[str, str] = os.environ) -> Path:
    """Folder of derived files, which may be deleted at any time: GATE_CACHE or ~/.cache."""
    if given := environment.get("GATE_CACHE"):
        return Path(given).expanduser()
    root = environment.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(root).expanduser() / "gatekeeper"
