"""Where a candidate comes from, as a tree that every format can draw. Types only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from gatekeeper.verdict import Decision

__all__ = ["CandidatePoint", "LineageNode"]


@dataclass(frozen=True, slots=True)
class LineageNode:
    """One thing in the lineage and what became of it."""

    label: str
    kind: Literal[
        "base", "dataset", "run", "adapter", "checkpoint", "check", "promotion",
        "forced-promotion", "rollback", "event",
    ]  # fmt: skip
    detail: str = ""
    children: tuple[LineageNode, ...] = ()
    focus: bool = False
    """This is what the report is about."""


@dataclass(frozen=True, slots=True)
class CandidatePoint:
    """One checked candidate in the plane of gain (task score over base) and worst forgetting."""

    name: str
    check_id: str
    decision: Decision
    gain: float
    worst_forgetting: float
    """The most negative difference over the capabilities; positive when nothing was lost."""
