"""Every byte flipped, thousands of concurrent moves: the long versions, with figures."""

from __future__ import annotations

import random
import time
from pathlib import Path

import pytest
from concurrency import check_log, contend
from corruption import files_of, found_by_verify, small_registry
from figures import tell

pytestmark = pytest.mark.torture

PROCESSES, MOVES = 8, 2_000


def test_every_byte_flipped_is_found(tmp_path: Path) -> None:
    started = time.monotonic()
    registry = small_registry(tmp_path)
    chance = random.Random(0)
    flips, missed = 0, []
    for path in files_of(registry):
        data = path.read_bytes()
        for position in range(len(data)):
            changed = bytearray(data)
            changed[position] ^= 1 << chance.randrange(8)
            path.write_bytes(changed)
            flips += 1
            if not found_by_verify(registry.root):
                missed.append((path, position))
        path.write_bytes(data)
    assert missed == []
    tell(f"every byte flipped: {flips} flips in {len(list(files_of(registry)))} files", started)


def test_eight_processes_lose_no_move(tmp_path: Path) -> None:
    started = time.monotonic()
    registry, tally = contend(tmp_path, PROCESSES, MOVES)
    check_log(registry, tally, MOVES)
    tell(
        f"{PROCESSES} processes: {MOVES} moves acknowledged, each once; {tally.conflicts} "
        f"conflicts and {tally.refusals} refusals told; {registry.state().sequence} events "
        "gapless and chained",
        started,
    )
