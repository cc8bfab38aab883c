"""`gate registry`: verify and tidy it, and what enters or leaves it without a check."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gatekeeper.cli.consoles import say
from gatekeeper.cli.name_arguments import CANDIDATE, CHANNEL, POLICY, refuse_slip
from gatekeeper.cli.shared_options import registry_option, settings_from
from gatekeeper.errors import ExitCode

if TYPE_CHECKING:
    from gatekeeper.registry import Registry

reason_option = click.option("--reason", help="Why, for the log.")


@click.group("registry")
def command() -> None:
    """Verify and tidy the registry; import, retire, and set a channel's policy."""


@command.command()
@registry_option
@click.option(
    "--allowed-signers",
    type=click.Path(path_type=Path),
    help="File of SSH keys, one of which must have signed each event (default: from gate.yaml).",
)
def verify(registry: str | None, config: Path | None, allowed_signers: Path | None) -> int:
    """Recompute every hash, signature and verdict, and name what is damaged (exit code 30)."""
    from gatekeeper.cli.open_registry import open_store

    settings = settings_from(config, registry=registry)
    if allowed_signers is not None:
        settings = replace(settings, allowed_signers=allowed_signers)
    store = open_store(settings, signed=False)
    damages = store.verify()
    for damage in damages:
        say(f"DAMAGED  {damage.path}: {damage.text}", err=True)
        say(f"         next: {damage.hint}", err=True)
    if damages:
        return int(ExitCode.REFUSED)
    signed = ", signature" if store.allowed_signers else ""
    say(f"{store.root}: every hash, link{signed} and verdict is valid.")
    return 0


@command.command()
@registry_option
@click.option("--dry-run", is_flag=True, help="Only list what would be removed.")
def gc(registry: str | None, config: Path | None, dry_run: bool) -> None:
    """Remove what no channel, history or lineage needs."""
    removed = _store(registry, config).gc(dry_run=dry_run)
    for found in removed:
        what = "would remove" if dry_run else "removed"
        say(f"{what} {found.path}  ({found.text}, {found.size:,} bytes)")
    say(f"{len(removed)} {'to remove' if dry_run else 'removed'}")


@command.command("import")
@click.argument("folder", type=click.Path(path_type=Path))
@registry_option
@click.option("--name", help="What to call it (default: the folder's name).")
@reason_option
def import_(
    folder: Path, registry: str | None, config: Path | None, name: str | None, reason: str | None
) -> None:
    """Store a candidate from elsewhere. It still needs a check before it can be promoted."""
    from gatekeeper.candidate.inspect_files import inspect_static
    from gatekeeper.cli.who_and_when import by
    from gatekeeper.errors import AdapterRefused
    from gatekeeper.evidence import Severity

    store = _store(registry, config)
    pin, findings = inspect_static(folder)
    for finding in findings:
        if finding.severity is Severity.REFUSE:
            raise AdapterRefused(finding.text, finding.hint)
    event = store.record_import(
        folder,
        "checkpoint" if pin.kind == "checkpoint" else "adapter",
        name=name or pin.name,
        source=str(folder),
        by=by(reason),
    )
    label = store.state().label(event.candidate)
    say(f"imported {label} (event {event.sequence})")
    say(f"  path: {store.objects.path(event.candidate).resolve()}")


@command.command()
@click.argument("candidate", type=CANDIDATE)
@registry_option
@reason_option
def retire(candidate: str, registry: str | None, config: Path | None, reason: str | None) -> None:
    """Never promote CANDIDATE again; `gc` may remove its bytes once no history needs them."""
    from gatekeeper.cli.open_registry import named
    from gatekeeper.cli.who_and_when import by

    store = _store(registry, config)
    event = store.retire(named(candidate), by=by(reason))
    label = store.state().label(event.candidate)
    say(f"retired {label} (event {event.sequence})")


@command.command()
@click.argument("policy", type=POLICY)
@registry_option
@click.option("--channel", type=CHANNEL, help="Channel that requires it (default: production).")
@reason_option
def policy(
    policy: str,
    registry: str | None,
    config: Path | None,
    channel: str | None,
    reason: str | None,
) -> None:
    """From now on, let only verdicts under POLICY, as it is today, move a channel."""
    from gatekeeper.cli.who_and_when import by
    from gatekeeper.digests import short
    from gatekeeper.policy import load_policy
    from gatekeeper.settings import ChannelConfig

    settings = settings_from(config, registry=registry, channel=channel)
    wanted = load_policy(policy).policy
    store = _store(registry, config)
    refuse_slip(store, settings)
    event = store.record_policy_change(
        settings.channel,
        wanted.name,
        wanted.digest,
        rules=settings.channels.get(settings.channel, ChannelConfig()),
        by=by(reason),
    )
    say(
        f"{settings.channel} requires {wanted.name} ({short(wanted.digest)}) from event "
        f"{event.sequence} on."
    )


def _store(registry: str | None, config: Path | None) -> Registry:
    from gatekeeper.cli.open_registry import open_store

    return open_store(settings_from(config, registry=registry))
