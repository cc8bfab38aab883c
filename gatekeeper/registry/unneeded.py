"""Collection: what is no longer needed. Never what a channel, its history or a lineage needs."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from gatekeeper.registry.durable_files import remove_tree, staging, sweep
from gatekeeper.registry.ledger import Ledger
from gatekeeper.registry.state import State

__all__ = ["Collected", "collect"]


@dataclass(frozen=True, slots=True)
class Collected:
    """Something that was removed, or would be."""

    path: Path
    text: str
    size: int
    """Bytes."""


def collect(registry: Ledger, *, dry_run: bool, min_age: float) -> list[Collected]:
    """Remove snapshots and evidence that no event needs, and leftovers of killed writers.

    A snapshot is stored before the event that names it, so young ones are left alone: `min_age` is
    in seconds, by the file system's clock.
    """
    found: list[Collected] = []
    for root in {registry.staging, registry.object_staging}:
        found += [Collected(path, "leftover", 0) for path in sweep(root, dry_run=dry_run)]
    with staging(registry.staging) as staged_in:
        # Read after the lock-free listing: an event written in the meantime keeps its bytes.
        snapshots, evidence = registry.objects.digests(), registry.evidence.check_ids()
        state = registry.state()
        needed = set(_needed(state))
        for digest in snapshots:
            path = registry.objects.path(digest)
            if digest not in needed and _old(path, min_age):
                what = "retired" if digest in state.adapters else "no event names it"
                found.append(Collected(path, what, _size(path)))
                if not dry_run:
                    registry.objects.remove(digest)
        for check_id in evidence:
            path = registry.evidence.path(check_id)
            if check_id not in state.checks and _old(path, min_age):
                found.append(Collected(path, "no event names it", _size(path)))
                if not dry_run:
                    registry.evidence.remove(check_id, staged_in)
        for path in registry.objects.half_removed():
            found.append(Collected(path, "partly removed", _size(path)))
            if not dry_run:
                remove_tree(path)
    return found


def _needed(state: State) -> Iterator[str]:
    for channel in state.channels.values():
        yield from (moment.target for moment in channel.history)
    for adapter in state.adapters.values():
        if adapter.retired_at is None:
            yield adapter.digest


def _old(path: Path, min_age: float) -> bool:
    return time.time() - path.stat().st_mtime >= min_age


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.iterdir() if path.is_file())
