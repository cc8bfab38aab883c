"""Where the torture tells its figures: on the terminal, and in a file if one is named."""

from __future__ import annotations

import os
import time
from pathlib import Path

__all__ = ["tell"]


def tell(text: str, started: float) -> None:
    """Print one figure; GATE_FIGURES names a file that collects them."""
    line = f"{text}; {time.monotonic() - started:.0f} s"
    print(line)
    if place := os.environ.get("GATE_FIGURES"):
        with Path(place).open("a") as figures:
            figures.write(line + "\n")
