"""The verdict is a pure function, every blocking code blocks alone, and no data is never a pass."""

from __future__ import annotations

from pathlib import Path

import pytest

from gatekeeper.authoring.declared_case import Counts, Earlier, PolicyCase, Training
from gatekeeper.authoring.declared_check import evidence_of, past_of
from gatekeeper.decision.decide import decide, decide_from
from gatekeeper.decision.outcomes import compare
from gatekeeper.evidence import Evidence, Finding, Severity
from gatekeeper.policy import LoadedPolicy, load_policy
from gatekeeper.verdict import Action, Decision, Outcome, Reason, ReasonCode, RuleKind
from gatekeeper.verdict.blocking import HARMLESS, REFUSING, blocks
from gatekeeper.verdict.reason_sentences import render_reason

CASES = Path(__file__).parents[2] / "policies" / "tests"
LEARNED = {"triage": Counts(samples=300, right=90, gained=190, lost=2, chance=0.17)}
KEPT = {"general": {"grammar": Counts(samples=400, right=320, lost=3, gained=3)}}

PARAMS = {
    "rules": 1, "suite": "s", "capability": "c", "estimate": 0.1, "threshold": -0.1, "lost": 1,
    "gained": 1, "samples": 10, "needed": 20, "rule_text": "rule", "what": "x", "errors": 1,
    "text": "text", "pins": ["seed"], "fraction": 0.1, "conflicting": 1, "rows": 2,
    "submitted": 2, "best": 1, "train_score": 0.5, "rung": "r=1", "check": "c-1",
    "missing": ["x"], "held_out": 0.5, "below": "r=1", "score": 0.5, "score_below": 0.5,
}  # fmt: skip


@pytest.fixture(scope="module")
def policy() -> LoadedPolicy:
    return load_policy(str(CASES / "task-and-default.yaml"))


@pytest.fixture(scope="module")
def sound(policy: LoadedPolicy) -> Evidence:
    case = PolicyCase(name="sound", expect="promote", task=LEARNED, forgetting=KEPT)
    evidence = evidence_of(case, policy)
    assert decide(evidence, policy).decision is Decision.PROMOTE
    return evidence


def test_the_same_evidence_and_policy_give_the_same_verdict(
    sound: Evidence, policy: LoadedPolicy
) -> None:
    again = Evidence.model_validate_json(sound.model_dump_json())
    assert decide(again, policy) == decide(sound, policy)
    assert again.check_id == sound.check_id


@pytest.mark.parametrize("code", ReasonCode)
def test_every_reason_code_has_a_sentence(code: ReasonCode) -> None:
    assert render_reason(Reason(code=code, params=PARAMS)).strip()


def test_a_number_that_was_scored_already_is_not_promised_to_settle_a_rule() -> None:
    def told(needed: int | None) -> str:
        return render_reason(
            Reason(
                code=ReasonCode.INCONCLUSIVE,
                params={"rule_text": "rule", "samples": 80, "needed": needed},
            )
        )

    assert told(81) == "rule: not settled after 80 samples; about 81 such samples would settle it."
    assert told(80) == told(79) == told(None) == "rule: not settled after 80 samples."


@pytest.mark.parametrize("code", sorted(set(ReasonCode) - HARMLESS))
def test_every_other_code_blocks_alone(code: ReasonCode) -> None:
    assert blocks(Reason(code=code))


@pytest.mark.parametrize("outcome", [Outcome.FAIL, Outcome.INCONCLUSIVE])
@pytest.mark.parametrize("position", [0, 1, 2])
def test_one_rule_that_does_not_pass_is_enough(
    sound: Evidence, policy: LoadedPolicy, outcome: Outcome, position: int
) -> None:
    rules = list(compare(sound, policy))
    rules[position] = rules[position].model_copy(update={"outcome": outcome})
    verdict = decide_from(tuple(rules), sound, policy)
    assert verdict.decision is not Decision.PROMOTE
    assert verdict.exit_code != 0


def test_a_single_capability_without_signal_is_reported_and_blocks_only_under_hold(
    policy: LoadedPolicy,
) -> None:
    blind = Counts(samples=200, right=50, lost=1, gained=1)
    case = PolicyCase(
        name="x",
        expect="promote",
        task=LEARNED,
        forgetting={"general": {**KEPT["general"], "arithmetic": blind}},
    )
    verdict = decide(evidence_of(case, policy), policy)
    assert verdict.decision is Decision.PROMOTE
    assert ReasonCode.NO_SIGNAL in {reason.code for reason in verdict.reasons}
    rule = policy.policy.forgetting[0].model_copy(update={"on_no_signal": "hold"})
    strict = LoadedPolicy(policy.policy.model_copy(update={"forgetting": (rule,)}), "strict")
    assert decide(evidence_of(case, strict), strict).decision is Decision.HOLD


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"pairs": ()}, ReasonCode.NO_DATA),
        ({"effect": None}, ReasonCode.NO_DATA),
        ({"detach": None}, ReasonCode.DETACH_NOT_PROVEN),
        ({"contamination": None}, ReasonCode.CONTAMINATION_UNKNOWN),
    ],
)
def test_what_was_not_measured_is_never_a_pass(
    sound: Evidence, policy: LoadedPolicy, change: dict[str, object], code: ReasonCode
) -> None:
    verdict = decide(sound.model_copy(update=change), policy)
    assert verdict.decision is Decision.HOLD
    assert code in {reason.code for reason in verdict.reasons}


