"""What differs between two checks, for a terminal or a pipe."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from gatekeeper.comparison.checks import Change, CheckDifference, RuleChange
from gatekeeper.phrases import count
from gatekeeper.report.visible_text import clip, one_line
from gatekeeper.report.wording import estimate_text, interval_text, limit_text, outcome_word
from gatekeeper.verdict import RuleResult

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ["difference_lines", "print_difference"]

_SHORT = 54
_DIGEST = re.compile(r"sha256:([0-9a-f]{12})[0-9a-f]{52}")


def difference_lines(found: CheckDifference) -> Iterator[tuple[str, str]]:
    """Lines with the kind of each: head, before, after, or plain."""
    yield f"{one_line(found.before)} -> {one_line(found.after)}", "head"
    yield "", "plain"
    if found.inputs:
        yield "Inputs", "head"
        yield from _changed(found.inputs)
    else:
        yield (
            "No pin differs: same candidate, base, suites, policy and draw.",
            "plain",
        )
    yield "", "plain"
    if found.outcomes:
        yield "Outcome", "head"
        yield from _changed(found.outcomes)
    else:
        yield "The verdict and its reasons are the same.", "plain"
    yield "", "plain"
    same = f"{count(found.same_rules, 'rule')} gave the same numbers"
    if found.rules:
        rest = f"  ({same})" if found.same_rules else ""
        yield f"Rules{rest}", "head"
        for change in found.rules:
            yield f"  {one_line(change.rule)}{'  NEW OUTCOME' if change.turned else ''}", "plain"
            yield from _sides(change)
    else:
        yield f"{same}.", "plain"
    if found.policy:
        yield "", "plain"
        yield "Policy, with `extends` resolved", "head"
        for line in found.policy[2:]:
            kind = {"-": "before", "+": "after"}.get(line[:1], "plain")
            yield f"  {line[:1]}{one_line(line[1:]) if line.strip() else ''}", kind


def print_difference(console: Console, found: CheckDifference) -> None:
    """Print it; colours only on a terminal."""
    from rich.text import Text

    styles = {"head": "bold", "before": "red", "after": "green", "plain": ""}
    for line, kind in difference_lines(found):
        console.print(
            Text(line, styles[kind], no_wrap=not console.is_terminal),
            highlight=False,
            soft_wrap=not console.is_terminal,
        )


def _changed(changes: tuple[Change, ...]) -> Iterator[tuple[str, str]]:
    """One line when both sides are short, else one for each."""
    for change in changes:
        what, before, after = one_line(change.what), _value(change.before), _value(change.after)
        if len(before) + len(after) <= _SHORT:
            yield f"  {what:<18} {before} -> {after}", "plain"
            continue
        yield f"  {what}", "plain"
        yield f"    - {before}", "before"
        yield f"    + {after}", "after"


def _sides(change: RuleChange) -> Iterator[tuple[str, str]]:
    for mark, rule, kind in (("-", change.before, "before"), ("+", change.after, "after")):
        yield f"    {mark} {_rule(rule)}", kind


def _rule(rule: RuleResult | None) -> str:
    if rule is None:
        return "not asked"
    parts = (outcome_word(rule), estimate_text(rule), interval_text(rule), limit_text(rule))
    told = " ".join(part for part in parts if part)
    return f"{told}  n={rule.samples}".replace("≥", ">=").replace("≤", "<=")


def _value(text: str | None) -> str:
    return clip(_DIGEST.sub(r"\1", one_line(text)), 200) if text is not None else "none"
