"""What the rules say together: one answer for everybody who asks."""

from __future__ import annotations

from gatekeeper.verdict.verdict import Outcome, RuleKind, RuleResult

__all__ = ["missed_rule"]


def missed_rule(rules: tuple[RuleResult, ...]) -> RuleResult | None:
    """The rule of the task that is shown to be missed, a bar before a gain; None if none is."""
    missed = [
        rule
        for rule in rules
        if rule.kind in (RuleKind.BAR, RuleKind.MIN_GAIN) and rule.outcome is Outcome.FAIL
    ]
    return min(missed, key=lambda rule: rule.kind is not RuleKind.BAR, default=None)
