"""What surrounds a decision, on adapters that were really trained: plan, replay, several, A/A."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from trained import World

from gatekeeper.cli import main
from gatekeeper.registry import Registry


def gate(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> tuple[int, str, str]:
    capsys.readouterr()
    with pytest.raises(SystemExit) as leaving:
        main(arguments)
    told = capsys.readouterr()
    assert "Traceback" not in told.err
    return int(leaving.value.code or 0), told.out, told.err


def changed_policy(world: World, place: Path, **changes: object) -> str:
    policy = yaml.safe_load(world.policy.read_text()) | changes
    (place / "other.yaml").write_text(yaml.safe_dump(policy))
    return "other.yaml"


def test_a_policy_that_would_not_have_promoted_is_named_with_exit_code_10(
    world: World, place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert gate(["check", str(world.careful), "--promote", "-q"], capsys)[0] == 0
    assert gate(["check", str(world.careless), "-q"], capsys)[0] == 10
    code, out, err = gate(["policy", "replay", str(world.policy)], capsys)
    assert code == 0
    assert "2 checks decided again under tiny: 0 verdicts would change." in out
    strict = changed_policy(world, place, name="impossible", task={"suite": "rot", "bar": 1.0})
    code, out, err = gate(["policy", "replay", strict], capsys)
    assert code == 10
    assert "careful: promote -> " in out
    assert "(serves production)" in out
    assert "1 past promotion would no longer be promoted." in err


def test_a_looser_policy_changes_verdicts_without_a_failure(
    world: World, place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    gate(["check", str(world.careless), "-q"], capsys)
    loose = changed_policy(
        world, place, name="loose", forgetting={"suite": "skills", "margin": 0.99}
    )
    code, out, _ = gate(["policy", "replay", loose], capsys)
    assert code == 0
    assert "careless: hold -> promote" in out


def test_a_plan_starts_from_assumptions_and_learns_from_recorded_checks(
    world: World, place: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    # A cache of its own: what other tests have scored would take no time.
    monkeypatch.setenv("GATE_CACHE", str(place / "cache"))
    code, before, _ = gate(["plan"], capsys)
    assert code == 0
    assert "for an adapter that" in before
    assert "as in" not in before
    assert "there is no time estimate" in before
    gate(["check", str(world.careful), "-q"], capsys)
    code, after, _ = gate(["plan", "--suite", "skills"], capsys)
    assert code == 0
    assert "as in 1 check" in after
    assert "ms per score" in after
    assert "rot" not in after


def test_a_plan_says_where_the_suite_is_too_small_for_the_margin(
    world: World, place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tight = changed_policy(world, place, forgetting={"suite": "skills", "margin": 0.001})
    code, out, _ = gate(["plan", "--policy", tight], capsys)
    assert code == 0
    assert "too few" in out


def test_of_several_candidates_the_one_to_take_is_named_and_only_that_is_promoted(
    world: World, place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["check", str(world.careless), str(world.careful), "--promote", "-q"]
    code, out, _ = gate(arguments, capsys)
    assert code == 10
    assert "careful is the only one that may be promoted" in out
    state = Registry.open(place / ".gate").state()
    assert state.label(state.channel("production").serving.target).startswith("careful")
    for check_id in state.checks:
        assert Registry.open(place / ".gate").load_check(check_id).evidence.candidates_compared == 2


def test_base_against_itself_reports_the_noise_floor_and_loses_nothing(
    world: World, place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, _ = gate(["check", "--aa"], capsys)
    assert code == 10
    assert "0 of" in out
    assert "noise floor" in out
    [check_id] = Registry.open(place / ".gate").state().checks
    check = Registry.open(place / ".gate").load_check(check_id)
    evidence, verdict = check.evidence, check.verdict
    assert evidence.cost.samples_scored >= sum(len(p.base) for p in evidence.pairs)
    outcomes = {r.kind.value: r.outcome.value for r in verdict.rules if r.kind == "forgetting"}
    assert outcomes == {"forgetting": "pass"}
