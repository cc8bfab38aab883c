"""The floors as pyproject.toml's contracts lay them down."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

__all__ = ["Plan", "read_plan"]


@dataclass(frozen=True)
class Plan:
    """Rooms on floors, the highest floor first, and which rooms must stay pure."""

    floors: tuple[tuple[str, ...], ...]
    pure: frozenset[str]
    contracts: int

    @property
    def rooms(self) -> tuple[str, ...]:
        """Every room, from the highest floor down."""
        return tuple(room for floor in self.floors for room in floor)

    def height(self, room: str) -> int:
        """Number of a room's floor; the ground floor is 1."""
        for number, rooms in zip(range(len(self.floors), 0, -1), self.floors, strict=True):
            if room in rooms:
                return number
        raise KeyError(room)

    def allows(self, above: str, below: str) -> bool:
        """Whether a room may import another: only one of a lower floor."""
        return self.height(above) > self.height(below)


def read_plan(pyproject: Path) -> Plan | None:
    """The contracts of a checkout; None where it has none."""
    settings = tomllib.loads(pyproject.read_text(encoding="utf-8"))
    linter: dict[str, Any] = settings.get("tool", {}).get("importlinter", {})
    contracts = {contract.get("id"): contract for contract in linter.get("contracts", [])}
    if "floors" not in contracts:
        return None
    pure = contracts.get("pure", {}).get("source_modules", [])
    return Plan(
        floors=tuple(tuple(_rooms(layer)) for layer in contracts["floors"]["layers"]),
        pure=frozenset(module.split(".")[1] for module in pure),
        contracts=len(contracts),
    )


def _rooms(layer: str) -> Iterator[str]:
    """A layer is written as `cli` or as `check | live`."""
    yield from (name.strip("() ") for name in re.split(r"[|:]", layer))
