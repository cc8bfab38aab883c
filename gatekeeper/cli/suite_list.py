"""`gate suite list`: every suite that a policy can name, with counts, signal and cost."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from gatekeeper.cli.consoles import say
from gatekeeper.cli.shared_options import config_option, settings_from

if TYPE_CHECKING:
    from gatekeeper.suite import Suite
    from gatekeeper.suite.measured import SuiteMeasure

HEAD = ("suite", "role", "capabilities", "samples", "signal", "cost")
ROW = "{:<18} {:<11} {:>12} {:>8} {:>9} {:>9}"


@click.command("list")
@config_option
def list_suites(config: Path | None) -> None:
    """List every suite that a policy can name: samples, signal and cost on a measured base."""
    from gatekeeper.suite import find_suites, load_suite
    from gatekeeper.suite.measured import read_measure

    search = settings_from(config).suites
    say(ROW.format(*HEAD))
    measures = []
    for name in find_suites(search):
        suite = load_suite(name, search)
        measured = read_measure(suite)
        say(ROW.format(*_row(suite, measured)))
        say(f"  {suite.description.strip()}")
        if measured is not None:
            measures.append(measured)
    say()
    for base in sorted({_base(measured) for measured in measures}):
        say(f"Measured on {base}.")
    say("A dash means not measured: gate suite measure NAME.")


def _row(suite: Suite, measured: SuiteMeasure | None) -> tuple[str, ...]:
    from gatekeeper.suite.sample_counts import sample_counts

    parts = len(suite.capabilities)
    counts = sample_counts(suite).values()
    known = [count for count in counts if count is not None]
    samples = str(sum(known)) if len(known) == parts else "by hub"
    if measured is None:
        return suite.name, suite.role.value, str(parts), samples, "-", "-"
    signal = f"{sum(m.signal for m in measured.capabilities)} of {parts}"
    tokens = sum(m.tokens for m in measured.capabilities)
    # Where some scores came from the cache, the time means nothing; the tokens still do.
    cost = f"{tokens / 1000:.0f}k tok" if measured.cached else f"{measured.seconds:.0f} s"
    return suite.name, suite.role.value, str(parts), str(measured.samples), signal, cost


def _base(measured: SuiteMeasure) -> str:
    machine = measured.environment
    threads = f", {machine.threads} threads" if machine.device == "cpu" else ""
    return f"{measured.base}, {measured.dtype}, {machine.device}{threads}"
