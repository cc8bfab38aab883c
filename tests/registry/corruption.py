"""Change a registry's bytes in every way that a disk or a hand might, and see if it is told."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from registry_factory import NOW, adapter_folder, record

from gatekeeper.errors import GateError
from gatekeeper.registry import By, Registry

__all__ = ["files_of", "found_by_verify", "small_registry"]


def small_registry(folder: Path) -> Registry:
    """Two checks, a promotion, a rollback: one file of every kind."""
    registry = Registry.create(folder / "registry")
    for seed in range(2):
        check = record(registry, adapter_folder(folder / f"adapter-{seed}", seed), samples=4)
        registry.promote("production", check.check_id, by=By("ana", NOW))
    registry.rollback("production", by=By("ana", NOW))
    assert registry.verify() == []
    for path in files_of(registry):
        path.chmod(0o644)
    return registry


def files_of(registry: Registry) -> Iterator[Path]:
    """Every file of a registry."""
    yield from (path for path in sorted(registry.root.rglob("*")) if path.is_file())


def found_by_verify(root: Path) -> bool:
    """Does verification say that something is wrong? Anything but a typed error is a bug."""
    try:
        return bool(Registry.open(root).verify())
    except GateError:
        return True
