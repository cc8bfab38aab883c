"""The task: base score, candidate score with interval, and the bar, on a scale of 0 to 100%."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from gatekeeper.report.html.charts.forgetting_forest import OUTCOME_SHAPE
from gatekeeper.report.html.charts.svg import Axis, Drawing, fitted
from gatekeeper.report.wording import MARKS, estimate_text, limit_text, outcome_word, percent
from gatekeeper.verdict import Outcome, RuleKind, RuleResult

__all__ = ["TaskRow", "task_chart", "task_rows"]

_NARROW = 500


@dataclass(frozen=True, slots=True)
class TaskRow:
    """One capability of a task suite, with the rules that apply to it."""

    name: str
    bar: RuleResult | None
    gain: RuleResult | None

    @property
    def rule(self) -> RuleResult:
        """The rule that leads: the bar where there is one."""
        rule = self.bar or self.gain
        if rule is None:
            raise ValueError("a task row needs a rule")
        return rule

    @property
    def outcome(self) -> Outcome:
        """Worst outcome of the two."""
        found = {rule.outcome for rule in (self.bar, self.gain) if rule}
        order = (Outcome.FAIL, Outcome.INCONCLUSIVE, Outcome.NO_SIGNAL, Outcome.PASS)
        return next(outcome for outcome in order if outcome in found)


def task_rows(rules: Iterable[RuleResult]) -> list[TaskRow]:
    """Bar and gain of the same capability in one row."""
    found: dict[tuple[str, str], dict[RuleKind, RuleResult]] = {}
    for rule in rules:
        if rule.kind in (RuleKind.BAR, RuleKind.MIN_GAIN):
            found.setdefault((rule.suite, rule.capability), {})[rule.kind] = rule
    return [
        TaskRow(
            suite if suite == capability else f"{suite}: {capability}",
            kinds.get(RuleKind.BAR),
            kinds.get(RuleKind.MIN_GAIN),
        )
        for (suite, capability), kinds in found.items()
    ]


def task_chart(rows: Sequence[TaskRow], width: int, name: str) -> Markup:
    """Draw the task rows."""
    narrow = width < _NARROW
    height_of_row, top = (72, 8) if narrow else (52, 12)
    height = top + height_of_row * len(rows) + 26
    axis = Axis(0.0, 1.0, *((18, width - 18) if narrow else (172, width - 286)))
    told = "; ".join(
        f"{row.name} {percent(row.rule.base_score)} to {percent(row.rule.candidate_score)}"
        for row in rows
    )
    drawing = Drawing(name, width, height, "Task score before and after", told)
    for tick in (0.0, 0.25, 0.5, 0.75, 1.0):
        x = axis.at(tick)
        if not narrow:
            drawing.line(x, top, x, height - 26, "grid")
        drawing.text(x, height - 9, f"{100 * tick:.0f}%", "tick", "middle")
    for index, row in enumerate(rows):
        _row(drawing, axis, row, top + index * height_of_row, height_of_row, narrow)
    return drawing.render()


def _row(
    drawing: Drawing, axis: Axis, row: TaskRow, top: float, height: float, narrow: bool
) -> None:
    rule, style = row.rule, row.outcome.value
    middle = top + (52 if narrow else height / 2)
    half = 14
    drawing.open_group(f"{row.name}: {outcome_word(rule)}", "row")
    base, now = rule.base_score, rule.candidate_score
    if row.bar is not None:
        x = axis.at(row.bar.threshold)
        drawing.rect(x, middle - half, axis.end - x, 2 * half, "accepted")
        drawing.line(x, middle - half, x, middle + half, "limit")
    if base is not None and now is not None:
        drawing.line(axis.at(base), middle, axis.at(now), middle, "travel")
    if row.bar is not None and row.bar.low is not None and row.bar.high is not None:
        left, right = axis.at(row.bar.low), axis.at(row.bar.high)
        drawing.line(left, middle, right, middle, f"interval {style}")
        for x in (left, right):
            drawing.line(x, middle - 5, x, middle + 5, f"interval {style}")
    if base is not None:
        drawing.mark(axis.at(base), middle, "diamond", "before", 4.5)
        drawing.text(axis.at(base), middle + 20, "base", "tick", "middle")
    if now is not None:
        drawing.mark(axis.at(now), middle, OUTCOME_SHAPE[row.outcome], style, 6)
    lines = [rule for rule in (row.bar, row.gain) if rule is not None]
    if narrow:
        drawing.text(12, top + 15, fitted(row.name, 150), "name")
        for index, item in enumerate(lines):
            drawing.text(drawing.width - 12, top + 15 + 17 * index, _told(item),
                         f"outcome {item.outcome.value}", "end")  # fmt: skip
    else:
        drawing.text(0, middle + 4, fitted(row.name, 164), "name")
        for index, item in enumerate(lines):
            y = middle + 4 + (18 * index - 9 * (len(lines) - 1))
            drawing.text(axis.end + 86, y, estimate_text(item), "number", "end")
            drawing.text(axis.end + 94, y, limit_text(item), "tick")
            word = f"{MARKS[item.outcome]} {outcome_word(item)}"
            drawing.text(drawing.width, y, word, f"outcome {item.outcome.value}", "end")
    drawing.close_group()


def _told(rule: RuleResult) -> str:
    return f"{estimate_text(rule)} {MARKS[rule.outcome]} {outcome_word(rule)}"
