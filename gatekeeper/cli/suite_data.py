"""`gate suite measure` and `gate suite fetch`: what a base scores, and data from the hub."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from gatekeeper.cli.consoles import say
from gatekeeper.cli.shared_options import base_options, config_option, needs, settings_from

TELL_EVERY_SECONDS = 5.0


@click.command()
@click.argument("name")
@click.option("--out", type=click.Path(path_type=Path), help="Folder (default: the suite's own).")
@base_options
@config_option
@needs("score")
def measure(name: str, out: Path | None, config: Path | None, **base_flags: Any) -> None:
    """Score all of the suite NAME with the base: does it have signal there, and what does it cost?

    Writes measured.json next to suite.yaml; `gate suite list` shows it. The scores are cached, so
    that no check pays for them again.
    """
    from gatekeeper.authoring.measure_suite import measure_suite
    from gatekeeper.check.prepare_request import base_of
    from gatekeeper.scoring.engine import PackedEngine
    from gatekeeper.scoring.model.loaded_base import load_base
    from gatekeeper.scoring.score_cache import default_cache
    from gatekeeper.suite import load_suite
    from gatekeeper.suite.measured import write_measure

    settings = settings_from(config, **base_flags)
    suite = load_suite(name, settings.suites)
    folder, pin = base_of(settings, [])
    say(f"loading {pin.name}", err=True)
    engine = PackedEngine(load_base(folder, pin), default_cache())
    found = measure_suite(suite, engine, _teller())
    target = out or suite.folder
    assert target is not None  # a suite that was loaded has a folder
    say(f"{'capability':<18} {'samples':>7} {'chance':>7} {'base':>7}  {'95%':<14} seconds")
    for one in found.capabilities:
        chance = "-" if one.chance is None else f"{100 * one.chance:.1f}%"
        span = f"{100 * one.low:.1f} to {100 * one.high:.1f}"
        signal = "" if one.signal else "  no signal"
        say(
            f"{one.name:<18} {one.samples:>7} {chance:>7} {100 * one.score:>6.1f}%  {span:<14} "
            f"{one.seconds:>7.1f}{signal}"
        )
    cached = f", {found.cached} from the cache" if found.cached else ""
    say(
        f"{found.samples} samples in {found.seconds:.0f} s{cached}; "
        f"the first docs predicted {found.predicted_seconds:.0f} s"
    )
    say(f"wrote {write_measure(found, target)}")


@click.command()
@click.argument("name")
@config_option
@needs("score")
def fetch(name: str, config: Path | None) -> None:
    """Download the data sets that the suite NAME reads from the hub, into the datasets cache."""
    from gatekeeper.scoring.tasks.task_files import TaskFiles
    from gatekeeper.suite import load_suite

    suite = load_suite(name, settings_from(config).suites)
    files = TaskFiles(suite.name, suite.folder)
    for capability in suite.capabilities:
        for task in capability.tasks:
            say(f"{capability.name}: {task.task}", err=True)
            built = files.build(task.task)
            say(f"{task.task:<20} {len(built)} tasks, {sum(_size(t) for t in built)} samples")


def _size(task: Any) -> int:
    return len(task.eval_docs)


def _teller() -> Any:
    """Report progress every few seconds on stderr."""
    import time

    last = [0.0]

    def tell(what: str, done: int, total: int) -> None:
        now = time.monotonic()
        if now - last[0] >= TELL_EVERY_SECONDS or done == total:
            last[0] = now
            say(f"  {what} {done}/{total}", err=True)

    return tell
