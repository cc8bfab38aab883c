"""Held-out samples may be easier than training rows: what the base shares is no clue."""

from __future__ import annotations

import pytest
from situations import policy

from gatekeeper.authoring.declared_case import PolicyCase
from gatekeeper.authoring.declared_check import evidence_of
from gatekeeper.escalation.diagnosis import Cause, diagnose
from gatekeeper.evidence import (
    Contradictions,
    Evidence,
    RunManifest,
    TrainingEvidence,
    TrainingShape,
    TrainProbe,
)
from gatekeeper.policy import Policy
from gatekeeper.verdict import Outcome, RuleKind, RuleResult


@pytest.fixture
def sound() -> Evidence:
    return evidence_of(PolicyCase(name="x", expect="hold"), policy())


def cause(evidence: Evidence, *, base_on_rows: float, base_held_out: float) -> Cause:
    """Training rows scored at 40%, held-out samples at 60%, against a bar of 85%."""
    training = TrainingEvidence(
        manifest=RunManifest(name="x", method="lora", base="b"),
        shape=TrainingShape.CONVERGED,
        probe=TrainProbe(samples=200, base_score=base_on_rows, candidate_score=0.4),
        contradictions=Contradictions(rows=800, conflicting_rows=0, groups=0),
    )
    missed = RuleResult(
        rule="task.t.bar", kind=RuleKind.BAR, suite="t", capability="t", outcome=Outcome.FAIL,
        estimate=0.6, low=0.5, high=0.7, threshold=0.85, base_score=base_held_out,
        candidate_score=0.6, samples=200, available=400,
    )  # fmt: skip
    candidate = evidence.candidate.model_copy(
        update={"rank": 1, "target_modules": ("q_proj",), "kind": "adapter"}
    )
    changed = evidence.model_copy(update={"training": training, "candidate": candidate})
    return diagnose(changed, missed, Policy(name="p")).cause


def test_training_rows_that_only_the_adapter_answers_worse_make_the_labels_suspect(
    sound: Evidence,
) -> None:
    assert cause(sound, base_on_rows=0.3, base_held_out=0.3) is Cause.LABELS


def test_training_rows_that_are_harder_for_the_base_as_well_do_not(sound: Evidence) -> None:
    assert cause(sound, base_on_rows=0.2, base_held_out=0.4) is Cause.CAPACITY
