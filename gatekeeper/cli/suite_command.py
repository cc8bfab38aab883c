"""`gate suite`: which suites there are, what they ask, whether they are sound, and new suites."""

from __future__ import annotations

from pathlib import Path

import click

from gatekeeper.cli.consoles import say
from gatekeeper.cli.shared_options import config_option, settings_from
from gatekeeper.cli.suite_check import check
from gatekeeper.cli.suite_data import fetch, measure
from gatekeeper.cli.suite_list import list_suites
from gatekeeper.cli.suite_new import new


@click.group("suite")
def command() -> None:
    """List, show, check, measure and create suites."""


@command.command()
@click.argument("name")
@config_option
def show(name: str, config: Path | None) -> None:
    """Show what the suite NAME asks, capability by capability."""
    from gatekeeper.errors import MissingExtra
    from gatekeeper.suite import load_suite, pin_suite
    from gatekeeper.suite.measured import read_measure

    suite = load_suite(name, settings_from(config).suites)
    measured = read_measure(suite)
    scores = {} if measured is None else {m.name: m for m in measured.capabilities}
    try:
        digest = pin_suite(suite).digest
    except MissingExtra:
        digest = "(its digest includes lm-eval's version, but lm-eval is not installed)"
    say(f"{suite.name} ({suite.role.value})  {digest}")
    for line in suite.description.splitlines():
        say(line)
    if measured is not None:
        say(f"measured on {measured.base} ({measured.dtype}, {measured.environment.device})")
    for capability in suite.capabilities:
        say()
        say(f"{capability.name}: {capability.description.strip()}")
        for task in capability.tasks:
            shots = "" if task.few_shot is None else f", {task.few_shot}-shot"
            chance = "" if task.chance is None else f", chance {100 * task.chance:.0f}%"
            groups = "" if task.group_by is None else f", one per {task.group_by}"
            say(f"  {task.task}: {task.metric}{shots}{chance}{groups}")
        if found := scores.get(capability.name):
            span = f"{100 * found.low:.0f} to {100 * found.high:.0f}%"
            signal = "" if found.signal else ", no signal on this base"
            say(f"  base {100 * found.score:.1f}% ({span}) on {found.samples} samples{signal}")


for subcommand in (list_suites, check, new, measure, fetch):
    command.add_command(subcommand)
