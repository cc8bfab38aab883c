"""The ladder in a terminal: rungs and their intervals, the bar, evidence, what is missing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gatekeeper.escalation.ladder_view import LadderView, RungRow
from gatekeeper.report.terminal.strip import Scale
from gatekeeper.report.visible_text import one_line
from gatekeeper.report.wording import percent, points, reason_text, verdict_word
from gatekeeper.verdict import Verdict

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ["print_ladder"]

_STRIP = 24
_SHORT = {"_proj": "", "all-linear": "all linear"}


def print_ladder(console: Console, name: str, verdict: Verdict, view: LadderView) -> None:
    """Print where a candidate is on the ladder and what comes next."""
    _say(console, "")
    _say(console, f" {verdict_word(verdict)}  {one_line(name)}", "bold")
    for reason in verdict.reasons:
        _wrapped(console, reason_text(reason), 3)
    _say(console, "")
    legend = "  [-*-] task score, : bar" if view.bar is not None else "  [-*-] task score"
    _say(console, " The ladder" + legend + ", then worst forgetting", "bold")
    scale = _scale(view)
    for row in view.rows:
        _say(console, _rung_line(row, view.bar, scale), "bold" if row.place == "here" else "")
    _say(console, "")
    _say(console, " Evidence for each cause", "bold")
    for found in view.indications:
        _wrapped(console, found.text, 29, f"   {found.name:<15} {found.strength:<9} ")
    _say(console, "")
    if view.before_full:
        _say(console, " Before full fine-tuning may be recommended", "bold")
        for missing in view.before_full:
            _wrapped(console, missing, 5, "   - ")
    else:
        _say(console, " Nothing is missing before full fine-tuning may be recommended.", "bold")
    _say(console, "")
    _say(console, " Next", "bold")
    step = verdict.next_step
    _wrapped(console, one_line(step.text), 3)
    if step.command:
        _say(console, f"   $ {one_line(step.command)}")


def _rung_line(row: RungRow, bar: float | None, scale: Scale) -> str:
    label = one_line(row.rung.label)
    for long, short in _SHORT.items():
        label = label.replace(long, short)
    head = f"   {label[:22]:<22} "
    if row.score is None:
        why = {"next": "comes next", "untried": "not tried", "checked": "not scored on this task"}
        return head + why.get(row.place, "")
    doubt = "" if row.sound is not False else " unsound"
    told = {"here": "<- here"}.get(row.place, f"{row.check_id or ''}{doubt}")
    lost = "" if row.worst_forgetting is None else points(row.worst_forgetting)
    return f"{head}{percent(row.score):>6} {_strip(row, bar, scale)} {lost:>5} {told}"


def _scale(view: LadderView) -> Scale:
    values = [v for row in view.rows for v in (row.low, row.high, row.score) if v is not None]
    values += [view.bar] if view.bar is not None else []
    low, high = min(values, default=0.0), max(values, default=1.0)
    return Scale(low, high) if high > low else Scale(low - 0.01, high + 0.01)


def _strip(row: RungRow, bar: float | None, scale: Scale) -> str:
    cells = [" "] * _STRIP
    if bar is not None:
        cells[scale.cell(bar, _STRIP)] = ":"
    if row.low is not None and row.high is not None:
        left, right = scale.cell(row.low, _STRIP), scale.cell(row.high, _STRIP)
        for cell in range(left, right + 1):
            cells[cell] = "-" if cells[cell] == " " else cells[cell]
        if left < right:
            cells[left], cells[right] = "[", "]"
    if row.score is not None:
        cells[scale.cell(row.score, _STRIP)] = "*"
    return "".join(cells)


def _say(console: Console, text: str, style: str = "") -> None:
    from rich.text import Text

    console.print(Text(text.rstrip(), style=style), highlight=False, soft_wrap=True)


def _wrapped(console: Console, text: str, indent: int, head: str = "") -> None:
    """Wrapped text that keeps its indent; `head` goes into the first line's indent."""
    from rich.text import Text

    lines = Text(text).wrap(console, max(24, console.width - indent - 1))
    for number, line in enumerate(lines):
        line.rstrip()
        lead = head if number == 0 and head else " " * indent
        console.print(Text(f"{lead:<{indent}}") + line, highlight=False, soft_wrap=True)
