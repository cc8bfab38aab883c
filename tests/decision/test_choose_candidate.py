"""Several candidates in one check: a tie favours what serves, and the best one pays for it."""

from __future__ import annotations

from pathlib import Path

import pytest

from gatekeeper.authoring.declared_case import Counts, PolicyCase, Training
from gatekeeper.authoring.declared_check import evidence_of
from gatekeeper.decision.choose_candidate import Choice, choose
from gatekeeper.decision.decide import decide
from gatekeeper.decision.outcomes import compare
from gatekeeper.evidence import Evidence
from gatekeeper.policy import LoadedPolicy, load_policy
from gatekeeper.verdict import Decision, RuleKind

CASES = Path(__file__).parents[2] / "policies" / "tests"
KEPT = {"general": {"grammar": Counts(samples=400, right=320, lost=3, gained=3)}}
LOST = {"general": {"grammar": Counts(samples=400, right=320, lost=120, gained=3)}}


@pytest.fixture(scope="module")
def policy() -> LoadedPolicy:
    return load_policy(str(CASES / "task-and-default.yaml"))


def candidate(
    policy: LoadedPolicy, name: str, gained: int, rank: int = 8, kept: dict = KEPT
) -> Evidence:
    task = {"triage": Counts(samples=400, right=100, gained=gained, chance=0.17)}
    case = PolicyCase(
        name=name, expect="promote", task=task, forgetting=kept, training=Training(r=rank)
    )
    return evidence_of(case, policy).model_copy(update={"candidates_compared": 3})


def pick(
    policy: LoadedPolicy, evidences: list[Evidence], serving: Evidence | None = None
) -> Choice | None:
    checked = [(evidence, decide(evidence, policy)) for evidence in evidences]
    return choose(checked, serving.candidate.digest if serving else None, 0.05)


def test_a_candidate_that_is_shown_to_be_better_is_taken(policy: LoadedPolicy) -> None:
    evidences = [candidate(policy, "a", 265), candidate(policy, "b", 295, rank=16)]
    choice = pick(policy, evidences, serving=evidences[0])
    assert choice is not None
    assert choice.index == 1
    assert "shown to be better than a" in choice.text


def test_a_tie_favours_what_serves_today(policy: LoadedPolicy) -> None:
    evidences = [candidate(policy, "a", 281), candidate(policy, "b", 280, rank=64)]
    choice = pick(policy, evidences, serving=evidences[1])
    assert choice is not None
    assert choice.index == 1
    assert "in service today" in choice.text


def test_a_tie_without_an_incumbent_takes_the_lowest_rank(policy: LoadedPolicy) -> None:
    evidences = [candidate(policy, "a", 281, rank=64), candidate(policy, "b", 280, rank=4)]
    choice = pick(policy, evidences)
    assert choice is not None
    assert choice.index == 1


def test_what_may_not_be_promoted_is_never_taken(policy: LoadedPolicy) -> None:
    bad = candidate(policy, "bad", 299, kept=LOST)
    good = candidate(policy, "good", 280)
    assert decide(bad, policy).decision is Decision.HOLD
    choice = pick(policy, [bad, good], serving=bad)
    assert choice is not None
    assert choice.index == 1
    assert pick(policy, [bad]) is None


def test_the_order_of_the_candidates_does_not_matter(policy: LoadedPolicy) -> None:
    evidences = [candidate(policy, n, g) for n, g in (("a", 281), ("b", 280), ("c", 283))]
    names = set()
    for order in ((0, 1, 2), (2, 1, 0), (1, 2, 0)):
        choice = pick(policy, [evidences[i] for i in order])
        assert choice is not None
        names.add(evidences[order[choice.index]].candidate.name)
    assert len(names) == 1


def test_each_interval_is_wider_for_being_one_of_several(policy: LoadedPolicy) -> None:
    def width(candidates: int) -> float:
        evidence = candidate(policy, "a", 280).model_copy(
            update={"candidates_compared": candidates}
        )
        rule = next(r for r in compare(evidence, policy) if r.kind is RuleKind.FORGETTING)
        assert rule.low is not None
        assert rule.high is not None
        return rule.high - rule.low

    assert width(1) < width(2) < width(5)
