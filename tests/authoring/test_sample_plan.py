"""How many samples are enough has one answer: for suites, for plans, and for the check itself."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from gatekeeper.authoring.declared_case import Counts, PolicyCase
from gatekeeper.authoring.declared_check import evidence_of
from gatekeeper.authoring.sample_plan import (
    ASSUMED,
    CLEAR,
    USUAL,
    Asked,
    Assumed,
    Past,
    asked_of,
    learn,
    needed,
    plan_suite,
    seconds_of,
    shortage_of,
)
from gatekeeper.cli import gate
from gatekeeper.decision import one_rule
from gatekeeper.evidence import Pairs, Role
from gatekeeper.policy import load_policy, policy_from_text
from gatekeeper.suite import load_suite
from gatekeeper.suite.sample_counts import sample_counts
from gatekeeper.verdict import Outcome, RuleKind

CASES = Path(__file__).parents[2] / "policies" / "tests"
POLICY = policy_from_text(
    """
name: p
task: {suite: mine, bar: 0.9, min_gain: 0.05}
forgetting: {suite: other, margin: 0.05, margins: {hard: 0.02}, max_lost: 0.15}
"""
).policy


def seen(base: list[int], candidate: list[int]) -> Pairs:
    """Samples that a check has seen, of a capability with many more."""
    return Pairs(
        suite="s",
        role=Role.TASK,
        capability="c",
        metric="acc",
        chance=0.0,
        available=5000,
        sample_ids=tuple(str(number) for number in range(len(base))),
        base=tuple(map(float, base)),
        candidate=tuple(map(float, candidate)),
    )


TERMS = one_rule.Terms(look_every=25, alpha=0.05, horizons={"c": 5000}, exhausted=False)


def test_the_check_asks_for_as_many_as_the_plan_when_its_samples_are_as_assumed() -> None:
    """A hundred samples with just the assumed shares; the rest are expected to be like them."""
    kept = seen([1, 0] + [1] * 98, [0, 1] + [1] * 98)
    found = one_rule.forgetting(kept, 0.05, TERMS, "r", None)
    assert found.outcome is Outcome.INCONCLUSIVE
    assert found.needed == needed(Asked(RuleKind.FORGETTING, -0.05), CLEAR, 0.05) == 115

    found = one_rule.cap_on_lost(kept, 0.03, TERMS, "r", None)
    assert found.needed == needed(Asked(RuleKind.FLIPS, 0.03), CLEAR, 0.05)

    scored = seen([0] * 100, [int(65 * n % 100 < 65) for n in range(100)])
    found = one_rule.bar(scored, 0.6, TERMS, "r", None)
    assert found.needed == needed(Asked(RuleKind.BAR, 0.6), USUAL, 0.05) == 630

    gained = seen([int(30 * n % 100 >= 30) for n in range(100)], [1] * 100)
    found = one_rule.min_gain(gained, 0.25, TERMS, "r", None)
    assert found.needed == needed(Asked(RuleKind.MIN_GAIN, 0.25), USUAL, 0.05) == 521


def test_suite_check_and_plan_give_the_same_number_for_the_same_adapter(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    rows = [{"q": f"Is {n} even or odd?", "a": ("even", "odd")[n % 2]} for n in range(60)]
    (tmp_path / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (tmp_path / "p.yaml").write_text("name: p\ntask: {suite: mine, bar: 0.6, min_gain: 0.25}\n")
    new = ["suite", "new", "mine", "--from", "rows.jsonl", "--question", "q", "--answer", "a"]
    assert CliRunner().invoke(gate, [*new, "--out", "suites"]).exit_code == 0
    (tmp_path / "gate.yaml").write_text("suites: [suites]\npolicy: p.yaml\n")

    checked = CliRunner().invoke(gate, ["suite", "check", "mine"])
    faults = re.findall(
        r"60 samples; showing (.+) needs at least (\d+), for an adapter that (.+) \(policy p\)",
        checked.output,
    )
    assert [what for what, _, _ in faults] == ["a score of 60%", "a gain of 25 points"]
    planned = CliRunner().invoke(gate, ["plan"]).output.splitlines()
    for what, number, adapter in faults:
        assert [
            line
            for line in planned
            if re.search(rf"{what} +{number} +60  {adapter}: too few", line)
        ]


def test_the_numbers_of_the_documents_are_those_of_the_code() -> None:
    text = (Path(__file__).parents[2] / "docs" / "suites.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (\d) points? \| ([\d,]+) \| ([\d,]+) \|$", text, re.MULTILINE)
    assert len(rows) == 4
    for margin, *counts in rows:
        for alpha, count in zip((0.05, 0.01), counts, strict=True):
            asked = Asked(RuleKind.FORGETTING, -int(margin) / 100)
            assert needed(asked, CLEAR, alpha) == int(count.replace(",", "")), (margin, alpha)


def test_every_number_comes_with_the_adapter_that_it_is_for() -> None:
    told = {
        asked.kind: CLEAR.text(asked)
        for suite in ("mine", "other")
        for asked in asked_of(POLICY, suite, "hard")
    }
    assert told == {
        RuleKind.BAR: "scores 95%",
        RuleKind.MIN_GAIN: "gains 15 points",
        RuleKind.FORGETTING: "loses nothing and flips 2%",
        RuleKind.FLIPS: "flips 2%, half of them lost",
    }


def test_too_few_samples_are_a_fault_with_the_number_needed() -> None:
    [fault] = shortage_of(100, "other", "easy", POLICY)
    assert fault == (
        "100 samples; showing a loss below 5 points needs at least 115, for an adapter that loses "
        "nothing and flips 2%"
    )
    [fault] = shortage_of(153, "other", "hard", POLICY)
    assert "showing a loss below 2 points needs at least 459" in fault
    assert list(shortage_of(460, "other", "hard", POLICY)) == []


def test_a_suite_that_no_rule_names_still_needs_some_samples() -> None:
    [fault] = shortage_of(20, "unnamed", "x", POLICY)
    assert "any conclusion" in fault
    assert list(shortage_of(50, "unnamed", "x", POLICY)) == []


def test_a_bar_that_no_adapter_can_be_shown_to_reach_is_a_fault() -> None:
    policy = policy_from_text("name: p\ntask: {suite: mine, bar: 1.0}\n").policy
    assert list(shortage_of(5000, "mine", "mine", policy)) == [
        "no number of samples can show a score of 100%"
    ]
    [rule] = plan_suite(policy, "mine", {"mine": 5000}, {})
    assert rule.needed is None
    assert rule.enough is False


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
    rules = plan_suite(policy, "general", {"grammar": 260}, {})
    assert [rule.assumed for rule in rules] == list(ASSUMED)
    needs = [rule.needed or 0 for rule in rules]
    assert needs == sorted(needs)
    wide = policy.forgetting[0].model_copy(update={"margin": 0.12})
    wider = policy.model_copy(update={"forgetting": (wide,)})
    for rule, narrow in zip(plan_suite(wider, "general", {"grammar": 260}, {}), needs, strict=True):
        assert rule.needed is not None
        assert rule.needed < narrow


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
    [rule] = plan_suite(loaded.policy, "general", {"grammar": 260}, past)
    assert rule.assumed == Assumed(flips=pytest.approx(41 / 401), better=USUAL.better)
    assert rule.seen_in == 2
    base = evidence.candidate.model_copy(update={"kind": "base"})
    assert learn([evidence.model_copy(update={"candidate": base})], "general") == {}


def test_a_margin_that_the_suite_cannot_show_is_reported() -> None:
    policy = load_policy("strict").policy
    past = {"grammar": Past(100, 20, 1)}
    [rule] = [
        rule
        for rule in plan_suite(policy, "general", {"grammar": 100}, past)
        if rule.asked.kind is RuleKind.FORGETTING
    ]
    assert rule.enough is False
    unknown = plan_suite(policy, "general", {"grammar": None}, {})
    assert {r.enough for r in unknown} == {None}


def test_time_comes_from_checks_that_really_scored() -> None:
    loaded = load_policy(str(CASES / "task-and-default.yaml"))
    evidence = evidence_of(PolicyCase(name="x", expect="hold"), loaded)
    assert seconds_of([evidence]) is None
    cost = evidence.cost.model_copy(update={"seconds": 50.0, "samples_scored": 1000})
    assert seconds_of([evidence.model_copy(update={"cost": cost})]) == pytest.approx(0.05)
