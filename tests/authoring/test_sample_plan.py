"""A plan before any run: needs rise with flips and fall with the margin, and nothing is guessed."""

from __future__ import annotations

from pathlib import Path

import pytest

from gatekeeper.authoring.policy_cases import Counts, PolicyCase, evidence_of
from gatekeeper.authoring.sample_plan import ASSUMED_FLIPS, Past, learn, plan_suite, seconds_of
from gatekeeper.evidence import Role
from gatekeeper.policy import load_policy
from gatekeeper.suite import load_suite
from gatekeeper.suite.sample_counts import sample_counts
from gatekeeper.verdict import RuleKind

CASES = Path(__file__).parents[2] / "policies" / "tests"


def test_the_shipped_suites_are_counted_without_loading_them() -> None:
    suite = load_suite("general")
    sizes = sample_counts(suite)
    assert suite.folder is not None
    assert list(sizes) == [capability.name for capability in suite.capabilities]
    for name in ("grammar", "arithmetic"):
        rows = (suite.folder / f"{name}.jsonl").read_text().splitlines()
        assert sizes[name] == len(rows) > 100
    assert sample_counts(load_suite("support-triage")) == {"triage": 400}


def test_more_flips_need_more_samples_and_a_wider_margin_needs_fewer() -> None:
    policy = load_policy("default").policy
    rules = plan_suite(policy, "general", Role.FORGETTING, {"grammar": 260}, {})
    needs = [rule.needed for rule in rules]
    assert [rule.flips for rule in rules] == list(ASSUMED_FLIPS)
    assert needs == sorted(needs)
    wide = policy.forgetting[0].model_copy(update={"margin": 0.12})
    wider = policy.model_copy(update={"forgetting": (wide,)})
    for rule, narrow in zip(
        plan_suite(wider, "general", Role.FORGETTING, {"grammar": 260}, {}), rules, strict=True
    ):
        assert rule.needed < narrow.needed


def test_flip_rates_come_from_recorded_checks() -> None:
    loaded = load_policy(str(CASES / "task-and-default.yaml"))
    case = PolicyCase(
        name="x",
        expect="hold",
        forgetting={"general": {"grammar": Counts(samples=200, right=150, lost=12, gained=8)}},
    )
    evidence = evidence_of(case, loaded)
    past = learn([evidence, evidence], "general")
    assert past == {"grammar": Past(samples=400, flips=40, checks=2)}
    [rule] = plan_suite(loaded.policy, "general", Role.FORGETTING, {"grammar": 260}, past)
    assert rule.flips == pytest.approx(41 / 401)
    assert rule.seen_in == 2
    base = evidence.candidate.model_copy(update={"kind": "base"})
    assert learn([evidence.model_copy(update={"candidate": base})], "general") == {}


def test_a_margin_that_the_suite_cannot_show_is_told() -> None:
    policy = load_policy("strict").policy
    [rule] = [
        r
        for r in plan_suite(
            policy, "general", Role.FORGETTING, {"grammar": 100}, {"grammar": Past(100, 20, 1)}
        )
        if r.kind is RuleKind.FORGETTING
    ]
    assert rule.enough is False
    unknown = plan_suite(policy, "general", Role.FORGETTING, {"grammar": None}, {})
    assert {r.enough for r in unknown} == {None}


def test_time_comes_from_checks_that_really_scored() -> None:
    loaded = load_policy(str(CASES / "task-and-default.yaml"))
    evidence = evidence_of(PolicyCase(name="x", expect="hold"), loaded)
    assert seconds_of([evidence]) is None
    cost = evidence.cost.model_copy(update={"seconds": 50.0, "samples_scored": 1000})
    assert seconds_of([evidence.model_copy(update={"cost": cost})]) == pytest.approx(0.05)
