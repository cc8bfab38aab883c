"""What the rules of a check say together: one answer for every caller. Pure.

No choice or number here depends on the order in which the policy names its rules.
"""

from __future__ import annotations

from collections.abc import Iterable

from gatekeeper.verdict.verdict import Outcome, PastCheck, RuleKind, RuleResult, TaskResult

__all__ = [
    "least_gain",
    "missed_rule",
    "result_before",
    "task_bar",
    "task_result",
    "task_results",
    "task_rule",
    "task_rules",
    "worst_first",
    "worst_forgetting",
]

_WORST_FIRST = (Outcome.FAIL, Outcome.INCONCLUSIVE, Outcome.PASS, Outcome.NO_SIGNAL)


def task_rules(rules: Iterable[RuleResult]) -> list[RuleResult]:
    """The rules of the task, in the order given."""
    return [rule for rule in rules if rule.kind in (RuleKind.BAR, RuleKind.MIN_GAIN)]


def task_rule(rules: Iterable[RuleResult]) -> RuleResult | None:
    """The rule that represents the task where one number must; None when no task was scored.

    A missed rule before others, a bar before a gain, and then the one with the least room.
    """
    return min(_scored(rules), key=_precedence, default=None)


def missed_rule(rules: Iterable[RuleResult]) -> RuleResult | None:
    """The rule of the task that is shown to be missed; None if none is.

    Of several, a bar before a gain, and then the one that is missed by most.
    """
    missed = [rule for rule in task_rules(rules) if rule.outcome is Outcome.FAIL]
    return min(missed, key=_precedence, default=None)


def task_bar(rules: Iterable[RuleResult]) -> float | None:
    """The bar on the samples of `task_rule`, 0 to 1; None when the policy sets none there."""
    rules = tuple(rules)
    speaks = task_rule(rules)
    if speaks is None:
        return None
    asked = [rule for rule in rules if rule.kind is RuleKind.BAR]
    where = _samples_of(speaks.rule)
    return next((bar.threshold for bar in asked if _samples_of(bar.rule) == where), None)


def task_result(rule: RuleResult) -> TaskResult:
    """The candidate's score on the samples of a task rule.

    The interval is the rule's own, moved from what it measures (for a gain, the difference from
    the base) to the score. Without an interval nothing is known: 0 to 1.
    """
    estimate = rule.estimate or 0.0
    score = estimate if rule.candidate_score is None else rule.candidate_score
    shift = score - estimate
    return TaskResult(
        rule=rule.rule,
        score=score,
        low=0.0 if rule.low is None else max(0.0, rule.low + shift),
        high=1.0 if rule.high is None else min(1.0, rule.high + shift),
    )


def task_results(rules: Iterable[RuleResult]) -> tuple[TaskResult, ...]:
    """The result of every rule of the task that was scored, by rule id."""
    return tuple(sorted(map(task_result, _scored(rules)), key=lambda result: result.rule))


def result_before(past: PastCheck, rule: str) -> TaskResult | None:
    """What an earlier check scored on the samples of this rule; None when it did not score them.

    A policy that has since replaced a bar with a gain still uses the same samples. A check recorded
    before there were `tasks` kept one score, and that is all there is to compare.
    """
    if not past.tasks:
        return TaskResult(rule=rule, score=past.task_score, low=past.task_low, high=past.task_high)
    same_samples = [task for task in past.tasks if _samples_of(task.rule) == _samples_of(rule)]
    return min(same_samples, key=lambda task: task.rule != rule, default=None)


def worst_forgetting(rules: Iterable[RuleResult]) -> float | None:
    """The most negative difference from the base over the capabilities, positive when nothing was
    lost; None when nothing was measured."""
    found = (rule.estimate for rule in rules if rule.kind is RuleKind.FORGETTING)
    return min((estimate for estimate in found if estimate is not None), default=None)


def worst_first(rules: Iterable[RuleResult]) -> list[RuleResult]:
    """Forgetting rules: lost, then open, then retained, each from the largest loss up."""
    kept = [rule for rule in rules if rule.kind is RuleKind.FORGETTING]
    return sorted(kept, key=lambda r: (_WORST_FIRST.index(r.outcome), r.estimate or 0.0))


def least_gain(rules: Iterable[RuleResult]) -> float | None:
    """The smallest gain over the base of any task; None when no task was scored."""
    return min(
        (
            rule.candidate_score - rule.base_score
            for rule in task_rules(rules)
            if rule.candidate_score is not None and rule.base_score is not None
        ),
        default=None,
    )


def _scored(rules: Iterable[RuleResult]) -> list[RuleResult]:
    return [rule for rule in task_rules(rules) if rule.samples and rule.estimate is not None]


def _precedence(rule: RuleResult) -> tuple[bool, bool, float, str]:
    room = (rule.estimate or 0.0) - rule.threshold
    return rule.outcome is not Outcome.FAIL, rule.kind is not RuleKind.BAR, room, rule.rule


def _samples_of(rule_id: str) -> str:
    """`task.triage` of `task.triage.bar`: which samples a rule uses, without what it asks."""
    return rule_id.rpartition(".")[0]
