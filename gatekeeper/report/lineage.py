"""Where a candidate comes from, as a tree that every format can draw. Types only."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from gatekeeper.verdict import Decision

__all__ = ["CandidatePoint", "LineageNode", "walk"]


@dataclass(frozen=True, slots=True)
class LineageNode:
    """One thing in the lineage and what came of it."""

    label: str
    kind: Literal["base", "run", "adapter", "checkpoint", "check", "event"]
    detail: str = ""
    children: tuple[LineageNode, ...] = ()


@dataclass(frozen=True, slots=True)
class CandidatePoint:
    """One checked candidate in the plane of gain (task score over base) and worst forgetting."""

    name: str
    check_id: str
    decision: Decision
    gain: float
    worst_forgetting: float
    """The most negative difference over the capabilities; 0 when nothing was lost."""


def walk(root: LineageNode, depth: int = 0) -> Iterator[tuple[int, LineageNode]]:
    """Every node with its depth, parents first."""
    yield depth, root
    for child in root.children:
        yield from walk(child, depth + 1)
