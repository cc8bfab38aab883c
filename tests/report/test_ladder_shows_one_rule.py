"""The ladder of the page and of the terminal show one rule of the task, the same one."""

from __future__ import annotations

from dataclasses import replace

import pytest
import report_factory as factory

from gatekeeper.escalation.ladder_view import view_ladder
from gatekeeper.report.html.charts.rank_ladder import ladder_steps
from gatekeeper.report.html.page_facts import key_figures
from gatekeeper.verdict import Outcome, RuleKind, TaskResult, Verdict

OTHER, MINE = "task.another-task.bar", "task.support-triage.bar"


def results(mine: float) -> tuple[TaskResult, ...]:
    return tuple(
        TaskResult(rule=rule, score=score, low=score - 0.04, high=score + 0.04)
        for rule, score in ((OTHER, 0.99), (MINE, mine))
    )


def with_another_task(verdict: Verdict, first: bool) -> Verdict:
    """A second suite, passed with room, whose score every earlier check remembers as its own."""
    missed = next(rule for rule in verdict.rules if rule.kind is RuleKind.BAR)
    another = missed.model_copy(
        update={
            "rule": OTHER, "suite": "another-task", "outcome": Outcome.PASS, "threshold": 0.5,
            "estimate": 0.99, "low": 0.95, "high": 1.0, "candidate_score": 0.99,
        }
    )  # fmt: skip
    rules = (another, *verdict.rules) if first else (*verdict.rules, another)
    history = tuple(
        past.model_copy(update={"task_score": 0.99, "tasks": results(past.task_score)})
        for past in verdict.history
    )
    return verdict.model_copy(update={"rules": rules, "history": history})


@pytest.mark.parametrize("first", [True, False])
def test_the_missed_task_is_shown_and_earlier_checks_of_the_same_task(first: bool) -> None:
    plain = factory.escalated_full()
    verdict = with_another_task(plain.verdict, first)
    check = replace(plain, verdict=verdict)
    steps, bar = ladder_steps(check)
    view = view_ladder(check.evidence, verdict, factory.policy().policy, verdict.history)
    scores = [0.672, 0.752, 0.784]
    assert [step.score for step in steps if step.score is not None] == scores
    assert [row.score for row in view.rows if row.score is not None] == scores
    assert bar == view.bar == 0.85
    figures = {figure.label: figure.value for figure in key_figures(check)}
    assert figures["Task score"] == "78.4%"


def test_a_policy_that_asks_for_a_gain_only_has_a_ladder_too() -> None:
    plain = factory.escalated_full()
    rules = tuple(rule for rule in plain.verdict.rules if rule.kind is not RuleKind.BAR)
    verdict = plain.verdict.model_copy(update={"rules": rules})
    steps, bar = ladder_steps(replace(plain, verdict=verdict))
    [here] = [step for step in steps if step.current]
    assert (here.score, here.low, here.high) == pytest.approx((0.784, 0.734, 0.834))
    assert bar is None
