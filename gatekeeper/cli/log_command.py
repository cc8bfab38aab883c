"""`gate log`: everything that happened, newest first."""

from __future__ import annotations

from pathlib import Path

import click

from gatekeeper.cli.consoles import say
from gatekeeper.cli.shared_options import registry_option, settings_from


@click.command("log")
@registry_option
@click.option(
    "-n",
    "--number",
    type=click.IntRange(1),
    default=20,
    show_default=True,
    help="How many of the newest events to show.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON event per line.")
def command(registry: str | None, config: Path | None, number: int, as_json: bool) -> None:
    """Show everything that happened, newest first."""
    from gatekeeper.registry import Registry
    from gatekeeper.registry.event_sentences import told

    state = Registry.open(settings_from(config, registry=registry).registry).state()
    for event in reversed(state.events[-number:]):
        if as_json:
            click.echo(event.model_dump_json())
        else:
            say(f"{event.sequence:>5}  {event.at}  {event.who}  {told(event, state)}")
            if event.why:
                say(f"       why: {event.why}")
