"""An interval drawn in characters: `   [--*--]  :   |` with the limit as `:` and zero as `|`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gatekeeper.verdict import RuleResult

__all__ = ["Scale", "draw_strip", "scale_of", "strip"]


@dataclass(frozen=True, slots=True)
class Scale:
    """One axis for many strips, so that they can be compared by eye."""

    low: float
    high: float

    def cell(self, value: float, width: int) -> int:
        """Column of a value, clamped to the strip."""
        share = (value - self.low) / (self.high - self.low)
        return min(width - 1, max(0, round(share * (width - 1))))

    @classmethod
    def over(cls, values: Sequence[float | None]) -> Scale:
        """The axis that contains these values, and zero."""
        known = [0.0, *(value for value in values if value is not None)]
        low, high = min(known), max(known)
        return cls(low, high) if high > low else cls(low - 0.01, high + 0.01)


def scale_of(rules: Sequence[RuleResult]) -> Scale:
    """The axis that contains every interval and limit of these rules, and zero."""
    return Scale.over([v for r in rules for v in (r.low, r.high, r.estimate, r.threshold)])


def strip(rule: RuleResult, scale: Scale, width: int = 25) -> str:
    """Draw one rule in ASCII; `width` characters wide, never more."""
    return draw_strip(scale, width, rule.estimate, rule.low, rule.high, rule.threshold)


def draw_strip(
    scale: Scale,
    width: int,
    estimate: float | None,
    low: float | None,
    high: float | None,
    limit: float | None = None,
) -> str:
    """Draw an estimate and its interval in ASCII, with zero and, if there is one, a limit."""
    cells = [" "] * width
    cells[scale.cell(0.0, width)] = "|"
    if limit is not None:
        cells[scale.cell(limit, width)] = ":"
    if low is not None and high is not None:
        left, right = scale.cell(low, width), scale.cell(high, width)
        for position in range(left, right + 1):
            if cells[position] == " ":
                cells[position] = "-"
        if left < right:
            cells[left], cells[right] = "[", "]"
    if estimate is not None:
        cells[scale.cell(estimate, width)] = "*"
    return "".join(cells)
