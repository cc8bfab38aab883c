"""`gate cache`: the scores that need not be paid for twice."""

from __future__ import annotations

import click

from gatekeeper.cli.consoles import say


@click.group("cache")
def command() -> None:
    """Show the size of the score cache, and prune it."""


@command.command()
def info() -> None:
    """Show where the cache is and how large it is."""
    from gatekeeper.scoring.score_cache import default_cache

    found = default_cache().info()
    say(f"{found.folder}: {found.scores:,} scores, {found.bytes / 1e6:.1f} MB")


@command.command()
@click.option(
    "--older-than", type=click.FloatRange(0), metavar="DAYS", help="Delete scores unused for DAYS."
)
@click.option(
    "--max-mb", type=click.FloatRange(0), help="Delete the oldest scores until the cache fits."
)
def prune(older_than: float | None, max_mb: float | None) -> None:
    """Delete cached scores; they are computed again when needed."""
    from gatekeeper.scoring.score_cache import default_cache

    if older_than is None and max_mb is None:
        raise click.UsageError("Say what to delete: --older-than DAYS, --max-mb N, or both.")
    freed = default_cache().prune(
        older_than=None if older_than is None else older_than * 86400,
        max_bytes=None if max_mb is None else int(max_mb * 1e6),
    )
    say(f"freed {freed / 1e6:.1f} MB")
