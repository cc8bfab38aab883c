"""What a check reports while it runs. The terminal decides how it looks; the default is silent."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

__all__ = ["CheckProgress", "Silent"]


class CheckProgress(Protocol):
    """Reported by `one_check.py`, shown by the CLI."""

    def candidate(self, name: str) -> None:
        """A candidate's turn begins."""
        ...

    @contextmanager
    def stage(self, text: str) -> Iterator[None]:
        """A step without a count, for as long as the context lasts."""
        yield

    def note(self, text: str) -> None:
        """Something unusual happened: a fallback, less memory than expected."""
        ...

    def suite(self, name: str, total: int) -> None:
        """A suite of at most `total` samples begins."""
        ...

    def scored(self, name: str, samples: int, settled: int, capabilities: int, mean: float) -> None:
        """The number of samples so far, and the running mean difference (not final)."""
        ...

    def suite_done(self, name: str) -> None:
        """No more samples of this suite are needed."""
        ...


class Silent:
    """Reports nothing."""

    def candidate(self, name: str) -> None:
        """Do nothing."""

    @contextmanager
    def stage(self, text: str) -> Iterator[None]:
        """Do nothing."""
        yield

    def note(self, text: str) -> None:
        """Do nothing."""

    def suite(self, name: str, total: int) -> None:
        """Do nothing."""

    def scored(self, name: str, samples: int, settled: int, capabilities: int, mean: float) -> None:
        """Do nothing."""

    def suite_done(self, name: str) -> None:
        """Do nothing."""
