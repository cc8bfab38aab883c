"""Scales of one adapter in a terminal: a table, and gain drawn against forgetting."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from gatekeeper.report.terminal.strip import Scale
from gatekeeper.report.wording import estimate_text, limit_text, name_of
from gatekeeper.verdict import RuleResult
from gatekeeper.verdict.scale_point import ScalePoint

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ["drawing", "print_scales"]

_WIDTH, _HEIGHT = 56, 11


def print_scales(console: Console, points: Sequence[ScalePoint], chosen: ScalePoint | None) -> None:
    """Print the result of every scale on the samples of the choice; the chosen one is marked."""
    _say(console, "")
    _say(console, f" {'scale':<6} {'task':>20}  {'tightest forgetting rule':<34} room", "bold")
    for point in points:
        mark = "*" if point is chosen else " "
        _say(
            console,
            f"{mark}{point.factor:<6g} {_short(point.task):>20}  {_named(point.worst):<34} "
            f"{point.room:+.1f}",
            "bold" if point is chosen else "",
        )
    _say(console, "   room: distance of the tightest rule from its limit, in half-widths", "dim")
    lines = drawing(points)
    if lines:
        _say(console, "")
        for line in lines:
            _say(console, line)


def drawing(points: Sequence[ScalePoint]) -> list[str]:
    """Task score upward, tightest forgetting to the right; `-` and `|` are the limits."""
    placed = [
        (point.factor, point.worst.estimate, point.task.estimate)
        for point in points
        if point.worst is not None
        and point.task is not None
        and point.worst.estimate is not None
        and point.task.estimate is not None
    ]
    limits = next(((p.worst, p.task) for p in points if p.worst and p.task), None)
    if not placed or limits is None:
        return []
    margin, bar = limits[0].threshold, limits[1].threshold
    across = _scale([x for _, x, _ in placed] + [margin, 0.0])
    upward = _scale([y for _, _, y in placed] + [bar])
    grid = [[" "] * _WIDTH for _ in range(_HEIGHT)]
    for row in grid:
        row[across.cell(margin, _WIDTH)] = "|"
    grid[_HEIGHT - 1 - upward.cell(bar, _HEIGHT)] = ["-"] * _WIDTH
    for factor, x, y in placed:
        label = f"o{factor:g}"
        column = min(across.cell(x, _WIDTH), _WIDTH - len(label))
        line = grid[_HEIGHT - 1 - upward.cell(y, _HEIGHT)]
        line[column : column + len(label)] = list(label)
    left = [" "] * _HEIGHT
    left[0], left[-1] = f"{100 * upward.high:.0f}", f"{100 * upward.low:.0f}"
    drawn = [f"   {mark:>5} {''.join(row).rstrip()}" for mark, row in zip(left, grid, strict=True)]
    ends = f"{100 * across.low:+.0f} points", f"{100 * across.high:+.0f}"
    axis = f"{ends[0]}{ends[1]:>{_WIDTH - len(ends[0])}}"
    return ["    task   (- limit on the task, | limit on forgetting)", *drawn, f"         {axis}"]


def _scale(values: Sequence[float]) -> Scale:
    low, high = min(values), max(values)
    edge = 0.04 * (high - low) or 0.01
    return Scale(low - edge, high + edge)


def _short(rule: RuleResult | None) -> str:
    return "-" if rule is None else f"{estimate_text(rule)} ({limit_text(rule)})"


def _named(rule: RuleResult | None) -> str:
    if rule is None:
        return "-"
    return f"{name_of(rule)[:14]} {estimate_text(rule)} ({limit_text(rule)})"


def _say(console: Console, text: str, style: str = "") -> None:
    from rich.text import Text

    console.print(Text(text.rstrip(), style=style), highlight=False, soft_wrap=True)
