"""kill -9 and failing disks at every writing system call of every operation that writes."""

from __future__ import annotations

import random
import time
from functools import partial

import pytest
from fault_injection import Point, count_points, require_strace
from figures import tell
from operations import OPERATIONS, Scene, prepare
from test_registry_faults import attempt, recover

pytestmark = pytest.mark.torture

KILLS = 2_000
ERRORS = ("ENOSPC", "EIO", "EACCES")


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Scene:
    require_strace()
    return prepare(tmp_path_factory.mktemp("scene"))


@pytest.fixture(scope="module")
def points(scene: Scene) -> dict[str, list[Point]]:
    return {
        name: count_points(partial(OPERATIONS[name], scene, scene.fresh()), scene.folder / "calls")
        for name in OPERATIONS
    }


def test_kill_at_every_writing_call(scene: Scene, points: dict[str, list[Point]]) -> None:
    """Every point once, then the same command killed again while it recovers from the first."""
    started, kills, acknowledged = time.monotonic(), 0, 0
    for name, calls in points.items():
        for point in calls:
            root = scene.fresh()
            outcome = attempt(scene, name, root, point, "signal=KILL")
            kills += outcome.killed
            acknowledged += outcome.steps + outcome.acknowledged
            recover(scene, name, root, f"{name} killed at {point}")
    singles = kills
    chance = random.Random(0)
    names = [name for name in points if name != "create"]
    while kills < KILLS:
        name = chance.choice(names)
        root = scene.fresh()
        first, second = chance.choices(points[name], k=2)
        for point in (first, second):
            outcome = attempt(scene, name, root, point, "signal=KILL")
            kills += outcome.killed
            acknowledged += outcome.steps + outcome.acknowledged
        recover(scene, name, root, f"{name} killed at {first}, then at {second}")
    tell(
        f"{kills} kills ({singles} single points of {len(points)} operations, the rest in pairs), "
        f"{acknowledged} writes acknowledged before a kill, 0 lost, 0 unreadable",
        started,
    )
    assert singles >= 0.9 * sum(map(len, points.values()))


@pytest.mark.parametrize("error", ERRORS)
def test_every_writing_call_fails_once(
    scene: Scene, points: dict[str, list[Point]], error: str
) -> None:
    started, tried, refused = time.monotonic(), 0, 0
    for name, calls in points.items():
        for point in calls:
            root = scene.fresh()
            outcome = attempt(scene, name, root, point, f"error={error}")
            tried += 1
            refused += outcome.refused is not None
            recover(scene, name, root, f"{name} with {error} at {point}")
    tell(f"{error}: {tried} failing calls, {refused} typed refusals, 0 tracebacks", started)


@pytest.mark.parametrize("error", ["ENOSPC", "EIO"])
def test_a_disk_that_goes_on_refusing(
    scene: Scene, points: dict[str, list[Point]], error: str
) -> None:
    """From the n-th call on, every call of that kind fails: a full disk stays full."""
    started, tried = time.monotonic(), 0
    for name, calls in points.items():
        for point in calls:
            if point.call == "openat":
                continue  # nothing at all can be opened: not a full disk
            root = scene.fresh()
            lasting = Point(point.call, f"{point.number}+")  # type: ignore[arg-type]
            attempt(scene, name, root, lasting, f"error={error}")
            recover(scene, name, root, f"{name} with {error} from {point}")
            tried += 1
    tell(f"{error} from some call on: {tried} cases, 0 tracebacks, nothing lost", started)
