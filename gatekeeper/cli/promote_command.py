"""`gate promote`: a channel moves to a checked candidate."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gatekeeper.cli.settings_options import registry_option, settings_from

if TYPE_CHECKING:
    from gatekeeper.config import Settings
    from gatekeeper.registry import Registry


@click.command("promote")
@click.argument("candidate")
@registry_option
@click.option("--channel", help="Channel to move (default: production).")
@click.option("--force", is_flag=True, help="Override the gate. Recorded, and shown for ever.")
@click.option("--reason", help="Why; required with --force.")
def command(
    candidate: str,
    registry: str | None,
    config: Path | None,
    channel: str | None,
    force: bool,
    reason: str | None,
) -> None:
    """Put CANDIDATE (check id, adapter name or digest) into service on a channel."""
    from gatekeeper.registry import Registry

    if force and not (reason or "").strip():
        raise click.UsageError("--force needs --reason: say why the gate is overridden.")
    settings = settings_from(config, registry=registry, channel=channel)
    store = Registry.open(settings.registry)
    for line in promote_check(store, settings, candidate, force=force, why=reason):
        click.echo(line)


def promote_check(
    store: Registry,
    settings: Settings,
    candidate: str,
    *,
    force: bool = False,
    why: str | None = None,
) -> Iterator[str]:
    """Move the channel, then say what serves and from where."""
    from gatekeeper.clock import now, who
    from gatekeeper.config import ChannelConfig

    event = store.promote(
        settings.channel,
        store.resolve(candidate),
        who=who(),
        why=why,
        now=now(),
        force=force,
        rules=settings.channels.get(settings.channel, ChannelConfig()),
    )
    state = store.state()
    if force:
        yield f"FORCED against the gate, by {event.who}: {why}"
    yield (
        f"{settings.channel} now serves {state.label(event.target)} "
        f"(event {event.sequence}; before: {state.label(event.before)})."
    )
    yield f"  path: {store.object_path(event.target)}"
    yield f"  back: gate rollback --channel {settings.channel}"
