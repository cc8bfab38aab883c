"""`gate log`: everything that happened, newest first."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from gatekeeper.cli.plain import printable
from gatekeeper.cli.settings_options import registry_option, settings_from

if TYPE_CHECKING:
    from gatekeeper.registry import State
    from gatekeeper.registry.events import Event


@click.command("log")
@registry_option
@click.option("-n", "--number", type=click.IntRange(1), default=20, show_default=True)
@click.option("--json", "as_json", is_flag=True, help="One JSON event a line.")
def command(registry: str | None, config: Path | None, number: int, as_json: bool) -> None:
    """Everything that happened, newest first."""
    from gatekeeper.registry import Registry

    state = Registry.open(settings_from(config, registry=registry).registry).state()
    for event in reversed(state.events[-number:]):
        if as_json:
            click.echo(event.model_dump_json())
        else:
            click.echo(
                printable(f"{event.sequence:>5}  {event.at}  {event.who}  ") + _told(event, state)
            )
            if event.why:
                click.echo(f"       why: {printable(event.why)}")


def _told(event: Event, state: State) -> str:
    from gatekeeper.registry import events

    text: str
    if isinstance(event, events.CheckRecorded):
        text = f"check {event.check_id} {event.name}: {event.decision.value} ({event.policy_name})"
    elif isinstance(event, events.Refused):
        text = f"refused {event.name}: {event.text}"
    elif isinstance(event, events.ForcePromoted):
        text = f"FORCED {event.channel} -> {state.label(event.target)}"
    elif isinstance(event, events.Promoted):
        text = f"promoted {event.channel} -> {state.label(event.target)}"
    elif isinstance(event, events.RolledBack):
        text = f"rolled back {event.channel} -> {state.label(event.target)}"
    else:
        text = event.type
    return printable(text)
