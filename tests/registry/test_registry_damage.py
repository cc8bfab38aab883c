"""Changed, torn and missing files, everyday size; all of them under tests/torture."""

from __future__ import annotations

import random
from pathlib import Path

from concurrency import check_log, contend
from corruption import files_of, found_by_verify, small_registry

from gatekeeper.registry import Registry


def test_a_changed_byte_is_found_wherever_it_is(tmp_path: Path) -> None:
    registry = small_registry(tmp_path)
    chance = random.Random(0)
    for path in files_of(registry):
        data = path.read_bytes()
        positions = {0, len(data) - 1, *chance.sample(range(len(data)), 6)}
        for position in positions:
            changed = bytearray(data)
            changed[position] ^= 1 << chance.randrange(8)
            path.write_bytes(changed)
            assert found_by_verify(registry.root), f"{path.name} byte {position}"
        path.write_bytes(data)
    assert Registry.open(registry.root).verify() == []


def test_a_torn_empty_or_missing_file_is_found(tmp_path: Path) -> None:
    registry = small_registry(tmp_path)
    for path in files_of(registry):
        data = path.read_bytes()
        for torn in (b"", data[: len(data) // 2], data[:-1], data + b"\n"):
            path.write_bytes(torn)
            assert found_by_verify(registry.root), f"{path.name} cut to {len(torn)} bytes"
        path.unlink()
        derived = path.parent.name == "channels"  # the next command writes it again
        last = path.name == "000000000005.json"
        assert found_by_verify(registry.root) or derived, f"{path.name} missing, last={last}"
        path.write_bytes(data)


def test_processes_that_move_channels_at_once_lose_nothing(tmp_path: Path) -> None:
    registry, tally = contend(tmp_path, processes=4, moves=40)
    check_log(registry, tally, 40)
