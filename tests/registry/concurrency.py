"""Many processes that promote and roll back at once, and what must hold afterwards."""

from __future__ import annotations

import json
import os
import random
import sys
from dataclasses import dataclass
from pathlib import Path

from registry_factory import NOW, adapter_folder, record

from gatekeeper.errors import RegistryConflict, RegistryError
from gatekeeper.registry import By, Registry
from gatekeeper.registry.events import Move

__all__ = ["Tally", "check_log", "contend"]

CHANNELS = ("production", "staging", "canary")


@dataclass(frozen=True)
class Tally:
    """What all processes together were told."""

    acknowledged: list[int]
    conflicts: int
    refusals: int


def contend(folder: Path, processes: int, moves: int) -> tuple[Registry, Tally]:
    """Let `processes` make `moves` moves together, on few channels, with few adapters."""
    registry = Registry.create(folder / "registry")
    checks = [
        record(registry, adapter_folder(folder / f"adapter-{seed}", seed)).check_id
        for seed in range(4)
    ]
    children = []
    for number in range(processes):
        child = os.fork()
        if child == 0:
            try:
                _work(folder, number, checks, moves // processes)
                os._exit(0)
            except BaseException as problem:
                print(f"process {number}: {problem!r}", file=sys.stderr)
                os._exit(1)
        children.append(child)
    ends = [os.waitpid(child, 0)[1] for child in children]
    assert ends == [0] * processes, ends
    told = [json.loads((folder / f"told-{number}").read_text()) for number in range(processes)]
    return Registry.open(registry.root), Tally(
        acknowledged=[sequence for one in told for sequence in one["acknowledged"]],
        conflicts=sum(one["conflicts"] for one in told),
        refusals=sum(one["refusals"] for one in told),
    )


def _work(folder: Path, number: int, checks: list[str], moves: int) -> None:
    chance = random.Random(number)
    registry = Registry.open(folder / "registry")
    acknowledged: list[int] = []
    conflicts = refusals = 0
    by = By(f"user-{number}", NOW, "torture")
    while len(acknowledged) < moves:
        channel = chance.choice(CHANNELS)
        try:
            if chance.random() < 0.4:
                event: Move = registry.rollback(channel, by=by)
            else:
                # What was rolled back needs a new check; forcing keeps the channels moving.
                event = registry.promote(channel, chance.choice(checks), force=True, by=by)
            acknowledged.append(event.sequence)
        except RegistryConflict:
            conflicts += 1
        except RegistryError:
            refusals += 1
    (folder / f"told-{number}").write_text(
        json.dumps({"acknowledged": acknowledged, "conflicts": conflicts, "refusals": refusals})
    )


def check_log(registry: Registry, tally: Tally, moves: int) -> None:
    """Gapless, chained, every acknowledged move there once, and no move that nobody was told of."""
    state = registry.state()
    written = [event.sequence for event in state.events if isinstance(event, Move)]
    assert len(tally.acknowledged) == len(set(tally.acknowledged)) == moves
    assert sorted(tally.acknowledged) == written
    assert [event.sequence for event in state.events] == list(range(1, state.sequence + 1))
    for channel in state.channels.values():
        serving = "base"
        for move in channel.moves:
            # Each was decided on what the one before it left behind.
            assert move.before == serving
            serving = move.target
        assert channel.serving.target == serving
    assert registry.channels.stale(state) == []
    assert registry.verify() == []
    assert list(registry.staging.iterdir()) == []
