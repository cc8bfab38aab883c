"""The HTML report: one file, no network, nothing that runs but one script that it names by hash.

Model output is hostile: the template escapes everything, drawings escape their own text, and the
content security policy lets neither a foreign script nor an image nor a request through.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from markupsafe import Markup

from gatekeeper.evidence import Evidence, SampleRecord
from gatekeeper.report.drawn_values import CandidatePoint, LineageNode
from gatekeeper.report.html.charts.forgetting_forest import forest, worst_first
from gatekeeper.report.html.charts.gain_and_forgetting import scatter
from gatekeeper.report.html.charts.rank_ladder import ladder, ladder_steps
from gatekeeper.report.html.charts.task_score import task_chart, task_rows
from gatekeeper.report.html.charts.training_curves import curves, has_curve
from gatekeeper.report.html.charts.update_grid import largest, size_of, weight_grid
from gatekeeper.report.html.flip_rows import flip_rows, overlap_rows
from gatekeeper.report.html.page_facts import cost_figures, key_figures, pin_facts, proof_facts
from gatekeeper.report.visible_text import one_line, visible
from gatekeeper.report.wording import (
    MARKS,
    deciding_reason,
    estimate_text,
    headline,
    interval_text,
    limit_text,
    name_of,
    noise_text,
    outcome_word,
    percent,
    points,
    reason_text,
    reason_texts,
    verdict_word,
    when,
)
from gatekeeper.verdict import RuleKind, Verdict

if TYPE_CHECKING:
    from jinja2 import Environment

__all__ = [
    "NARROW",
    "WIDE",
    "accepted",
    "asset",
    "content_hash",
    "render_html",
    "template_environment",
]

WIDE, NARROW = 860, 340
_TEMPLATES = Path(__file__).parent / "templates"


def render_html(
    evidence: Evidence,
    verdict: Verdict,
    samples: Sequence[SampleRecord] = (),
    *,
    check_id: str | None = None,
    candidates: Sequence[CandidatePoint] = (),
    lineage: LineageNode | None = None,
    home: str | None = None,
) -> str:
    """Render one check. A section whose evidence is missing says so in one line.

    `home` is the address of the site's first page, when the report is part of one.
    """
    check = check_id or evidence.check_id
    flips = flip_rows(samples)
    steps, bar = ladder_steps(evidence, verdict)
    kept, tasks = worst_first(verdict.rules), task_rows(verdict.rules)
    margin, min_gain = accepted(verdict)
    training, weights = evidence.training, evidence.weights
    return template_environment().get_template("report.html").render(
        evidence=evidence,
        verdict=verdict,
        check=check,
        title=headline(evidence, verdict),
        word=verdict_word(verdict),
        deciding=deciding_reason(verdict),
        others=[text for text, _ in reason_texts(verdict, deciding=False)],
        figures=list(key_figures(evidence, verdict, samples)),
        task=_both(lambda w, n: task_chart(tasks, w, n), "task") if tasks else None,
        forest=_both(lambda w, n: forest(kept, w, n), "forest") if kept else None,
        steps=steps,
        bar=bar,
        ladder=_both(lambda w, n: ladder(steps, bar, w, n), "ladder")
        if len({step.rung for step in steps}) > 1
        else None,
        candidates=candidates,
        margin=margin,
        scatter=_both(
            lambda w, n: scatter(
                candidates, margin=margin, min_gain=min_gain, current=check, width=w, name=n
            ),
            "scatter",
        )
        if candidates
        else None,
        flips=flips,
        flips_total=sum(sample.flip != "none" for sample in samples),
        lost=sum(sample.flip == "lost" for sample in samples),
        gained=sum(sample.flip == "gained" for sample in samples),
        scored=len(samples),
        noise=noise_text(evidence),
        capabilities=sorted({row.capability for row in flips}),
        training=training,
        curves=_both(lambda w, n: curves(training, w, n), "curves")
        if has_curve(training)
        else None,
        weights=weights,
        grid=weight_grid(weights, WIDE, "grid") if weights else None,
        largest=largest(weights) if weights else [],
        proofs=list(proof_facts(evidence)),
        lineage=lineage,
        overlap=evidence.contamination,
        pairs=overlap_rows(evidence.contamination),
        home=home,
        pins=list(pin_facts(evidence, verdict, check)),
        costs=list(cost_figures(evidence)),
        style=asset("report.css"),
        script=asset("report.js"),
        policy=_content_policy(asset("report.css"), asset("report.js")),
    )  # fmt: skip


@cache
def template_environment() -> Environment:
    """Jinja with escaping always on and undefined names an error."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        estimate=estimate_text,
        interval=interval_text,
        limit=limit_text,
        line=one_line,
        number=lambda value: f"{value:,}",
        percent=percent,
        points=points,
        reason=reason_text,
        rule_name=name_of,
        size=size_of,
        visible=visible,
        when=when,
        word=outcome_word,
    )
    environment.globals.update(MARKS=MARKS)
    return environment


def content_hash(text: str) -> str:
    """Hash of an inline script or style as a content security policy writes it."""
    digest = hashlib.sha256(text.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"


def _content_policy(style: str, script: str) -> str:
    return (
        f"default-src 'none'; style-src {content_hash(style)}; script-src {content_hash(script)}; "
        "img-src data:; base-uri 'none'; form-action 'none'"
    )


@cache
def asset(name: str) -> Markup:
    """A file of our own, put into the page as it is."""
    return Markup((_TEMPLATES / name).read_text(encoding="utf-8"))


def _both(draw: Callable[[int, str], Markup], name: str) -> Markup:
    """The same chart for a desk and for a phone; the style sheet shows one of them."""
    return Markup('<div class="wide">{}</div><div class="narrow">{}</div>').format(
        draw(WIDE, f"{name}-w"), draw(NARROW, f"{name}-n")
    )


def accepted(verdict: Verdict) -> tuple[float, float]:
    """Margin and gain of the accepted region: the widest margin, since the worst capability may
    be any of them."""
    margins = [-rule.threshold for rule in verdict.rules if rule.kind is RuleKind.FORGETTING]
    gains = [rule.threshold for rule in verdict.rules if rule.kind is RuleKind.MIN_GAIN]
    return max(margins, default=0.05), max(gains, default=0.0)
