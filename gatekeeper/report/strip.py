"""An interval drawn in characters: `   [--*--]  :   |` with the limit as `:` and zero as `|`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gatekeeper.verdict import RuleResult

__all__ = ["Scale", "scale_of", "strip"]


@dataclass(frozen=True, slots=True)
class Scale:
    """One axis for many strips, so that they can be compared by eye."""

    low: float
    high: float

    def cell(self, value: float, width: int) -> int:
        """Column of a value, clamped to the strip."""
        share = (value - self.low) / (self.high - self.low)
        return min(width - 1, max(0, round(share * (width - 1))))


def scale_of(rules: Sequence[RuleResult]) -> Scale:
    """The axis that holds every interval and limit of these rules, and zero."""
    values = [0.0]
    for rule in rules:
        values += [v for v in (rule.low, rule.high, rule.estimate, rule.threshold) if v is not None]
    low, high = min(values), max(values)
    return Scale(low, high) if high > low else Scale(low - 0.01, high + 0.01)


def strip(rule: RuleResult, scale: Scale, width: int = 25) -> str:
    """Draw one rule in ASCII; `width` characters wide, never more."""
    cells = [" "] * width
    cells[scale.cell(0.0, width)] = "|"
    cells[scale.cell(rule.threshold, width)] = ":"
    if rule.low is not None and rule.high is not None:
        left, right = scale.cell(rule.low, width), scale.cell(rule.high, width)
        for position in range(left, right + 1):
            if cells[position] == " ":
                cells[position] = "-"
        if left < right:
            cells[left], cells[right] = "[", "]"
    if rule.estimate is not None:
        cells[scale.cell(rule.estimate, width)] = "*"
    return "".join(cells)
