"""Lineage: where a candidate comes from and what became of it, as one tree. Pure.

base -> dataset -> run -> adapter -> checks and moves, with adapters that were trained, escalated or
rescaled from it below. Rendering is done elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from gatekeeper.registry.events import (
    BASE,
    CheckRecorded,
    ForcePromoted,
    Move,
    RolledBack,
    RunRecord,
)
from gatekeeper.registry.state import Adapter, State

__all__ = ["LineageNode", "lineage"]

NodeKind = Literal[
    "base",
    "dataset",
    "run",
    "adapter",
    "check",
    "promotion",
    "forced-promotion",
    "rollback",
    "event",
]


@dataclass(frozen=True, slots=True)
class LineageNode:
    """One thing in the tree and its relation to the node above it."""

    kind: NodeKind
    id: str
    """Digest, check id, or number of the event."""
    label: str
    link: str | None = None
    """Relation to the node above: `trained on`, `parent`, `escalated from`, `rescaled from`..."""
    sequence: int | None = None
    at: str | None = None
    note: str | None = None
    focus: bool = False
    """This is what was asked for."""
    children: tuple[LineageNode, ...] = ()

    def walk(self) -> Iterator[LineageNode]:
        """This node and all below it, parents first."""
        yield self
        for child in self.children:
            yield from child.walk()


@dataclass(frozen=True, slots=True)
class _Origin:
    """What a candidate was made from, and how."""

    digest: str
    link: str


def lineage(state: State, wanted: str) -> LineageNode:
    """The whole tree around a digest, a check id or `base`, from the oldest ancestor down."""
    if wanted == BASE:
        return LineageNode("base", BASE, "the frozen base", focus=True)
    focus = wanted
    digest = state.checks[wanted].candidate if wanted in state.checks else wanted
    if wanted in state.checks and digest not in state.adapters:  # the base against itself
        check = state.checks[wanted]
        return _base_node(check, (_check_node(check, focus),))
    root, path = digest, {digest}
    while (origin := _origin(state, root)) is not None and origin.digest not in path:
        root = origin.digest
        path.add(root)
    tree = _adapter_node(state, root, None, focus, frozenset())
    return _with_training(state, root, tree)


def _origin(state: State, digest: str) -> _Origin | None:
    adapter = state.adapters.get(digest)
    if adapter is None:
        return None
    run = _run(adapter)
    if adapter.rescaled_from is not None:
        by = "" if adapter.rescaled_by is None else f" (by {adapter.rescaled_by:g})"
        return _Origin(adapter.rescaled_from, f"rescaled from{by}")
    if run is not None and run.parent is not None:
        return _Origin(run.parent, "trained from")
    if run is not None and run.escalated_from is not None:
        check = state.checks.get(run.escalated_from)
        if check is not None:
            return _Origin(check.candidate, f"escalated from ({run.escalated_from})")
    return None


def _run(adapter: Adapter) -> RunRecord | None:
    return next((check.run for check in reversed(adapter.checks) if check.run is not None), None)


def _adapter_node(
    state: State, digest: str, link: str | None, focus: str, above: frozenset[str]
) -> LineageNode:
    adapter = state.adapters.get(digest)
    above = above | {digest}
    own: list[LineageNode] = []
    if adapter is not None:
        own = [_check_node(check, focus) for check in adapter.checks]
        own += [
            _move_node(state, event, digest)
            for event in state.events
            if isinstance(event, Move) and digest in (event.target, event.before)
        ]
        own.sort(key=lambda node: node.sequence or 0)
    below = [
        _adapter_node(state, other, origin.link, focus, above)
        for other in state.adapters
        if other not in above
        and (origin := _origin(state, other)) is not None
        and origin.digest == digest
    ]
    return LineageNode(
        kind="adapter",
        id=digest,
        label=state.label(digest),
        link=link,
        note=_note(state, adapter, digest),
        focus=focus == digest,
        children=(*own, *below),
    )


def _note(state: State, adapter: Adapter | None, digest: str) -> str | None:
    if adapter is None:
        return "not in this registry"
    rung = next((check.rung for check in reversed(adapter.checks) if check.rung), None)
    parts = (None if rung is None else rung.label, _standing(state, adapter, digest))
    return ", ".join(part for part in parts if part) or None


def _standing(state: State, adapter: Adapter, digest: str) -> str | None:
    serving = [c.name for c in state.channels.values() if c.serving.target == digest]
    if serving:
        return "serves on " + ", ".join(serving)
    if adapter.retired_at is not None:
        return f"retired (event {adapter.retired_at})"
    if adapter.needs_new_check:
        return f"rolled back (event {adapter.rolled_back_at})"
    return None if adapter.checks else "never checked here"


def _check_node(check: CheckRecorded, focus: str) -> LineageNode:
    return LineageNode(
        kind="check",
        id=check.check_id,
        label=f"{check.check_id} {check.decision.value}",
        link="checked",
        sequence=check.sequence,
        at=check.at,
        note=f"policy {check.policy_name}",
        focus=focus == check.check_id,
    )


def _move_node(state: State, event: Move, digest: str) -> LineageNode:
    came = event.target == digest
    kind: NodeKind = "rollback"
    if not isinstance(event, RolledBack):
        kind = "promotion" if came else "event"
    if came and isinstance(event, ForcePromoted):
        kind = "forced-promotion"
    return LineageNode(
        kind=kind,
        id=str(event.sequence),
        label=_moved(state, event, came=came),
        sequence=event.sequence,
        at=event.at,
        note=f"by {event.who}" + (f": {event.why}" if event.why else ""),
    )


def _moved(state: State, event: Move, *, came: bool) -> str:
    """What a move meant for one candidate."""
    if came:
        if isinstance(event, ForcePromoted):
            return f"FORCED onto {event.channel}, overriding the gate"
        again = isinstance(event, RolledBack)
        return f"serves on {event.channel} again" if again else f"promoted to {event.channel}"
    target = state.label(event.target)
    if isinstance(event, RolledBack):
        return f"rolled back from {event.channel}, to {target}"
    return f"replaced by {target} on {event.channel}"


def _with_training(state: State, digest: str, tree: LineageNode) -> LineageNode:
    """Put run, dataset and base above the oldest known candidate."""
    adapter = state.adapters.get(digest)
    run = _run(adapter) if adapter else None
    check = adapter.last_check if adapter else None
    if run is not None:
        seed = "" if run.seed is None else f", seed {run.seed}"
        tree = LineageNode(
            "run", run.digest, run.name, "trained by", note=f"{run.method}{seed}", children=(tree,)
        )
        if run.dataset_digest is not None:
            label = run.dataset or run.dataset_digest.removeprefix("sha256:")[:12]
            tree = LineageNode("dataset", run.dataset_digest, label, "on", children=(tree,))
    if check is not None:
        return _base_node(check, (tree,))
    if adapter is not None and adapter.base_digest is not None:
        return LineageNode("base", adapter.base_digest, "base", children=(tree,))
    return tree


def _base_node(check: CheckRecorded, children: tuple[LineageNode, ...]) -> LineageNode:
    return LineageNode("base", check.base_digest, check.base_name, children=children)
