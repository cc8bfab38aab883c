"""Every operation of the registry that writes, each from a registry in which it is possible."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

from registry_factory import BASE_DIGEST, NOW, adapter_folder, policy, proof, record

from gatekeeper.registry import By, Registry
from gatekeeper.registry.events import CheckRecorded
from gatekeeper.verdict import Decision

__all__ = ["OPERATIONS", "Scene", "prepare"]

BY = By("ana", NOW)


class Scene:
    """A prepared registry, copied afresh for every try."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.template = folder / "template"
        self.adapters = [adapter_folder(folder / f"adapter-{n}", n) for n in range(4)]
        registry = Registry.create(self.template)
        self.checks: list[CheckRecorded] = [
            record(registry, self.adapters[0]),
            record(registry, self.adapters[1]),
            record(registry, self.adapters[2], decision=Decision.HOLD),
        ]
        for check in self.checks[:2]:
            registry.promote("production", check.check_id, by=BY)
        registry.promote("staging", self.checks[0].check_id, by=BY)
        registry.rollback("staging", by=BY)
        again = record(registry, self.adapters[0], created="later")
        self.checks.append(again)
        self.before = registry.state()

    def fresh(self, name: str = "try") -> Path:
        """A new copy of the template."""
        root = self.folder / name
        shutil.rmtree(root, ignore_errors=True)
        shutil.rmtree(root.with_name("created"), ignore_errors=True)
        shutil.copytree(self.template, root)
        return root


def prepare(folder: Path) -> Scene:
    """Make the scene and run each operation once, so that later forks import nothing."""
    folder.mkdir(parents=True, exist_ok=True)
    scene = Scene(folder)
    for operation in OPERATIONS.values():
        done = operation(scene, scene.fresh("warm"))
        if isinstance(done, Iterator):
            list(done)
    return scene


def _rebuild(scene: Scene, root: Path) -> None:
    with contextlib.suppress(OSError):  # the fault may hit this very call
        (root / "channels" / "production.json").unlink(missing_ok=True)
    Registry.open(root).state()


def _gc(scene: Scene, root: Path) -> None:
    registry = Registry.open(root)
    registry.store_object(scene.adapters[3], "adapter")
    registry.gc(min_age=0)


def _several(scene: Scene, root: Path) -> Iterator[None]:
    """Five writes in a row, each acknowledged before the next begins."""
    registry = Registry.open(root)
    seen = registry.state().channel("canary").serving.sequence
    registry.record_refusal(name="bad", source="/bad", text="a pickle", by=BY)
    yield
    for check in (scene.checks[1], scene.checks[3]):
        moved = registry.promote("canary", check.check_id, expected_sequence=seen, by=BY)
        seen = moved.sequence
        yield
    for _ in range(2):
        seen = registry.rollback("canary", expected_sequence=seen, by=BY).sequence
        yield


OPERATIONS: dict[str, Callable[[Scene, Path], object]] = {
    "create": lambda scene, root: Registry.create(root.with_name("created")),
    "store object": lambda scene, root: Registry.open(root).store_object(
        scene.adapters[3], "adapter"
    ),
    "record check": lambda scene, root: record(Registry.open(root), scene.adapters[3]),
    "record refusal": lambda scene, root: Registry.open(root).record_refusal(
        name="bad", source="/bad", text="a pickle", by=BY
    ),
    "promote": lambda scene, root: Registry.open(root).promote(
        "canary", scene.checks[1].check_id, by=BY
    ),
    "force promote": lambda scene, root: Registry.open(root).promote(
        "production", scene.checks[2].check_id, force=True, by=By("ana", NOW, "demo")
    ),
    # Without the expected sequence, asking again after a kill would go one step further back.
    "rollback": lambda scene, root: Registry.open(root).rollback(
        "production",
        expected_sequence=scene.before.channel("production").serving.sequence,
        by=BY,
    ),
    "rollback to base": lambda scene, root: Registry.open(root).rollback(
        "production", to="base", by=BY
    ),
    "retire": lambda scene, root: Registry.open(root).retire(scene.checks[2].check_id, by=BY),
    "record proof": lambda scene, root: Registry.open(root).record_proof(
        "production", proof(), base_digest=BASE_DIGEST, by=BY
    ),
    "record rescale": lambda scene, root: Registry.open(root).record_rescale(
        scene.checks[0].candidate, scene.adapters[3], factor=0.5, name="softer", by=BY
    ),
    "record import": lambda scene, root: Registry.open(root).record_import(
        scene.adapters[3], "adapter", name="foreign", source="hub", by=BY
    ),
    "change policy": lambda scene, root: Registry.open(root).record_policy_change(
        "production", "strict", policy("strict").digest, by=BY
    ),
    "several in a row": _several,
    "rebuild channel file": _rebuild,
    "gc": _gc,
}
