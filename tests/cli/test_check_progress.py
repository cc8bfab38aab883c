"""What a check shows while it runs: bars in a terminal, lines elsewhere."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from gatekeeper.cli import check_progress
from gatekeeper.cli.check_progress import LineProgress, LiveProgress, progress_on


def test_a_terminal_shows_stages_and_one_bar_per_suite() -> None:
    out = io.StringIO()
    console = Console(file=out, force_terminal=True, width=80)
    progress = progress_on(console, quiet=False)
    assert isinstance(progress, LiveProgress)
    with progress:
        progress.candidate("good")
        with progress.stage("loading the base"):
            progress._progress.refresh()
        progress.note("The base is scored in plain batches.")
        progress.suite("general", 200)
        for samples in range(0, 150, 10):
            progress.scored("general", samples, 3, 11, -0.012)
        progress._progress.refresh()
        progress.suite_done("general")
    shown = out.getvalue()
    assert "loading the base" in shown
    assert "scored in plain batches" in shown
    assert "140/200" in shown
    assert "/s" in shown
    assert "3/11 settled, -1.2 so far" in shown


def test_a_pipe_is_told_rate_time_left_and_difference(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    monkeypatch.setattr(check_progress.time, "monotonic", lambda: now[0])
    out = io.StringIO()
    progress = progress_on(Console(file=out, width=200), quiet=False)
    assert isinstance(progress, LineProgress)
    with progress:
        progress.suite("general", 200)
        now[0] = 25.0
        progress.scored("general", 50, 1, 4, 0.031)
    assert (
        "50/200 samples, 2.0/s, at most 1 min 15 s left, 1/4 settled, +3.1 points" in out.getvalue()
    )


def test_a_hostile_name_neither_styles_nor_steers_the_terminal() -> None:
    name = "[bold red]owned[/] \x1b[2Jgone"
    for make in (lambda c: LiveProgress(c), lambda c: LineProgress(c, quiet=False)):
        out = io.StringIO()
        make(Console(file=out, width=80)).candidate(name)
        assert "[bold red]owned[/]" in out.getvalue()
        assert "\x1b[2J" not in out.getvalue()
