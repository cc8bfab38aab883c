"""What people read: lines by `say`, and the two consoles for anything coloured or moving.

People read stdout, unless a document goes there; then stderr. Documents are written as they are;
everything else may contain untrusted text, such as the name of an adapter, and is made visible.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from gatekeeper.errors import GateError

if TYPE_CHECKING:
    from rich.console import Console

    from gatekeeper.verdict.recorded_check import RecordedCheck

__all__ = [
    "Screen",
    "hush_libraries",
    "say",
    "say_skipped",
    "standard_error",
    "standard_output",
    "styled",
]

CI_WIDTH = 120
PLAIN_WIDTH = 80


def standard_output() -> Console:
    """Console on stdout; wide in CI, where lines are not wrapped."""
    return _console(stderr=False)


def standard_error() -> Console:
    """Console on stderr, for progress and for everything besides a document on stdout."""
    return _console(stderr=True)


def _console(*, stderr: bool) -> Console:
    from rich.console import Console

    width = CI_WIDTH if os.environ.get("CI") == "true" else None
    if os.environ.get("COLUMNS", "").strip() == "0":
        width = width or PLAIN_WIDTH  # some init systems say so; rich would print nothing
    return Console(stderr=stderr, highlight=False, width=width)


@dataclass(frozen=True, slots=True)
class Screen:
    """A console, and how much of a verdict is printed on it."""

    console: Console
    quiet: bool = False
    verbose: bool = False

    def verdict(self, check: RecordedCheck, page: str | None = None) -> None:
        """Print a verdict; `page` is the file of its HTML report."""
        from gatekeeper.report.terminal.verdict_screen import print_verdict

        print_verdict(self.console, check, quiet=self.quiet, verbose=self.verbose, report_path=page)

    def line(self, text: str = "") -> None:
        """Print one line; whatever is in it, it stays one line."""
        from gatekeeper.report.visible_text import visible

        self.console.print(visible(text, breaks=False), markup=False)


def hush_libraries() -> None:
    """Suppress what libraries say about features that are not used here."""
    import logging

    logging.getLogger("bitsandbytes").setLevel(logging.ERROR)


def say(line: str = "", *, err: bool = False) -> None:
    """Print one line on stdout, or on stderr; whatever is in it, it stays one line."""
    from gatekeeper.report.visible_text import visible

    click.echo(visible(line, breaks=False), err=err)


def say_skipped(problems: Sequence[GateError]) -> None:
    """Name on stderr what was left out because it cannot be read."""
    for problem in problems:
        say(f"left out: {problem.message}", err=True)
    if problems:
        say("  next: `gate registry verify` names all damage", err=True)


def styled(text: str, **style: Any) -> str:
    """Styled the way click does it, unless NO_COLOR or a dumb terminal asks for plain text."""
    plain = os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb"
    return text if plain else click.style(text, **style)
