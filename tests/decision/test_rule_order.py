"""The verdict does not depend on the order in which the policy names its rules."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import permutations
from typing import Any, TypeVar

import pytest
from draws import draws
from hypothesis import given
from hypothesis import strategies as st

from gatekeeper.authoring.declared_case import Counts, PolicyCase, Training
from gatekeeper.authoring.declared_check import evidence_of
from gatekeeper.decision.decide import decide
from gatekeeper.evidence import Evidence, Pairs
from gatekeeper.policy import LoadedPolicy, policy_from_text
from gatekeeper.registry.check_summaries import summarise
from gatekeeper.verdict import Action, Decision, PastCheck, ReasonCode, Verdict

T = TypeVar("T")
ATTENTION = ("q_proj", "k_proj", "v_proj", "o_proj")
KEPT = {"general": {"grammar": Counts(samples=400, right=320, lost=3, gained=3)}}


def policy_of(*tasks: str) -> LoadedPolicy:
    listed = "".join(f"  - {task}\n" for task in tasks)
    return policy_from_text(
        f"name: several\ntask:\n{listed}forgetting: {{suite: general, margin: 0.05}}\n"
    )


def score(share: float, samples: int = 300) -> Counts:
    """The base has 20% right."""
    right = samples // 5
    return Counts(samples=samples, right=right, gained=round(samples * share) - right)


def checked(
    policy: LoadedPolicy, scores: dict[str, float], trained: Training, name: str
) -> Evidence:
    case = PolicyCase(
        name=name,
        expect="hold",
        task={suite: score(share) for suite, share in scores.items()},
        forgetting=KEPT,
        training=trained,
    )
    return evidence_of(case, policy)


LOWER = Training(train_score=0.55, r=8)
HERE = Training(train_score=0.72, r=16, targets=ATTENTION)


def past(evidence: Evidence, policy: LoadedPolicy) -> PastCheck:
    found = summed(evidence, policy)
    assert found is not None
    return found


@pytest.mark.parametrize("order", permutations(("alpha", "beta")))
def test_a_missed_task_is_compared_with_the_same_task_of_a_lower_rung(
    order: tuple[str, ...],
) -> None:
    """Rank moved alpha from 50% to 70%; beta had its 90% already."""
    rules = {"alpha": "{suite: alpha, bar: 0.85}", "beta": "{suite: beta, bar: 0.60}"}
    policy = policy_of(*(rules[name] for name in order))
    below = checked(policy, {"alpha": 0.50, "beta": 0.90}, LOWER, "r8")
    here = checked(policy, {"alpha": 0.70, "beta": 0.90}, HERE, "r16")
    verdict = decide(here, policy, (past(below, policy),))
    assert (verdict.decision, verdict.next_step.action) == (Decision.ESCALATE, Action.NEXT_RUNG)
    assert ReasonCode.RANK_DOES_NOT_HELP not in codes(verdict)


@pytest.mark.parametrize("order", permutations(("alpha", "beta")))
def test_so_is_a_missed_capability_of_a_suite_of_two(order: tuple[str, ...]) -> None:
    policy = policy_of("{suite: both, bar: 0.85}")
    below = as_one_suite(checked(policy, {"alpha": 0.50, "beta": 0.90}, LOWER, "r8"), order)
    here = as_one_suite(checked(policy, {"alpha": 0.70, "beta": 0.90}, HERE, "r16"), order)
    verdict = decide(here, policy, (past(below, policy),))
    assert (verdict.decision, verdict.next_step.action) == (Decision.ESCALATE, Action.NEXT_RUNG)


@pytest.mark.parametrize("order", permutations((0, 1)))
def test_the_sentence_of_a_hold_is_the_same_in_either_order(order: tuple[int, ...]) -> None:
    policy = policy_of("{suite: alpha, bar: 0.6}").policy
    kept = tuple(policy.forgetting[0].model_copy(update={"suite": s}) for s in ("general", "more"))
    turned = policy.model_copy(update={"forgetting": permuted(kept, order)})
    case = PolicyCase(name="x", expect="hold", task={"alpha": score(0.9)})
    verdict = decide(evidence_of(case, LoadedPolicy(turned, "x")), LoadedPolicy(turned, "x"))
    assert verdict.next_step.action is Action.INVESTIGATE
    assert "general" in verdict.next_step.text


def as_one_suite(evidence: Evidence, order: tuple[str, ...]) -> Evidence:
    """The task suites as capabilities of one, in this order."""
    pairs = {pair.capability: pair for pair in evidence.pairs}
    tasks = tuple(pairs.pop(name).model_copy(update={"suite": "both"}) for name in order)
    return evidence.model_copy(update={"pairs": (*tasks, *pairs.values())})


def codes(verdict: Verdict) -> set[ReasonCode]:
    return {reason.code for reason in verdict.reasons}


def permuted(items: tuple[T, ...], order: Sequence[int]) -> tuple[T, ...]:
    """The items in the order of the first numbers of `order` that count them."""
    return tuple(items[index] for index in order if index < len(items))


orders = st.permutations(range(3))
shares = st.sampled_from((0.30, 0.45, 0.60, 0.70, 0.80, 0.97))
asked = st.sampled_from(("bar: 0.85", "bar: 0.65", "min_gain: 0.6", "bar: 0.8, min_gain: 0.5"))
training = st.builds(
    Training,
    train_score=st.sampled_from((0.45, 0.60, 0.75, 0.99)),
    r=st.just(16),
    targets=st.just(ATTENTION),
)
SOUND, LOST, BLIND = (
    Counts(samples=80, right=64, lost=1),
    Counts(samples=80, right=64, lost=40),
    Counts(samples=80, right=20),
)
retained = st.sampled_from((SOUND, SOUND, SOUND, LOST, BLIND))
left_out = st.sampled_from(((), (), (), (), ("alpha",), ("alpha", "beta")))


@st.composite
def lineages(draw: st.DrawFn) -> tuple[LoadedPolicy, Evidence, list[Evidence]]:
    """A policy of several rules, a check, and checks of lower rungs on the same suites."""
    names = ("alpha", "beta", "gamma")[: draw(st.integers(2, 3))]
    policy = policy_of(*(f"{{suite: {name}, {draw(asked)}}}" for name in names))
    signal = draw(st.sampled_from(("report", "hold")))
    kept = tuple(
        rule.model_copy(update={"suite": suite, "margin": 0.15, "on_no_signal": signal})
        for rule in policy.policy.forgetting
        for suite in ("general", "more")
    )
    policy = LoadedPolicy(policy.policy.model_copy(update={"forgetting": kept}), "drawn")
    forgetting = {suite: {f"{suite} skill": draw(retained)} for suite in ("general", "more")}

    def check(name: str, given: Training, without: tuple[str, ...] = ()) -> Evidence:
        task = {suite: score(draw(shares), 80) for suite in names if suite not in without}
        case = PolicyCase(
            name=name, expect="hold", task=task, forgetting=forgetting, training=given
        )
        return evidence_of(case, policy)

    here = check("here", draw(training), draw(left_out))
    lower = [
        check(f"lower {index}", Training(train_score=0.4, r=4))
        for index in range(draw(st.integers(0, 2)))
    ]
    return policy, here, lower


@given(lineages(), orders, orders, orders)
@draws(30)
def test_the_verdict_does_not_depend_on_the_order_of_the_rules(
    drawn: tuple[LoadedPolicy, Evidence, list[Evidence]],
    tasks: list[int],
    kept: list[int],
    measured: list[int],
) -> None:
    policy, here, lower = drawn
    turned = LoadedPolicy(
        policy.policy.model_copy(
            update={
                "task": permuted(policy.policy.task, tasks),
                "forgetting": permuted(policy.policy.forgetting, kept),
            }
        ),
        "turned",
    )

    def decided(under: LoadedPolicy, pairs: tuple[Pairs, ...], history: list[PastCheck]) -> Any:
        seen = here.model_copy(update={"pairs": pairs})
        verdict = decide(seen, under, tuple(history))
        reasons = sorted(reason.model_dump_json() for reason in verdict.reasons)
        step = verdict.next_step.model_dump_json().replace(seen.check_id, "this check")
        left = summarise(seen, verdict)
        kept_for_later = left and left.model_copy(update={"check_id": "this check"})
        return verdict.decision, verdict.exit_code, step, reasons, kept_for_later

    one = decided(policy, here.pairs, [past for e in lower if (past := summed(e, policy))])
    other = decided(
        turned,
        (*permuted(here.pairs[:3], measured), *here.pairs[3:]),
        [past for e in lower if (past := summed(e, turned))],
    )
    assert one == other


def summed(evidence: Evidence, policy: LoadedPolicy) -> PastCheck | None:
    return summarise(evidence, decide(evidence, policy))