def test_an_unscored_sample_blocks(sound: Evidence, policy: LoadedPolicy) -> None:
    pairs = tuple(pair.model_copy(update={"errors": 1}) for pair in sound.pairs)
    verdict = decide(sound.model_copy(update={"pairs": pairs}), policy)
    assert verdict.decision is Decision.HOLD
    assert ReasonCode.UNSCORED_SAMPLES in {reason.code for reason in verdict.reasons}


@pytest.mark.parametrize("pin", ["base_digest", "dataset_digest", "seed"])
def test_a_missing_pin_is_a_hold_that_names_it(
    sound: Evidence, policy: LoadedPolicy, pin: str
) -> None:
    assert sound.training.manifest is not None
    manifest = sound.training.manifest.model_copy(update={pin: None})
    training = sound.training.model_copy(update={"manifest": manifest})
    verdict = decide(sound.model_copy(update={"training": training}), policy)
    assert verdict.decision is Decision.HOLD
    [reason] = [r for r in verdict.reasons if r.code is ReasonCode.PIN_MISSING]
    assert reason.params["pins"] == [pin]


def test_a_finding_that_refuses_beats_perfect_scores(sound: Evidence, policy: LoadedPolicy) -> None:
    finding = Finding(code="brand-new-code", severity=Severity.REFUSE, text="Something new.")
    verdict = decide(sound.model_copy(update={"findings": (finding,)}), policy)
    assert verdict.decision is Decision.REFUSED
    assert verdict.exit_code == 30
    assert {r.code for r in verdict.reasons} & REFUSING


def test_a_finding_that_holds_is_no_promotion_whatever_its_code(
    sound: Evidence, policy: LoadedPolicy
) -> None:
    finding = Finding(code="brand-new-code", severity=Severity.HOLD, text="Something new.")
    verdict = decide(sound.model_copy(update={"findings": (finding,)}), policy)
    assert verdict.decision is not Decision.PROMOTE


def test_report_only_never_promotes_and_never_blocks(sound: Evidence, policy: LoadedPolicy) -> None:
    loose = LoadedPolicy(policy.policy.model_copy(update={"mode": "report-only"}), "r")
    verdict = decide(sound, loose)
    assert verdict.decision is Decision.HOLD
    assert verdict.exit_code == 0


def test_full_fine_tuning_is_not_named_without_a_validation_split(policy: LoadedPolicy) -> None:
    case = PolicyCase(
        name="top",
        expect="escalate",
        task={"triage": Counts(samples=300, right=90, gained=60, lost=2, chance=0.17)},
        forgetting=KEPT,
        training=Training(
            train_score=0.55,
            r=64,
            targets=(
                "q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj",
            ),
        ),
        history=(Earlier(score=0.3),),
    )  # fmt: skip
    evidence, history = evidence_of(case, policy), past_of(case, policy)
    assert decide(evidence, policy, history).exit_code == 21
    blind = evidence.training.model_copy(update={"has_validation": False})
    verdict = decide(evidence.model_copy(update={"training": blind}), policy, history)
    assert verdict.decision is Decision.HOLD


@pytest.mark.parametrize("flipped", [0, 1])
def test_base_against_itself_says_what_its_flips_mean_and_asks_for_no_samples(
    sound: Evidence, policy: LoadedPolicy, flipped: int
) -> None:
    pairs = tuple(
        pair.model_copy(
            update={
                "candidate": (*(1 - score for score in pair.base[:flipped]), *pair.base[flipped:])
            }
        )
        for pair in sound.pairs
    )
    base = sound.candidate.model_copy(update={"kind": "base"})
    verdict = decide(sound.model_copy(update={"pairs": pairs, "candidate": base}), policy)
    step = verdict.next_step
    assert (verdict.decision, step.action) == (Decision.HOLD, Action.INVESTIGATE)
    assert f"{flipped * len(pairs)} of" in step.text
    assert ("has shown nothing" in step.text) == bool(flipped)
    assert "promotes nothing" in step.text


def test_several_candidates_pay_for_being_several(sound: Evidence, policy: LoadedPolicy) -> None:
    def width(candidates: int) -> float:
        crowd = sound.model_copy(update={"candidates_compared": candidates})
        rule = next(r for r in compare(crowd, policy) if r.kind is RuleKind.FORGETTING)
        assert rule.low is not None
        assert rule.high is not None
        return rule.high - rule.low

    assert width(5) > width(1)


def test_a_refused_adapter_is_told_its_fault_and_not_what_follows_from_it(
    sound: Evidence, policy: LoadedPolicy
) -> None:
    fault = Finding(code="not-finite", severity=Severity.REFUSE, text="NaN in one tensor.")
    ended = sound.model_copy(
        update={"findings": (fault,), "effect": None, "detach": None, "pairs": ()}
        | {"contamination": None}
    )
    verdict = decide(ended, policy)
    assert verdict.decision is Decision.REFUSED
    assert [reason.code for reason in verdict.reasons] == [ReasonCode.ADAPTER_REFUSED]
    assert "NaN in one tensor." in verdict.next_step.text
