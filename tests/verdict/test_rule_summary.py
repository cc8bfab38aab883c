"""What the rules of a check say together has one answer, whoever asks and in whatever order."""

from __future__ import annotations

from typing import Any

import pytest

from gatekeeper.verdict import Decision, Outcome, PastCheck, RuleKind, RuleResult, TaskResult
from gatekeeper.verdict.rule_summary import (
    least_gain,
    missed_rule,
    result_before,
    task_bar,
    task_result,
    task_results,
    task_rule,
    worst_first,
    worst_forgetting,
)


def rule(
    suite: str, kind: RuleKind, estimate: float | None, limit: float, **more: Any
) -> RuleResult:
    """Of 100 samples, 30% right by the base."""
    ends = {
        RuleKind.BAR: f"task.{suite}.bar",
        RuleKind.MIN_GAIN: f"task.{suite}.min-gain",
        RuleKind.FORGETTING: f"forgetting.general.{suite}",
    }
    outcome = Outcome.PASS if estimate is not None and estimate >= limit else Outcome.FAIL
    shift = 0.0 if kind is RuleKind.BAR else 0.3
    given = {
        "outcome": outcome if estimate is not None else Outcome.INCONCLUSIVE,
        "low": None if estimate is None else estimate - 0.1,
        "high": None if estimate is None else estimate + 0.1,
        "base_score": 0.3,
        "candidate_score": None if estimate is None else estimate + shift,
        "samples": 0 if estimate is None else 100,
    } | more
    return RuleResult(
        rule=ends[kind], kind=kind, suite=suite, capability=suite, estimate=estimate,
        threshold=limit, available=100, **given,
    )  # fmt: skip


def bar(suite: str, estimate: float | None, limit: float, **more: Any) -> RuleResult:
    return rule(suite, RuleKind.BAR, estimate, limit, **more)


def gain(suite: str, estimate: float, limit: float, **more: Any) -> RuleResult:
    return rule(suite, RuleKind.MIN_GAIN, estimate, limit, **more)


def kept(name: str, estimate: float | None, **more: Any) -> RuleResult:
    return rule(name, RuleKind.FORGETTING, estimate, -0.05, **more)


def past(**more: Any) -> PastCheck:
    given: dict[str, Any] = {
        "check_id": "c-000000000000", "candidate_digest": "x", "rung": None,
        "decision": Decision.HOLD, "task_score": 0.5, "task_low": 0.4, "task_high": 0.6,
        "bar": 0.85, "forgetting_passed": True, "training_sound": True,
    }  # fmt: skip
    return PastCheck(**given | more)


def scored(rule_id: str, score: float) -> TaskResult:
    return TaskResult(rule=rule_id, score=score, low=score - 0.1, high=score + 0.1)


def test_a_gain_tells_the_score_itself_with_its_own_interval() -> None:
    found = task_result(gain("a", 0.4, 0.2))
    assert found.rule == "task.a.min-gain"
    assert (found.score, found.low, found.high) == pytest.approx((0.7, 0.6, 0.8))


def test_a_bar_and_a_gain_on_the_same_samples_tell_the_same_score() -> None:
    assert task_result(bar("a", 0.7, 0.5)).score == pytest.approx(
        task_result(gain("a", 0.4, 0.2)).score
    )


def test_no_score_is_below_nothing_or_above_everything() -> None:
    found = task_result(gain("a", 0.65, 0.2))
    assert (found.low, found.high) == pytest.approx((0.85, 1.0))


def test_without_an_interval_nothing_is_known_of_the_score() -> None:
    found = task_result(bar("a", 0.7, 0.5, low=None, high=None))
    assert (found.low, found.high) == (0.0, 1.0)


def test_of_two_missed_bars_the_one_missed_by_most_speaks_in_either_order() -> None:
    near, far = bar("a", 0.60, 0.65), bar("b", 0.50, 0.85)
    for order in ((near, far), (far, near)):
        assert missed_rule(order) is far
        assert task_rule(order) is far
        assert task_bar(order) == 0.85


def test_a_missed_bar_speaks_before_a_missed_gain_and_a_miss_before_a_pass() -> None:
    missed_gain, missed_bar = gain("a", 0.0, 0.5), bar("b", 0.50, 0.55)
    assert missed_rule((missed_gain, missed_bar)) is missed_bar
    assert task_rule((bar("c", 0.9, 0.8), missed_gain)) is missed_gain


def test_where_nothing_is_missed_the_rule_with_least_room_speaks() -> None:
    tight, wide = bar("b", 0.86, 0.85), bar("a", 0.90, 0.60)
    assert missed_rule((wide, tight)) is None
    assert task_rule((wide, tight)) is tight


def test_the_bar_is_the_one_where_the_speaking_rule_looks() -> None:
    rules = (bar("a", 0.9, 0.6), gain("b", 0.1, 0.5), bar("b", 0.4, 0.3))
    assert task_rule(rules) is rules[1]
    assert task_bar(rules) == 0.3
    assert task_bar((gain("a", 0.4, 0.2),)) is None


def test_a_rule_without_samples_tells_no_score() -> None:
    assert task_results((bar("a", None, 0.5), bar("b", 0.7, 0.5))) == (
        task_result(bar("b", 0.7, 0.5)),
    )
    assert task_rule((bar("a", None, 0.5), kept("x", 0.0))) is None


def test_an_earlier_check_is_asked_by_rule_id() -> None:
    both = past(tasks=(scored("task.alpha.bar", 0.5), scored("task.beta.bar", 0.9)))
    assert result_before(both, "task.alpha.bar") == scored("task.alpha.bar", 0.5)
    assert result_before(both, "task.beta.bar") == scored("task.beta.bar", 0.9)
    assert result_before(both, "task.gamma.bar") is None


def test_a_policy_that_changed_from_a_bar_to_a_gain_still_finds_the_same_samples() -> None:
    only = past(tasks=(scored("task.alpha.bar", 0.5),))
    found = result_before(only, "task.alpha.min-gain")
    assert found is not None
    assert found.score == 0.5


def test_a_check_from_before_there_were_results_by_rule_tells_its_one_score() -> None:
    found = result_before(past(), "task.alpha.bar")
    assert found is not None
    assert (found.score, found.low, found.high) == (0.5, 0.4, 0.6)


def test_what_is_not_there_is_not_written_down() -> None:
    assert "tasks" not in past().model_dump(mode="json")
    with_one = past(tasks=(scored("task.alpha.bar", 0.5),))
    assert PastCheck.model_validate_json(with_one.model_dump_json()) == with_one


def test_the_worst_loss_is_the_lowest_and_nothing_measured_is_no_loss_of_zero() -> None:
    assert worst_forgetting((kept("a", -0.02), kept("b", 0.01), bar("c", 0.1, 0.5))) == -0.02
    assert worst_forgetting((kept("a", None), bar("c", 0.1, 0.5))) is None


def test_lost_comes_before_open_and_open_before_retained() -> None:
    lost, retained = kept("a", -0.2), kept("b", 0.0)
    unsettled = kept("c", -0.3, outcome=Outcome.INCONCLUSIVE)
    assert worst_first((retained, unsettled, lost)) == [lost, unsettled, retained]


def test_the_least_gain_is_that_of_the_task_that_gained_least() -> None:
    assert least_gain((bar("a", 0.9, 0.5), bar("b", 0.5, 0.4))) == pytest.approx(0.2)
    assert least_gain((kept("a", 0.0),)) is None
