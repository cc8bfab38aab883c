"""The whole registry as a small static site: channels, candidates, every check, trends over time.

Pages are returned as (relative path, text); the caller writes them. Like a report, the site needs
no network and runs no foreign script.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from gatekeeper.report.drawn_values import CandidatePoint, LineageNode
from gatekeeper.report.html.charts.capability_trend import trend
from gatekeeper.report.html.charts.gain_and_forgetting import scatter
from gatekeeper.report.html.check_page import Surroundings, accepted, render_html
from gatekeeper.report.html.page_frame import render_page, wide_and_narrow
from gatekeeper.report.wording import deciding_reason
from gatekeeper.verdict import RuleKind, RuleResult
from gatekeeper.verdict.recorded_check import RecordedCheck
from gatekeeper.verdict.rule_summary import least_gain, task_rule, worst_first, worst_forgetting

__all__ = ["ChannelHistory", "ChannelMoment", "SiteCheck", "point_of", "render_site"]

_MOST_TRENDS, _MOST_MOMENTS = 24, 40


@dataclass(frozen=True, slots=True)
class ChannelMoment:
    """One move of a channel."""

    at: str
    text: str
    """`promoted to support-r16@1`, `rolled back to the base`."""
    who: str = ""
    why: str = ""
    check_id: str | None = None


@dataclass(frozen=True, slots=True)
class ChannelHistory:
    """A channel: what it serves, and its history, newest first."""

    name: str
    serves: str
    moments: tuple[ChannelMoment, ...] = ()


@dataclass(frozen=True, slots=True)
class SiteCheck:
    """One recorded check and where its candidate comes from."""

    check: RecordedCheck
    lineage: LineageNode | None = None


def point_of(check: RecordedCheck) -> CandidatePoint | None:
    """Where a check stands in the plane of gain and forgetting; None when one was not measured."""
    verdict, name = check.verdict, check.evidence.candidate.name
    gain, worst = least_gain(verdict.rules), worst_forgetting(verdict.rules)
    if gain is None or worst is None:
        return None
    return CandidatePoint(name, check.check_id, verdict.decision, gain, worst)


def render_site(
    pages: Sequence[SiteCheck], channels: Sequence[ChannelHistory], *, title: str = "Registry"
) -> Iterator[tuple[str, str]]:
    """Give index.html and one page per check. `pages` are oldest first."""
    checks = [page.check for page in pages]
    yield "index.html", _index(checks, channels, title)
    for page in pages:
        around = Surroundings(_comparable(checks, page.check), page.lineage, "../index.html")
        yield f"checks/{page.check.check_id}.html", render_html(page.check, around)


def _index(checks: Sequence[RecordedCheck], channels: Sequence[ChannelHistory], title: str) -> str:
    newest = checks[-1] if checks else None
    return render_page(
        "site.html",
        title=title,
        channels=channels,
        most_moments=_MOST_MOMENTS,
        rows=[_row(check) for check in reversed(checks)],
        scatter=_scatter(checks, newest) if newest else None,
        trends=_trends(checks, newest) if newest else [],
        newest=newest,
    )


def _row(check: RecordedCheck) -> dict[str, Any]:
    """One line of the table of checks."""
    return {
        "id": check.check_id,
        "created": check.evidence.created,
        "name": check.evidence.candidate.name,
        "verdict": check.verdict,
        "reason": deciding_reason(check.verdict),
        "point": point_of(check),
        "task": task_rule(check.verdict.rules),
    }


def _comparable(checks: Sequence[RecordedCheck], like: RecordedCheck) -> list[CandidatePoint]:
    """Newest check of each candidate on the same base and the same suites."""
    latest: dict[str, CandidatePoint] = {}
    for check in checks:
        same = (
            check.evidence.base.digest == like.evidence.base.digest
            and check.evidence.suites == like.evidence.suites
        )
        point = point_of(check) if same else None
        own = check.evidence.candidate.digest == like.evidence.candidate.digest
        if point is not None and (not own or check is like):
            latest[check.evidence.candidate.digest] = point
    return list(latest.values())


def _scatter(checks: Sequence[RecordedCheck], newest: RecordedCheck) -> Markup | None:
    candidates = _comparable(checks, newest)
    if not candidates:
        return None
    margin, min_gain = accepted(newest.verdict)

    def draw(width: int, name: str) -> Markup:
        return scatter(
            candidates, margin=margin, min_gain=min_gain, current=None, width=width, name=name
        )

    return wide_and_narrow(draw, "scatter")


def _trends(checks: Sequence[RecordedCheck], newest: RecordedCheck) -> list[Markup]:
    """One picture per capability of the newest check, over all checks on the same base."""
    histories: dict[tuple[str, str], list[tuple[str, RuleResult]]] = {
        (rule.suite, rule.capability): [] for rule in worst_first(newest.verdict.rules)
    }
    for check in checks:
        if check.evidence.base.digest != newest.evidence.base.digest:
            continue
        for rule in check.verdict.rules:
            key = (rule.suite, rule.capability)
            if rule.kind is RuleKind.FORGETTING and key in histories:
                histories[key].append((check.evidence.candidate.name, rule))
    return [
        trend(history, f"trend-{index}")
        for index, history in enumerate(list(histories.values())[:_MOST_TRENDS])
    ]
