"""What a check tells while it runs. The terminal decides how it looks; silence is the default."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

__all__ = ["CheckProgress", "Silent"]


class CheckProgress(Protocol):
    """Told by `one_check.py`, shown by the CLI."""

    def candidate(self, name: str) -> None:
        """A candidate's turn begins."""
        ...

    @contextmanager
    def stage(self, text: str) -> Iterator[None]:
        """A step without a count, for as long as the context lasts."""
        yield

    def note(self, text: str) -> None:
        """Something did not go the usual way: a fallback, less memory than hoped for."""
        ...

    def suite(self, name: str, total: int) -> None:
        """A suite of at most `total` samples begins."""
        ...

    def scored(self, name: str, samples: int, settled: int, capabilities: int, mean: float) -> None:
        """So many samples so far, and the running mean difference (not final)."""
        ...

    def suite_done(self, name: str) -> None:
        """No more samples of this suite are needed."""
        ...


class Silent:
    """Tells nobody."""

    def candidate(self, name: str) -> None:
        """Say nothing."""

    @contextmanager
    def stage(self, text: str) -> Iterator[None]:
        """Say nothing."""
        yield

    def note(self, text: str) -> None:
        """Say nothing."""

    def suite(self, name: str, total: int) -> None:
        """Say nothing."""

    def scored(self, name: str, samples: int, settled: int, capabilities: int, mean: float) -> None:
        """Say nothing."""

    def suite_done(self, name: str) -> None:
        """Say nothing."""
