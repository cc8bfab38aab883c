"""An earlier check that a case declares leaves behind what a real check of its numbers would."""

from __future__ import annotations

from gatekeeper.authoring.declared_case import Counts, Earlier, PolicyCase
from gatekeeper.authoring.declared_check import evidence_of, past_of
from gatekeeper.decision.decide import decide
from gatekeeper.policy import LoadedPolicy, policy_from_text
from gatekeeper.registry.check_summaries import summarise
from gatekeeper.verdict import Decision, Rung

NOW = Counts(samples=200, right=40, gained=100)


def policy(task: str) -> LoadedPolicy:
    return policy_from_text(
        f"name: x\ntask: {task}\nforgetting: {{suite: general, margin: 0.05}}\n"
    )


def case(earlier: Earlier, *tasks: str) -> PolicyCase:
    return PolicyCase(name="x", expect="hold", task=dict.fromkeys(tasks, NOW), history=(earlier,))


def test_its_intervals_are_those_of_a_check_with_the_same_counts() -> None:
    loaded = policy("{suite: triage, bar: 0.85, min_gain: 0.3}")
    [past] = past_of(case(Earlier(score=0.5, samples=300), "triage"), loaded)
    counts = Counts(samples=300, right=60, gained=90)
    evidence = evidence_of(PolicyCase(name="y", expect="hold", task={"triage": counts}), loaded)
    real = summarise(evidence, decide(evidence, loaded))
    assert real is not None
    assert [t.rule for t in past.tasks] == ["task.triage.bar", "task.triage.min-gain"]
    assert past.tasks == real.tasks
    assert (past.task_low, past.task_high) == (real.task_low, real.task_high)


def test_it_scored_every_task_of_the_policy_and_is_what_it_was_declared_to_be() -> None:
    loaded = policy("[{suite: alpha, bar: 0.85}, {suite: beta, bar: 0.6}]")
    earlier = Earlier(score=0.5, r=4, promoted=True, worst_forgetting=-0.02)
    [past] = past_of(case(earlier, "alpha"), loaded)
    assert [(t.rule, t.score) for t in past.tasks] == [
        ("task.alpha.bar", 0.5),
        ("task.beta.bar", 0.5),
    ]
    assert past.rung == Rung(r=4, targets=("q_proj", "v_proj"))
    assert (past.decision, past.worst_forgetting) == (Decision.PROMOTE, -0.02)
    assert past.training_sound
    assert past.forgetting_passed


def test_under_a_policy_without_a_task_there_is_nothing_to_compare() -> None:
    loaded = policy_from_text("name: x\nforgetting: {suite: general, margin: 0.05}\n")
    assert past_of(case(Earlier(score=0.5)), loaded) == ()
