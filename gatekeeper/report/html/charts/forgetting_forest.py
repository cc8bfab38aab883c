"""The forest plot: what each capability lost or kept, with interval and tolerated loss."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from gatekeeper.phrases import count
from gatekeeper.report.html.charts.svg import Axis, Drawing, fitted, nice_ticks
from gatekeeper.report.wording import (
    MARKS,
    estimate_text,
    interval_text,
    limit_text,
    name_of,
    outcome_word,
    percent,
)
from gatekeeper.verdict import Outcome, RuleResult

__all__ = ["OUTCOME_SHAPE", "forest"]

OUTCOME_SHAPE = {
    Outcome.PASS: "disc",
    Outcome.FAIL: "cross",
    Outcome.INCONCLUSIVE: "ring",
    Outcome.NO_SIGNAL: "diamond",
}
_NARROW = 500


def forest(rules: Sequence[RuleResult], width: int, name: str) -> Markup:
    """Draw the forgetting rules; `rules` are drawn in the order given."""
    narrow = width < _NARROW
    row, top = (44, 26) if narrow else (30, 30)
    height = top + row * len(rules) + 26
    axis = _axis(rules, (8, width - 8) if narrow else (172, width - 286))
    lost = [rule.capability for rule in rules if rule.outcome is Outcome.FAIL]
    drawing = Drawing(
        name,
        width,
        height,
        "Change of every capability against the base",
        f"{len(rules)} capabilities, in percentage points with interval and tolerated loss. "
        + (f"Lost: {', '.join(lost)}." if lost else "None was lost."),
    )
    _frame(drawing, axis, top, height - 26, narrow)
    for index, rule in enumerate(rules):
        _row(drawing, axis, rule, top + index * row, row, narrow)
    return drawing.render()


def _axis(rules: Sequence[RuleResult], pixels: tuple[float, float]) -> Axis:
    values = [0.0, 0.01]
    for rule in rules:
        values += [v for v in (rule.low, rule.high, rule.estimate, rule.threshold) if v is not None]
    low, high = min(values), max(values)
    room = 0.06 * (high - low)
    return Axis(low - room, high + room, *pixels)


def _frame(drawing: Drawing, axis: Axis, top: float, bottom: float, narrow: bool) -> None:
    for tick in nice_ticks(axis.low, axis.high, 4 if narrow else 7):
        x = axis.at(tick)
        if not narrow:
            drawing.line(x, top, x, bottom, "zero" if tick == 0 else "grid")
        label = "0" if tick == 0 else f"{100 * tick:+g}"
        drawing.text(x, bottom + 17, label, "tick", "middle")
    drawing.text(axis.at(0.0), top - 9, "no change", "tick", "middle")


def _row(
    drawing: Drawing, axis: Axis, rule: RuleResult, top: float, height: float, narrow: bool
) -> None:
    middle = top + (31 if narrow else height / 2)
    style = rule.outcome.value
    drawing.open_group(_told(rule), "row")
    margin, zero = axis.at(rule.threshold), axis.at(0.0)
    half = 10 if narrow else height / 2
    if narrow:
        drawing.line(axis.start, middle + half, axis.end, middle + half, "grid")
    drawing.rect(margin, middle - half, zero - margin, 2 * half, "tolerated")
    drawing.line(margin, middle - half, margin, middle + half, "limit")
    if narrow:
        drawing.line(zero, middle - half, zero, middle + half, "zero")
    if rule.low is not None and rule.high is not None:
        left, right = axis.at(rule.low), axis.at(rule.high)
        drawing.line(left, middle, right, middle, f"interval {style}")
        for x in (left, right):
            drawing.line(x, middle - 4, x, middle + 4, f"interval {style}")
    if rule.estimate is not None:
        drawing.mark(axis.at(rule.estimate), middle, OUTCOME_SHAPE[rule.outcome], style)
    word = f"{MARKS[rule.outcome]} {outcome_word(rule)}"
    if narrow:
        right = drawing.width - 8
        drawing.text(8, top + 15, fitted(name_of(rule), right - 190), "name")
        drawing.text(right - 108, top + 15, estimate_text(rule), "number", "end")
        drawing.text(right, top + 15, word, f"outcome {style}", "end")
    else:
        drawing.text(0, middle + 4, fitted(name_of(rule), 164), "name")
        drawing.text(axis.end + 74, middle + 4, estimate_text(rule), "number", "end")
        drawing.text(axis.end + 82, middle + 4, interval_text(rule), "tick")
        drawing.text(drawing.width, middle + 4, word, f"outcome {style}", "end")
    drawing.close_group()


def _told(rule: RuleResult) -> str:
    return (
        f"{name_of(rule)}: {outcome_word(rule)}, {estimate_text(rule)} {interval_text(rule)}, "
        f"must be {limit_text(rule)}; {percent(rule.base_score)} before, "
        f"{percent(rule.candidate_score)} now, {count(rule.samples, 'sample')}"
    )
