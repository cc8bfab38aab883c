"""Progress of a check on stderr: live bars on a terminal, an occasional line elsewhere."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import (
    BarColumn,
    Progress,
    ProgressColumn,
    Task,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from gatekeeper.cli.consoles import hush_libraries
from gatekeeper.report.visible_text import visible

__all__ = ["LineProgress", "LiveProgress", "progress_on"]

LINE_EVERY_SECONDS = 20.0


def progress_on(console: Console, quiet: bool) -> LiveProgress | LineProgress:
    """Bars for a terminal, lines for a pipe. Other output of libraries is suppressed."""
    hush_libraries()
    if console.is_terminal and not quiet:
        return LiveProgress(console)
    return LineProgress(console, quiet)


class _Count(ProgressColumn):
    """Samples so far and planned; a stage has no count."""

    def render(self, task: Task) -> Text:
        """Empty for a stage."""
        return Text("" if task.total is None else f"{task.completed:>4.0f}/{task.total:.0f}")


class _Rate(ProgressColumn):
    """Samples per second, over the last half minute."""

    def render(self, task: Task) -> Text:
        """Empty until something was scored."""
        speed = task.finished_speed or task.speed
        return Text(f"{speed:.1f}/s" if speed and task.total is not None else "")


class LiveProgress:
    """One bar per suite with samples per second, time left and the running difference."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self._bars: dict[str, TaskID] = {}
        self._progress = Progress(
            TextColumn("{task.description:<16.16}", markup=False),
            BarColumn(bar_width=10),
            _Count(),
            _Rate(),
            TimeRemainingColumn(compact=True),
            TextColumn("{task.fields[note]}", style="dim"),
            console=console,
            transient=True,
        )

    def __enter__(self) -> LiveProgress:
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def candidate(self, name: str) -> None:
        """Print whose turn it is and drop the bars of the previous candidate."""
        for bar in self._bars.values():
            self._progress.remove_task(bar)
        self._bars.clear()
        self.console.print(visible(name, breaks=False), style="bold", highlight=False, markup=False)

    @contextmanager
    def stage(self, text: str) -> Iterator[None]:
        """A moving bar without an end."""
        bar = self._progress.add_task(visible(text, breaks=False), total=None, note="")
        try:
            yield
        finally:
            self._progress.remove_task(bar)

    def note(self, text: str) -> None:
        """Print it above the bars."""
        self.console.print(f"  {visible(text)}", style="yellow", highlight=False, markup=False)

    def suite(self, name: str, total: int) -> None:
        """Add the suite's bar."""
        shown = visible(name, breaks=False)
        self._bars[name] = self._progress.add_task(shown, total=total, note="")

    def scored(self, name: str, samples: int, settled: int, capabilities: int, mean: float) -> None:
        """Move the bar; the difference is shown once it means something."""
        note = f"{settled}/{capabilities} settled"
        if samples >= 50:
            note += f", {100 * mean:+.1f} so far"
        self._progress.update(self._bars[name], completed=samples, note=note)

    def suite_done(self, name: str) -> None:
        """Fill the bar: early stopping ends a suite before its budget."""
        bar = self._bars[name]
        done = next(task.completed for task in self._progress.tasks if task.id == bar)
        self._progress.update(bar, total=max(1, done))
        self._progress.stop_task(bar)


class LineProgress:
    """A plain line when something begins or some time has passed."""

    def __init__(self, console: Console, quiet: bool) -> None:
        self.console = console
        self.quiet = quiet
        self._last = 0.0
        self._totals: dict[str, int] = {}
        self._began: dict[str, float] = {}

    def __enter__(self) -> LineProgress:
        return self

    def __exit__(self, *_: object) -> None:
        return None

    def candidate(self, name: str) -> None:
        """Print whose turn it is."""
        self._say(f"{name}:")

    @contextmanager
    def stage(self, text: str) -> Iterator[None]:
        """Print what begins."""
        self._say(f"  {text}")
        yield

    def note(self, text: str) -> None:
        """Say it."""
        self._say(f"  {text}")

    def suite(self, name: str, total: int) -> None:
        """Print how much is planned."""
        self._totals[name] = total
        self._began[name] = time.monotonic()
        self._say(f"  {name}: at most {total} samples")

    def scored(self, name: str, samples: int, settled: int, capabilities: int, mean: float) -> None:
        """Print the progress, at most every 20 seconds."""
        if time.monotonic() - self._last >= LINE_EVERY_SECONDS:
            rate = samples / (time.monotonic() - self._began[name])
            from gatekeeper.report.wording import duration

            left = (self._totals[name] - samples) / rate if rate else 0.0
            self._say(
                f"  {name}: {samples}/{self._totals[name]} samples, {rate:.1f}/s, at most "
                f"{duration(left)} left, {settled}/{capabilities} settled, "
                f"{100 * mean:+.1f} points so far (not final)"
            )

    def suite_done(self, name: str) -> None:
        """Print that it is done."""
        self._say(f"  {name}: done")

    def _say(self, text: str) -> None:
        self._last = time.monotonic()
        if not self.quiet:
            self.console.print(visible(text), highlight=False, markup=False, soft_wrap=True)
