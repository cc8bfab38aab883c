"""Killed or failing at any writing system call: nothing acknowledged is lost, all is recovered."""

from __future__ import annotations

import random
import shutil
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from fault_injection import Outcome, Point, count_points, require_strace, run_with
from operations import OPERATIONS, Scene, prepare

from gatekeeper.errors import GateError, RegistryDamaged
from gatekeeper.registry import By, Registry

FEW = ("promote", "rollback", "record check", "several in a row")


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Scene:
    require_strace()
    return prepare(tmp_path_factory.mktemp("scene"))


def attempt(scene: Scene, name: str, root: Path, point: Point, fault: str) -> Outcome:
    """Run one operation with one fault, and check everything that must hold whatever happened."""
    inject = f"inject={point.call}:{fault}:when={point.number}"
    before = len(Registry.open(root).folded().events)
    outcome = run_with(partial(OPERATIONS[name], scene, root), ["-o", "/dev/null", "-e", inject])
    told = f"{name} with {fault} at {point.call} #{point.number}: {outcome}"
    assert outcome.crashed is None, told
    try:
        state = Registry.open(root).folded()
    except RegistryDamaged as damage:
        raise AssertionError(f"{told}: {damage}") from damage
    kept = scene.before.digests
    assert state.digests[: len(kept)] == kept, told
    written = len(state.events) - before
    # What was acknowledged is there; at most one event more was on its way.
    assert outcome.steps <= written <= outcome.steps + 1, told
    if outcome.acknowledged and name not in SILENT:
        assert len(state.events) > len(kept), told
    assert Registry.open(root).verify() == [], told
    return outcome


SILENT = {"create", "store object", "rebuild channel file", "gc"}
"""Operations that append no event."""


REPEATABLE = {
    "record refusal",
    "record proof",
    "record rescale",
    "record import",
    "several in a row",
}
"""Saying them again after a kill may record them twice; the others happen exactly once."""


def recover(scene: Scene, name: str, root: Path, told: str) -> None:
    """The next command works, finds its way, and leaves nothing half done behind."""
    found = Registry.open(root).folded().sequence
    try:
        done = OPERATIONS[name](scene, root)
        if isinstance(done, Iterator):
            list(done)
    except RegistryDamaged as damage:
        raise AssertionError(f"{told}: {damage}") from damage
    except GateError:
        pass  # it had happened already: nothing left to promote, roll back or retire
    registry = Registry.open(root)
    state = registry.state()
    assert registry.channels.stale(state) == [], told
    assert registry.verify() == [], told
    registry.record_refusal(name="next", source="/", text="next", by=By("ana", "now"))
    assert list(registry.staging.iterdir()) == [], told
    if name == "several in a row":
        assert state.sequence > found, told
    elif name in REPEATABLE:
        assert state.sequence == found + 1, told
    elif name not in SILENT:
        assert state.sequence == scene.before.sequence + 1, told
    if name == "create":
        assert Registry.open(root.with_name("created")).verify() == []
        shutil.rmtree(root.with_name("created"))


@pytest.mark.parametrize("name", FEW)
def test_a_kill_loses_nothing_and_the_next_command_recovers(scene: Scene, name: str) -> None:
    points = count_points(partial(OPERATIONS[name], scene, scene.fresh()), scene.folder / "calls")
    killed = 0
    for point in random.Random(name).sample(points, 12):
        root = scene.fresh()
        outcome = attempt(scene, name, root, point, "signal=KILL")
        killed += outcome.killed
        recover(scene, name, root, f"{name} killed at {point}")
    assert killed >= 10


@pytest.mark.parametrize("error", ["ENOSPC", "EIO", "EROFS"])
def test_a_disk_that_refuses_is_a_clear_error(scene: Scene, error: str) -> None:
    name = "promote"
    points = count_points(partial(OPERATIONS[name], scene, scene.fresh()), scene.folder / "calls")
    for point in random.Random(error).sample(points, 8):
        root = scene.fresh()
        attempt(scene, name, root, point, f"error={error}")
        recover(scene, name, root, f"{name} with {error} at {point}")


def test_an_event_is_on_disk_before_it_has_its_name(scene: Scene) -> None:
    """The order that makes a power cut harmless: data, then name, then folder, then the answer."""
    root, log = scene.fresh(), scene.folder / "order"
    run_with(partial(OPERATIONS["record refusal"], scene, root), ["-y", "-o", str(log)])
    calls = [line.split(maxsplit=1)[-1] for line in log.read_text().splitlines()]
    sequence = scene.before.sequence + 1
    name = f"{sequence:012d}.json"

    def first(start: str, *parts: str, after: int = -1) -> int:
        return next(
            number
            for number, call in enumerate(calls)
            if number > after and call.startswith(start) and all(part in call for part in parts)
        )

    data = first("fsync", name)
    link = first("link", f"/log/{name}", after=data)
    first("fsync", "/try/log>", after=link)
