"""`gate suite`: which suites there are, what they ask, and whether they are sound."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from gatekeeper.cli.plain import printable
from gatekeeper.cli.settings_options import base_options, config_option, settings_from
from gatekeeper.errors import ExitCode

SHOWN = 3


@click.group("suite")
def command() -> None:
    """List, show and check suites."""


@command.command("list")
@config_option
def list_suites(config: Path | None) -> None:
    """Every suite that a policy can name."""
    from gatekeeper.suite import find_suites, load_suite

    search = settings_from(config).suites
    for name in find_suites(search):
        suite = load_suite(name, search)
        parts = len(suite.capabilities)
        what = f"{parts} {'capability' if parts == 1 else 'capabilities'}"
        click.echo(f"{name:<18} {suite.role.value:<11} {what}")
        click.echo(f"{'':<18} {suite.description}")


@command.command()
@click.argument("name")
@config_option
def show(name: str, config: Path | None) -> None:
    """What the suite NAME asks, capability by capability."""
    from gatekeeper.suite import load_suite, pin_suite

    suite = load_suite(name, settings_from(config).suites)
    click.echo(f"{suite.name} ({suite.role.value})  {pin_suite(suite).digest}")
    click.echo(suite.description)
    for capability in suite.capabilities:
        click.echo(f"\n{capability.name}: {capability.description}")
        for task in capability.tasks:
            shots = "" if task.few_shot is None else f", {task.few_shot}-shot"
            chance = "" if task.chance is None else f", chance {100 * task.chance:.0f}%"
            click.echo(f"  {task.task}: {task.metric}{shots}{chance}")


@command.command()
@click.argument("name")
@base_options
@config_option
def check(name: str, config: Path | None, **base_flags: Any) -> int:
    """Load the suite NAME, render three prompts a task, and look for faults (exit code 2)."""
    from gatekeeper.prepare import base_of
    from gatekeeper.scoring.tasks import load_tasks
    from gatekeeper.suite import load_suite
    from gatekeeper.suite_faults import faults_of

    settings = settings_from(config, **base_flags)
    suite = load_suite(name, settings.suites)
    tokenizer: Any = None
    if suite.apply_chat_template:
        from transformers import AutoTokenizer

        folder, _ = base_of(settings, [])
        tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
    found = 0
    for capability, tasks in load_tasks(suite, tokenizer).items():
        for task in tasks:
            click.echo(f"{capability}: {task.name}, {len(task)} samples")
            for doc in range(min(SHOWN, len(task))):
                click.echo(f"  {task.sample_id(doc)}  gold: {printable(task.gold(doc).strip())}")
                for line in printable(str(task.arguments(doc)[0][0])).splitlines():
                    click.echo(f"    | {line}")
            for fault in faults_of(task):
                found += 1
                click.echo(f"  FAULT  {printable(fault)}")
    click.echo(f"{found} faults" if found else "no faults found")
    return int(ExitCode.USAGE) if found else 0
