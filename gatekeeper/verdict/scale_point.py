"""One adapter at one scale, on the samples used for the choice: its rules and their room."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gatekeeper.verdict.verdict import Outcome, RuleKind, RuleResult

__all__ = ["ScalePoint", "room"]


@dataclass(frozen=True, slots=True)
class ScalePoint:
    """One scale on the samples used for the choice."""

    factor: float
    rules: tuple[RuleResult, ...]

    @property
    def room(self) -> float:
        """See `room`."""
        return room(self.rules)

    @property
    def task(self) -> RuleResult | None:
        """The task rule with the least room."""
        return _tightest(self.rules, (RuleKind.BAR, RuleKind.MIN_GAIN))

    @property
    def worst(self) -> RuleResult | None:
        """The forgetting rule with the least room."""
        return _tightest(self.rules, (RuleKind.FORGETTING, RuleKind.FLIPS, RuleKind.KL))


def room(rules: Sequence[RuleResult]) -> float:
    """Distance of the tightest rule from its limit, in half-widths of its interval.

    Positive: every estimate is on the right side of its limit. Minus infinity without any rule.
    """
    return min((_room(rule) for rule in rules if _counts(rule)), default=float("-inf"))


def _tightest(rules: Sequence[RuleResult], kinds: tuple[RuleKind, ...]) -> RuleResult | None:
    return min((r for r in rules if r.kind in kinds and _counts(r)), key=_room, default=None)


def _counts(rule: RuleResult) -> bool:
    return rule.estimate is not None and rule.outcome is not Outcome.NO_SIGNAL


def _room(rule: RuleResult) -> float:
    estimate = rule.estimate or 0.0
    caps = rule.kind in (RuleKind.FLIPS, RuleKind.KL)
    slack = rule.threshold - estimate if caps else estimate - rule.threshold
    if rule.low is None or rule.high is None or rule.high <= rule.low:
        return slack
    return 2 * slack / (rule.high - rule.low)
