"""The rank ladder: task score against training shape, with the bar. The argument for escalating."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from gatekeeper.report.html.charts.svg import Axis, Drawing, fitted
from gatekeeper.report.wording import percent
from gatekeeper.verdict import Decision, Rung
from gatekeeper.verdict.recorded_check import RecordedCheck
from gatekeeper.verdict.rule_summary import result_before, task_bar, task_result, task_rule
from gatekeeper.verdict.rungs import rung_height, rung_of

__all__ = ["DECISION_SHAPE", "Step", "ladder", "ladder_steps"]

DECISION_SHAPE = {
    Decision.PROMOTE: "disc",
    Decision.HOLD: "square",
    Decision.ESCALATE: "triangle",
    Decision.REFUSED: "cross",
}
_NARROW = 500


@dataclass(frozen=True, slots=True)
class Step:
    """One check on the ladder, or the rung that comes next (no score)."""

    rung: Rung
    score: float | None
    low: float | None
    high: float | None
    decision: Decision | None
    current: bool


def ladder_steps(check: RecordedCheck) -> tuple[list[Step], float | None]:
    """Earlier checks, this one, and the next rung, lowest first; and the bar."""
    evidence, verdict = check.evidence, check.verdict
    speaks = task_rule(verdict.rules)
    steps = [
        Step(past.rung, task.score, task.low, task.high, past.decision, False)
        for past in verdict.history
        if past.rung is not None
        and past.candidate_digest != evidence.candidate.digest
        and speaks is not None
        and (task := result_before(past, speaks.rule)) is not None
    ]
    rung = rung_of(evidence.candidate)
    if rung is not None and speaks is not None:
        task = task_result(speaks)
        steps.append(Step(rung, task.score, task.low, task.high, verdict.decision, True))
    if verdict.decision is Decision.ESCALATE and verdict.next_step.rung is not None:
        steps.append(Step(verdict.next_step.rung, None, None, None, None, False))
    steps.sort(key=lambda step: (_column(step.rung), step.current))
    return steps, task_bar(verdict.rules)


def ladder(steps: Sequence[Step], bar: float | None, width: int, name: str) -> Markup:
    """Draw the ladder, one column per training shape."""
    columns = sorted({_column(step.rung) for step in steps})
    labels = {_column(step.rung): step.rung for step in steps}
    height = 270
    left, right, top, bottom = 44, width - 12, 18, height - 52
    values = [v for s in steps for v in (s.low, s.high, s.score) if v is not None]
    values += [bar] if bar is not None else []
    axis = Axis(max(0.0, min(values) - 0.08), min(1.0, max(values) + 0.06), bottom, top)
    told = "; ".join(
        f"{step.rung.label} {percent(step.score) if step.score is not None else 'comes next'}"
        for step in steps
    )
    drawing = Drawing(name, width, height, "Task score by training shape", told)
    for tick in (index / 10 for index in range(11)):
        if axis.low <= tick <= axis.high:
            y = axis.at(tick)
            drawing.line(left, y, right, y, "grid")
            drawing.text(left - 8, y + 4, f"{100 * tick:.0f}%", "tick", "end")
    if bar is not None:
        y = axis.at(bar)
        drawing.rect(left, top, right - left, y - top, "accepted")
        drawing.line(left, y, right, y, "limit")
        drawing.text(right - 4, y - 6, f"bar {percent(bar)}", "tick strong", "end")
    slot = (right - left) / max(1, len(columns))
    place = {key: left + slot * (index + 0.5) for index, key in enumerate(columns)}
    scored = [(place[_column(s.rung)], axis.at(s.score)) for s in steps if s.score is not None]
    if len(scored) > 1:
        drawing.path(scored, "travel")
    for step in steps:
        _step(drawing, step, place[_column(step.rung)], axis)
    for key, x in place.items():
        first, second = _label(labels[key])
        drawing.text(x, bottom + 20, first, "name", "middle")
        drawing.text(x, bottom + 37, fitted(second, slot), "tick", "middle")
    return drawing.render()


def _step(drawing: Drawing, step: Step, x: float, axis: Axis) -> None:
    if step.score is None:
        drawing.line(x, axis.start, x, axis.end, "next")
        drawing.text(x, axis.start - 8, "next", "tick strong", "middle")
        return
    style = step.decision.value if step.decision else ""
    now = " (this check)" if step.current else ""
    drawing.open_group(f"{step.rung.label}: {percent(step.score)}, {style}{now}", "row")
    y = axis.at(step.score)
    if step.low is not None and step.high is not None:
        drawing.line(x, axis.at(step.low), x, axis.at(step.high), f"interval {style}")
    if step.current:
        drawing.mark(x, y, "ring", "here", 12)
    drawing.mark(x, y, DECISION_SHAPE[step.decision or Decision.HOLD], style, 6)
    top = axis.at(step.high) if step.high is not None else y
    drawing.text(x, min(top - 6, y - 16), percent(step.score), "number", "middle")
    drawing.close_group()


def _column(rung: Rung) -> tuple[tuple[bool, int, int], str]:
    """Shapes of the same height with different modules are placed next to each other."""
    return rung_height(rung), rung.label


def _label(rung: Rung) -> tuple[str, str]:
    if rung.method == "full":
        return "full", "fine-tuning"
    where = rung.targets if isinstance(rung.targets, str) else ", ".join(rung.targets)
    return f"r={rung.r}", where.replace("_proj", "")
