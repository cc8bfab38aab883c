"""`gate cache`: the scores that need not be paid twice."""

from __future__ import annotations

import click

from gatekeeper.cli.consoles import say


@click.group("cache")
def command() -> None:
    """Size of the score cache, and pruning."""


@command.command()
def info() -> None:
    """Where the cache is and how large."""
    from gatekeeper.scoring.score_cache import default_cache

    found = default_cache().info()
    say(f"{found.folder}: {found.scores:,} scores, {found.bytes / 1e6:.1f} MB")


@command.command()
@click.option("--older-than", type=click.FloatRange(0), metavar="DAYS", help="Not used for DAYS.")
@click.option("--max-mb", type=click.FloatRange(0), help="Oldest first, until it fits.")
def prune(older_than: float | None, max_mb: float | None) -> None:
    """Delete cached scores; they are made again when needed."""
    from gatekeeper.scoring.score_cache import default_cache

    if older_than is None and max_mb is None:
        raise click.UsageError("Say what to delete: --older-than DAYS, --max-mb N, or both.")
    freed = default_cache().prune(
        older_than=None if older_than is None else older_than * 86400,
        max_bytes=None if max_mb is None else int(max_mb * 1e6),
    )
    say(f"freed {freed / 1e6:.1f} MB")
