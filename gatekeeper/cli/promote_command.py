"""`gate promote`: a channel moves to a checked candidate."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gatekeeper.cli.consoles import say
from gatekeeper.cli.name_arguments import CANDIDATE, CHANNEL, refuse_slip
from gatekeeper.cli.shared_options import registry_option, settings_from
from gatekeeper.errors import RegistryError

if TYPE_CHECKING:
    from gatekeeper.registry import Registry
    from gatekeeper.settings import Settings


@click.command("promote")
@click.argument("candidate", type=CANDIDATE)
@registry_option
@click.option("--channel", type=CHANNEL, help="Channel to move (default: production).")
@click.option(
    "--force",
    is_flag=True,
    help="Override the gate. The override is recorded and shown permanently.",
)
@click.option("--reason", help="Why; required with --force.")
@click.option(
    "--as-recorded",
    is_flag=True,
    help="Accept a verdict of an earlier version that this one would not give. Recorded.",
)
def command(
    candidate: str,
    registry: str | None,
    config: Path | None,
    channel: str | None,
    force: bool,
    reason: str | None,
    as_recorded: bool,
) -> None:
    """Put CANDIDATE into service on a channel.

    CANDIDATE is a check id, an adapter's name (name, name@2), its folder (out/adapter), a digest
    or the start of one, or another channel, for what that channel serves.
    """
    from gatekeeper.cli.open_registry import named, open_store

    if force and not (reason or "").strip():
        raise click.UsageError("--force needs --reason, to record why the gate is overridden.")
    settings = settings_from(config, registry=registry, channel=channel)
    store = open_store(settings)
    wanted = named(candidate)
    if wanted != candidate and wanted not in store.state().adapters:
        raise RegistryError(
            f"{candidate} has never been checked here.", f"Run `gate check {candidate}` first."
        )
    for line in promote_check(
        store, settings, wanted, force=force, as_recorded=as_recorded, why=reason
    ):
        say(line)


def promote_check(
    store: Registry,
    settings: Settings,
    candidate: str,
    *,
    force: bool = False,
    as_recorded: bool = False,
    why: str | None = None,
) -> Iterator[str]:
    """Move the channel, then report what serves and from where."""
    from gatekeeper.cli.who_and_when import by
    from gatekeeper.registry.events import ForcePromoted
    from gatekeeper.settings import ChannelConfig

    refuse_slip(store, settings)
    event = store.promote(
        settings.channel,
        candidate,
        by=by(why),
        force=force,
        as_recorded=as_recorded,
        rules=settings.channels.get(settings.channel, ChannelConfig()),
    )
    state = store.state()
    if isinstance(event, ForcePromoted):
        yield f"FORCED, overriding the gate, by {event.who}: {event.why}"
        yield f"  overridden: {event.overridden}"
    elif event.as_recorded:
        yield "The verdict was taken as it was recorded: this version would decide otherwise."
    yield (
        f"{settings.channel} now serves {state.label(event.target)} "
        f"(event {event.sequence}; before: {state.label(event.before)})."
    )
    yield f"  path: {store.objects.path(event.target).resolve()}"
    yield f"  to go back: gate rollback --channel {settings.channel}"
