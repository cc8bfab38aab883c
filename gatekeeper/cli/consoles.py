"""The two consoles: people read stdout, unless a document goes there; then stderr."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ["hush_libraries", "standard_error", "standard_output"]

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
