"""`gate show`: one check, adapter or channel."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from gatekeeper.cli.plain import printable
from gatekeeper.cli.settings_options import registry_option, settings_from

if TYPE_CHECKING:
    from gatekeeper.registry import State


@click.command("show")
@click.argument("name")
@registry_option
def command(name: str, registry: str | None, config: Path | None) -> None:
    """Show NAME: a check, an adapter (name, name@2, digest) or a channel."""
    from gatekeeper.registry import Registry

    store = Registry.open(settings_from(config, registry=registry).registry)
    state = store.state()
    found = store.resolve(name)
    if found in state.checks:
        _check(state, found)
    elif found in state.adapters:
        _adapter(state, found, store.object_path(found))
    else:
        click.echo(f"{name}: the frozen base")
    if name in state.channels:
        for moment in reversed(state.channels[name].history):
            forced = "  FORCED" if moment.forced else ""
            click.echo(f"  event {moment.sequence}: {state.label(moment.target)}{forced}")


def _check(state: State, check_id: str) -> None:
    from gatekeeper.digests import short

    check = state.checks[check_id]
    rows = [
        ("check", check.check_id),
        ("candidate", f"{check.name}  {check.candidate}"),
        ("verdict", f"{check.decision.value} (exit code {check.exit_code})"),
        ("policy", f"{check.policy_name}  {short(check.policy_digest)}"),
        ("base", f"{check.base_name}  {short(check.base_digest)}"),
        ("suites", ", ".join([*check.task_suites, *check.forgetting_suites])),
        ("recorded", f"{check.at} by {check.who}, event {check.sequence}"),
    ]
    for key, value in rows:
        click.echo(f"{key + ':':<11}{printable(value)}")
    click.echo(f"report:    gate report {check.check_id}")


def _adapter(state: State, digest: str, path: Path) -> None:
    adapter = state.adapters[digest]
    click.echo(f"{printable(adapter.label)}  {adapter.kind}  {digest}")
    click.echo(f"  path: {path}")
    for check in adapter.checks:
        click.echo(f"  {check.check_id}  {check.decision.value}  {check.policy_name}  {check.at}")
    for name, channel in state.channels.items():
        if channel.serving.target == digest:
            click.echo(f"  serves on {name} since event {channel.serving.sequence}")
    if adapter.needs_new_check:
        click.echo("  was rolled back: needs a new check before it can serve again")
    if adapter.retired_at is not None:
        click.echo(f"  retired (event {adapter.retired_at})")
