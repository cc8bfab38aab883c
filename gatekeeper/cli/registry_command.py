"""`gate registry`: verify and tidy."""

from __future__ import annotations

from pathlib import Path

import click

from gatekeeper.cli.settings_options import registry_option, settings_from
from gatekeeper.errors import ExitCode


@click.group("registry")
def command() -> None:
    """Verify and tidy the registry."""


@command.command()
@registry_option
def verify(registry: str | None, config: Path | None) -> int:
    """Recompute every hash and every verdict, and name what is damaged (exit code 30)."""
    from gatekeeper.registry import Registry
    from gatekeeper.replay import redecide

    root = settings_from(config, registry=registry).registry
    damages = Registry.open(root).verify(redecide=redecide)
    for damage in damages:
        click.echo(f"DAMAGED  {damage.path}: {damage.text}", err=True)
        click.echo(f"         next: {damage.hint}", err=True)
    if damages:
        return int(ExitCode.REFUSED)
    click.echo(f"{root}: every hash, link and verdict holds.")
    return 0


@command.command()
@registry_option
@click.option("--dry-run", is_flag=True, help="Only say what would go.")
def gc(registry: str | None, config: Path | None, dry_run: bool) -> None:
    """Remove what no channel, history or lineage needs."""
    from gatekeeper.registry import Registry

    removed = Registry.open(settings_from(config, registry=registry).registry).gc(dry_run=dry_run)
    for path in removed:
        click.echo(f"{'would remove' if dry_run else 'removed'} {path}")
    click.echo(f"{len(removed)} {'to remove' if dry_run else 'removed'}")
