"""One capability over time: its change against the base in every check, oldest first."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from gatekeeper.phrases import count
from gatekeeper.report.html.charts.forgetting_forest import OUTCOME_SHAPE
from gatekeeper.report.html.charts.svg import Axis, Drawing, fitted
from gatekeeper.report.wording import estimate_text, outcome_word, points
from gatekeeper.verdict import RuleResult

__all__ = ["TREND_WIDTH", "trend"]

TREND_WIDTH = 270


def trend(history: Sequence[tuple[str, RuleResult]], name: str) -> Markup:
    """Draw one capability; `history` has (candidate, rule) of each check, oldest first."""
    width, height = TREND_WIDTH, 120
    left, right, top, bottom = 34, width - 10, 26, height - 8
    title = history[-1][1].capability
    values = [0.0, -0.06, 0.02]
    for _, rule in history:
        values += [v for v in (rule.low, rule.high, rule.threshold) if v is not None]
    up = Axis(min(values), max(values), bottom, top)
    across = Axis(-0.5, len(history) - 0.5, left, right)
    last = history[-1][1]
    drawing = Drawing(
        name, width, height, f"{title} over {count(len(history), 'check')}",
        f"Newest: {estimate_text(last)}, {outcome_word(last)}.",
    )  # fmt: skip
    drawing.text(0, 13, fitted(title, 170), "name")
    drawing.text(right, 13, estimate_text(last), f"outcome {last.outcome.value}", "end")
    margin, zero = up.at(last.threshold), up.at(0.0)
    drawing.rect(left, zero, right - left, margin - zero, "tolerated")
    drawing.line(left, margin, right, margin, "limit")
    drawing.line(left, zero, right, zero, "zero")
    if margin - zero >= 12:
        drawing.text(left - 6, zero + 4, "0", "tick", "end")
    drawing.text(left - 6, margin + 4, points(last.threshold).removesuffix(".0"), "tick", "end")
    for index, (candidate, rule) in enumerate(history):
        if rule.estimate is None:
            continue
        x, style = across.at(index), rule.outcome.value
        drawing.open_group(f"{candidate}: {estimate_text(rule)}, {outcome_word(rule)}", "row")
        if rule.low is not None and rule.high is not None:
            drawing.line(x, up.at(rule.low), x, up.at(rule.high), f"interval {style}")
        drawing.mark(x, up.at(rule.estimate), OUTCOME_SHAPE[rule.outcome], style, 4)
        drawing.close_group()
    return drawing.render()
