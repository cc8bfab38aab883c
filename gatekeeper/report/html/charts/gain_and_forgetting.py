"""Gain against forgetting of every candidate, with the region that the policy accepts."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from gatekeeper.report.drawn_values import CandidatePoint
from gatekeeper.report.html.charts.rank_ladder import DECISION_SHAPE
from gatekeeper.report.html.charts.svg import Axis, Drawing, fitted, nice_ticks
from gatekeeper.report.wording import points

__all__ = ["scatter"]


def scatter(
    candidates: Sequence[CandidatePoint],
    *,
    margin: float,
    min_gain: float,
    current: str | None,
    width: int,
    name: str,
) -> Markup:
    """Draw the candidates. `current` is the check id of the one that this report is about."""
    height = 320
    left, right, top, bottom = 50, width - 16, 28, height - 46
    losses = [point.worst_forgetting for point in candidates] + [-margin, 0.0]
    gains = [point.gain for point in candidates] + [min_gain, 0.0]
    across = Axis(min(losses) - _room(losses), max(losses) + 0.5 * _room(losses), left, right)
    up = Axis(min(gains) - _room(gains), max(gains) + _room(gains), bottom, top)
    drawing = Drawing(
        name, width, height, "Gain on the task against worst forgetting",
        f"{len(candidates)} candidates. Accepted: at most {points(margin)[1:]} points lost and a "
        f"gain of at least {points(min_gain)[1:]} points.",
    )  # fmt: skip
    _frame(drawing, across, up)
    x, y = across.at(-margin), up.at(min_gain)
    drawing.rect(x, top, right - x, y - top, "accepted")
    drawing.line(x, top, x, y, "limit")
    drawing.line(x, y, right, y, "limit")
    drawing.text(right - 6, y - 8, "accepted", "tick strong", "end")
    taken: list[tuple[float, float]] = []
    for point in sorted(candidates, key=lambda each: each.check_id == current):
        _point(drawing, point, across, up, point.check_id == current, taken)
    return drawing.render()


def _room(values: Sequence[float]) -> float:
    return 0.08 * ((max(values) - min(values)) or 0.1)


def _frame(drawing: Drawing, across: Axis, up: Axis) -> None:
    for tick in nice_ticks(across.low, across.high, 4 if drawing.width < 500 else 7):
        x = across.at(tick)
        drawing.line(x, up.end, x, up.start, "zero" if tick == 0 else "grid")
        drawing.text(x, up.start + 17, points(tick).removesuffix(".0"), "tick", "middle")
    for tick in nice_ticks(up.low, up.high, 5):
        y = up.at(tick)
        drawing.line(across.start, y, across.end, y, "zero" if tick == 0 else "grid")
        drawing.text(across.start - 8, y + 4, points(tick).removesuffix(".0"), "tick", "end")
    drawing.text(across.end, up.start + 38, "worst change in a capability, points →",
                 "tick", "end")  # fmt: skip
    drawing.text(0, 12, "↑ gain on the task, points", "tick")


def _point(
    drawing: Drawing,
    point: CandidatePoint,
    across: Axis,
    up: Axis,
    current: bool,
    taken: list[tuple[float, float]],
) -> None:
    x, y = across.at(point.worst_forgetting), up.at(point.gain)
    style = point.decision.value
    drawing.open_group(
        f"{point.name}: gain {points(point.gain)}, worst forgetting "
        f"{points(point.worst_forgetting)}, {style}",
        "row",
    )
    if current:
        drawing.mark(x, y, "ring", "here", 12)
    drawing.mark(x, y, DECISION_SHAPE[point.decision], style, 6)
    to_left = x > (across.start + across.end) / 2
    label_x, label_y = (x - 16 if to_left else x + 16), y + 4
    # A label that would overlap another one is left to the hover title and the table.
    if all(abs(label_x - a) > 90 or abs(label_y - b) > 14 for a, b in taken):
        drawing.text(label_x, label_y, fitted(point.name, 140),
                     "name" if current else "tick", "end" if to_left else "start")  # fmt: skip
        taken.append((label_x, label_y))
    drawing.close_group()
