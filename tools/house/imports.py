"""Who imports whom, read from the source by grimp: lazy and type-only imports included."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import grimp

__all__ = ["Imports", "circles", "longest_chain", "read_imports", "without_shortcuts"]

PACKAGE = "gatekeeper"
HEAVY = frozenset({"torch", "transformers", "peft", "bitsandbytes"})

Arrows = Mapping[str, frozenset[str]]
"""Name -> the names that it imports."""


@dataclass(frozen=True)
class Imports:
    """The import graph of one checkout."""

    modules: Arrows
    """Every module, by its path in the package: `check.measure`; `` is the package itself."""
    rooms: Arrows
    """Every direct child of the package."""
    between_rooms: int
    """Import statements that lead from one room to another."""
    heavy: frozenset[str]
    """Rooms that import torch or what brings it along."""


def read_imports(checkout: Path) -> Imports:
    """Read the package of a checkout. Nothing of it is executed."""
    sys.path.insert(0, str(checkout))
    try:
        graph = grimp.build_graph(PACKAGE, include_external_packages=True, cache_dir=None)
    finally:
        sys.path.remove(str(checkout))
    # `python -m gatekeeper` is a way in, not a room.
    names = graph.modules - {f"{PACKAGE}.__main__"}
    own = {name: _inside(name) for name in names if name.split(".")[0] == PACKAGE}
    modules: dict[str, frozenset[str]] = {}
    rooms: dict[str, set[str]] = {_room(name): set() for name in own.values() if name}
    heavy, between = set(), Counter[tuple[str, str]]()
    for full, name in own.items():
        imported = graph.find_modules_directly_imported_by(full)
        modules[name] = frozenset(own[target] for target in imported if target in own)
        if name and imported & HEAVY:
            heavy.add(_room(name))
        for target in modules[name]:
            if name and target and _room(name) != _room(target):
                rooms[_room(name)].add(_room(target))
                between[_room(name), _room(target)] += 1
    return Imports(
        modules=modules,
        rooms={room: frozenset(targets) for room, targets in rooms.items()},
        between_rooms=between.total(),
        heavy=frozenset(heavy),
    )


def circles(arrows: Arrows) -> list[tuple[str, ...]]:
    """Names that reach each other, each group once."""
    reach = _reach(arrows)
    groups = {tuple(sorted(b for b in reach[a] if a in reach[b])) for a in arrows if a in reach[a]}
    return sorted(groups)


def longest_chain(arrows: Arrows) -> int:
    """How many stand on one another, a circle counting as one."""
    reach = _reach(arrows)
    known: dict[str, int] = {}

    def height(name: str) -> int:
        if name not in known:
            below = [t for t in reach[name] if name not in reach[t]]
            known[name] = 1 + max(map(height, below), default=0)
        return known[name]

    return max(map(height, arrows), default=0)


def without_shortcuts(arrows: Arrows) -> dict[str, frozenset[str]]:
    """The arrows that no longer way replaces; there must be no circle."""
    reach = _reach(arrows)
    return {
        name: targets - frozenset().union(*(reach[t] for t in targets))
        for name, targets in arrows.items()
    }


def _reach(arrows: Arrows) -> dict[str, frozenset[str]]:
    """Name -> everything that following arrows leads to."""
    return {name: _from(arrows[name], arrows) for name in arrows}


def _from(start: Iterable[str], arrows: Arrows) -> frozenset[str]:
    found: set[str] = set()
    waiting = list(start)
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += arrows[name]
    return frozenset(found)


def _inside(module: str) -> str:
    return module.partition(".")[2]


def _room(name: str) -> str:
    return name.split(".")[0]
