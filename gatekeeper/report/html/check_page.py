"""The HTML report of one check: one file, section by section. Model output in it is hostile."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from gatekeeper.report.drawn_values import CandidatePoint, LineageNode
from gatekeeper.report.html.charts.forgetting_forest import forest
from gatekeeper.report.html.charts.gain_and_forgetting import scatter
from gatekeeper.report.html.charts.rank_ladder import ladder, ladder_steps
from gatekeeper.report.html.charts.task_score import task_chart, task_rows
from gatekeeper.report.html.charts.training_curves import curves, has_curve
from gatekeeper.report.html.charts.update_grid import largest, weight_grid
from gatekeeper.report.html.flip_rows import flip_rows, overlap_rows
from gatekeeper.report.html.page_facts import cost_figures, key_figures, pin_facts, proof_facts
from gatekeeper.report.html.page_frame import WIDE, render_page, wide_and_narrow
from gatekeeper.report.wording import (
    deciding_reason,
    headline,
    noise_text,
    reason_texts,
    verdict_word,
)
from gatekeeper.verdict import RuleKind, Verdict
from gatekeeper.verdict.recorded_check import RecordedCheck
from gatekeeper.verdict.rule_summary import worst_first

__all__ = ["Surroundings", "accepted", "render_html"]

_Context = dict[str, Any]
"""What one section gives to the template."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a check's page shows besides the check; whatever is missing is said in one line."""

    candidates: Sequence[CandidatePoint] = ()
    """Candidates that were checked on the same base and task, this one among them."""
    lineage: LineageNode | None = None
    home: str | None = None
    """Address of the site's first page, when the report is part of one."""


def render_html(check: RecordedCheck, around: Surroundings = Surroundings()) -> str:
    """Render one check. A section whose evidence is missing says so in one line."""
    return render_page(
        "report.html",
        "report.js",
        check=check.check_id,
        evidence=check.evidence,
        verdict=check.verdict,
        home=around.home,
        lineage=around.lineage,
        **_answer(check),
        **_task_and_forgetting(check),
        **_ladder(check),
        **_candidates(check, around.candidates),
        **_flips(check),
        **_training(check),
        **_weights(check),
        **_facts(check),
    )


def _answer(check: RecordedCheck) -> _Context:
    verdict = check.verdict
    return {
        "title": headline(check),
        "word": verdict_word(verdict),
        "deciding": deciding_reason(verdict),
        "others": [text for text, _ in reason_texts(verdict, deciding=False)],
        "figures": list(key_figures(check)),
    }


def _task_and_forgetting(check: RecordedCheck) -> _Context:
    tasks, kept = task_rows(check.verdict.rules), worst_first(check.verdict.rules)
    return {
        "task": wide_and_narrow(lambda w, n: task_chart(tasks, w, n), "task") if tasks else None,
        "forest": wide_and_narrow(lambda w, n: forest(kept, w, n), "forest") if kept else None,
    }


def _ladder(check: RecordedCheck) -> _Context:
    steps, bar = ladder_steps(check)
    several = len({step.rung for step in steps}) > 1
    drawn = wide_and_narrow(lambda w, n: ladder(steps, bar, w, n), "ladder") if several else None
    return {"steps": steps, "bar": bar, "ladder": drawn}


def _candidates(check: RecordedCheck, candidates: Sequence[CandidatePoint]) -> _Context:
    (margin, min_gain), mine = accepted(check.verdict), check.check_id

    def draw(width: int, name: str) -> Markup:
        return scatter(
            candidates, margin=margin, min_gain=min_gain, current=mine, width=width, name=name
        )

    drawn = wide_and_narrow(draw, "scatter") if candidates else None
    return {"candidates": candidates, "margin": margin, "scatter": drawn}


def _flips(check: RecordedCheck) -> _Context:
    rows, flips = flip_rows(check.samples), [sample.flip for sample in check.samples]
    return {
        "flips": rows,
        "flips_total": len(flips) - flips.count("none"),
        "lost": flips.count("lost"),
        "gained": flips.count("gained"),
        "scored": len(flips),
        "noise": noise_text(check.evidence),
        "capabilities": sorted({row.capability for row in rows}),
    }


def _training(check: RecordedCheck) -> _Context:
    training = check.evidence.training
    drawn = (
        wide_and_narrow(lambda w, n: curves(training, w, n), "curves")
        if has_curve(training)
        else None
    )
    return {"training": training, "curves": drawn}


def _weights(check: RecordedCheck) -> _Context:
    weights = check.evidence.weights
    return {
        "weights": weights,
        "grid": weight_grid(weights, WIDE, "grid") if weights else None,
        "largest": largest(weights) if weights else [],
    }


def _facts(check: RecordedCheck) -> _Context:
    return {
        "proofs": list(proof_facts(check.evidence)),
        "overlap": check.evidence.contamination,
        "pairs": overlap_rows(check.evidence.contamination),
        "pins": list(pin_facts(check)),
        "costs": list(cost_figures(check.evidence)),
    }


def accepted(verdict: Verdict) -> tuple[float, float]:
    """Margin and gain of the accepted region: the widest margin, since any capability may be the
    worst."""
    margins = [-rule.threshold for rule in verdict.rules if rule.kind is RuleKind.FORGETTING]
    gains = [rule.threshold for rule in verdict.rules if rule.kind is RuleKind.MIN_GAIN]
    return max(margins, default=0.05), max(gains, default=0.0)
