"""Two candidates side by side in a terminal: a table with drawn intervals, plain when piped."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from gatekeeper.comparison.candidates import Advantage, Comparison, Contrast
from gatekeeper.phrases import count
from gatekeeper.report.terminal.strip import Scale, draw_strip
from gatekeeper.report.terminal.verdict_screen import paragraph
from gatekeeper.report.visible_text import one_line
from gatekeeper.report.wording import percent, points

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ["comparison_sentence", "plain_comparison", "print_comparison"]

_MARKS = {Advantage.BETTER: "✓", Advantage.WORSE: "✗", Advantage.OPEN: "?"}
_STYLE = {Advantage.BETTER: "green", Advantage.WORSE: "red", Advantage.OPEN: "dim"}
_NAME, _STRIP = 22, 20


def comparison_sentence(comparison: Comparison) -> str:
    """The whole comparison in one sentence."""
    rows = comparison.contrasts
    first, second = one_line(comparison.first), one_line(comparison.second)
    found = {kind: sum(row.advantage is kind for row in rows) for kind in Advantage}
    told = [
        f"{word} in {found[kind]}"
        for kind, word in ((Advantage.BETTER, "better"), (Advantage.WORSE, "worse"))
        if found[kind]
    ]
    of = count(len(rows), "comparison")
    if not told:
        return f"{second} against {first}: no difference is shown in {of}."
    return f"{second} against {first}: {' and '.join(told)} of {of}; the rest shows no difference."


def plain_comparison(comparison: Comparison) -> Iterator[str]:
    """Aligned ASCII lines for pipes and logs."""
    yield f"comparison: {comparison_sentence(comparison)}"
    yield f"alpha:      {comparison.alpha:g}"
    for note in comparison.notes:
        yield f"note:       {one_line(note)}"
    yield ""
    names = max(len(_name(row, comparison)) for row in comparison.contrasts)
    for row in comparison.contrasts:
        yield (
            f"{_name(row, comparison):<{names}}  {row.advantage.value:<6}  "
            f"{points(row.estimate):>6} pts  {_interval(row):<16} "
            f"{percent(row.first_score):>6} {percent(row.second_score):>6}  n={row.samples:<6}"
            f"only_first={row.only_first:<4} only_second={row.only_second:<4} "
            f"p{_p(row)} {row.method}"
        )


def print_comparison(
    console: Console, comparison: Comparison, *, quiet: bool = False, verbose: bool = False
) -> None:
    """Print a comparison; `quiet`: one sentence, `verbose`: every number as well."""
    from rich.text import Text

    def say(*parts: tuple[str, str]) -> None:
        text = Text(no_wrap=not console.is_terminal)
        for part, style in parts:
            text.append(part, style)
        console.print(text, highlight=False, soft_wrap=not console.is_terminal)

    if quiet:
        say((comparison_sentence(comparison), ""))
        return
    if not console.is_terminal:
        for line in plain_comparison(comparison):
            say((line, ""))
        return
    scale = Scale.over([v for r in comparison.contrasts for v in (r.low, r.high)])
    say()
    paragraph(console, comparison_sentence(comparison), 1, "bold")
    say()
    head = f"   {'second minus first':<{_NAME + 9}} {'':>10} {'| no difference':<{_STRIP}}"
    say((f"{head} {'n':>5} {'p':>6}", "dim"))
    for row in comparison.contrasts:
        style = _STYLE[row.advantage]
        say(
            (f"   {_fit(_name(row, comparison))} ", ""),
            (f"{_MARKS[row.advantage]} {row.advantage.value:<6} ", style),
            (f"{points(row.estimate):>6} pts ", ""),
            (draw_strip(scale, _STRIP, row.estimate, row.low, row.high), ""),
            (f" {row.samples:>5} {_p(row).removeprefix('='):>6}", ""),
        )
        if verbose:
            paragraph(console, _detail(row), 5, "dim")
    say()
    for note in comparison.notes:
        paragraph(console, one_line(note), 1, "yellow")
    level = f"{100 * (1 - comparison.alpha):g}"
    say((f" Paired samples; {level}% intervals, p adjusted over all rows (Holm).", "dim"))


def _detail(row: Contrast) -> str:
    parts = [
        f"{percent(row.first_score)} and {percent(row.second_score)}",
        _interval(row),
        f"only first right {row.only_first}, only second {row.only_second}",
        row.method,
    ]
    if row.left_out:
        parts.append(f"{row.left_out} left out")
    return " · ".join(parts)


def _name(row: Contrast, comparison: Comparison) -> str:
    """The capability; with its metric where one capability has several rows."""
    rows = [r for r in comparison.contrasts if r.capability == row.capability]
    name = one_line(row.capability)
    return f"{name} {one_line(row.metric)}" if len(rows) > 1 else name


def _interval(row: Contrast) -> str:
    return f"[{points(row.low)}, {points(row.high)}]"


def _p(row: Contrast) -> str:
    """`<.001`, `=.043`."""
    if row.p_adjusted < 0.001:
        return "<.001"
    return "=" + f"{row.p_adjusted:.3f}".removeprefix("0")


def _fit(text: str) -> str:
    return f"{text[: _NAME - 1]}…" if len(text) > _NAME else f"{text:<{_NAME}}"
