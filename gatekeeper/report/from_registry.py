"""From the registry to the values that reports draw: lineage trees, candidates, channel histories.

The only file of this room that knows the registry.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from gatekeeper.report.drawn_values import CandidatePoint, LineageNode
from gatekeeper.report.html.check_page import Surroundings
from gatekeeper.report.html.site_pages import (
    ChannelHistory,
    ChannelMoment,
    SiteCheck,
    point_of,
    render_site,
)

if TYPE_CHECKING:
    from gatekeeper.errors import GateError
    from gatekeeper.registry import Registry
    from gatekeeper.registry.events import CheckRecorded, Move
    from gatekeeper.registry.lineage import LineageNode as RecordedNode
    from gatekeeper.registry.state import State

__all__ = [
    "candidates_beside",
    "channel_histories",
    "lineage_of",
    "recorded_site",
    "surroundings_of",
    "tree_of",
]

_MOST_CANDIDATES = 60
_PLAIN_LINKS = frozenset({"on", "trained by", "checked"})
"""Relations that the kind of a node already implies."""


def tree_of(node: RecordedNode) -> LineageNode:
    """The registry's tree as reports draw it."""
    link = None if node.link in _PLAIN_LINKS else node.link
    details = (link, node.note, node.at[:16].replace("T", " ") if node.at else None)
    return LineageNode(
        label=node.label,
        kind=node.kind,
        detail=" · ".join(part for part in details if part),
        children=tuple(tree_of(child) for child in node.children),
        focus=node.focus,
    )


def surroundings_of(registry: Registry, check_id: str) -> Surroundings:
    """What a check's page shows besides the check. Raises RegistryError and RegistryDamaged."""
    return Surroundings(candidates_beside(registry, check_id), lineage_of(registry, check_id))


def lineage_of(registry: Registry, check_id: str) -> LineageNode:
    """The tree around a check. Raises RegistryError when it is unknown."""
    return tree_of(registry.lineage(check_id))


def candidates_beside(registry: Registry, check_id: str) -> list[CandidatePoint]:
    """Newest check of each candidate on the same base and task suites; for this one, this check.

    Reads the verdicts of at most 60 checks. Raises RegistryError and RegistryDamaged.
    """
    checks = registry.state().checks
    mine = checks[check_id]
    latest: dict[str, CheckRecorded] = {}
    for check in checks.values():
        same = (check.base_digest, check.task_suites) == (mine.base_digest, mine.task_suites)
        if same and check.summary is not None and check.candidate != mine.candidate:
            latest[check.candidate] = check
    shown = [*list(latest.values())[1 - _MOST_CANDIDATES :], mine]
    readable = registry.load_checks((check.check_id for check in shown), skipped=[])
    points = (point_of(check) for check in readable)
    return [point for point in points if point is not None]


def channel_histories(state: State) -> list[ChannelHistory]:
    """Every channel with its moves, newest first."""
    return [
        ChannelHistory(
            name=channel.name,
            serves="the frozen base" if channel.serving.is_base
            else state.label(channel.serving.target),
            moments=tuple(_moment(state, move) for move in reversed(channel.moves)),
        )
        for channel in sorted(state.channels.values(), key=lambda channel: channel.name)
    ]  # fmt: skip


def recorded_site(registry: Registry, skipped: list[GateError]) -> Iterator[tuple[str, str]]:
    """Pages of the whole registry as (relative path, text), but for checks that are `skipped`."""
    state = registry.state()
    pages = [
        SiteCheck(check, lineage_of(registry, check.check_id))
        for check in registry.load_checks(state.checks, skipped)
    ]
    yield from render_site(pages, channel_histories(state))


def _moment(state: State, move: Move) -> ChannelMoment:
    target = "the frozen base" if move.target == "base" else state.label(move.target)
    return ChannelMoment(
        at=move.at,
        text=f"{move.type.replace('-', ' ')} to {target}",
        who=move.who,
        why=move.why or "",
        check_id=move.check_id,
    )
