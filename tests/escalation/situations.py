"""Situations for the decision table: sound evidence, then one thing changed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from gatekeeper.authoring.declared_case import Counts, Earlier, PolicyCase, Training
from gatekeeper.authoring.declared_check import evidence_of, past_of
from gatekeeper.decision.decide import decide
from gatekeeper.evidence import Contradictions, Evidence, RunManifest, TrainingShape, TrainProbe
from gatekeeper.policy import LoadedPolicy, load_policy
from gatekeeper.verdict import Verdict
from gatekeeper.verdict.rungs import ALL_LINEAR

POLICY = Path(__file__).parents[2] / "policies" / "tests" / "task-and-default.yaml"
"""Bar 85%, gain 5 points, margin 5 points; r=8 q,v - r=16 attention - r=64 all - full."""

KEPT = {"general": {"grammar": Counts(samples=400, right=320, lost=3, gained=3)}}
FORGOTTEN = {"general": {"grammar": Counts(samples=400, right=320, lost=90, gained=3)}}
ATTENTION = ("q_proj", "k_proj", "v_proj", "o_proj")
EVERYTHING = tuple(sorted(ALL_LINEAR))


def policy() -> LoadedPolicy:
    return load_policy(str(POLICY))


def situation(
    *,
    held_out: float = 0.60,
    train: float | None = 0.62,
    shape: TrainingShape = TrainingShape.CONVERGED,
    r: int = 8,
    targets: tuple[str, ...] = ("q_proj", "v_proj"),
    contradictory: float = 0.0,
    forgotten: bool = False,
    contaminated: int = 0,
    history: tuple[Earlier, ...] = (),
    **training: Any,
) -> tuple[Evidence, PolicyCase]:
    """300 held-out samples, the base right on 20% of them, and the rest as asked for."""
    case = PolicyCase(
        name="situation",
        expect="hold",
        task={"triage": Counts(samples=300, right=60, gained=round(300 * held_out) - 60)},
        forgetting=FORGOTTEN if forgotten else KEPT,
        training=Training(
            train_score=train, shape=shape, contradictions=contradictory, r=r, targets=targets
        ),
        contaminated=contaminated,
        history=history,
    )
    evidence = evidence_of(case, policy())
    changed = evidence.training.model_copy(update={"shape_text": f"It is {shape}.", **training})
    return evidence.model_copy(update={"training": changed}), case


def verdict_of(situated: tuple[Evidence, PolicyCase]) -> Verdict:
    evidence, case = situated
    return decide(evidence, policy(), past_of(case, policy()))


def manifest(**changes: Any) -> RunManifest:
    known = situation()[0].training.manifest
    assert known is not None
    return known.model_copy(update=changes)


__all__ = [
    "ATTENTION", "EVERYTHING", "Contradictions", "Earlier", "TrainProbe", "TrainingShape",
    "manifest", "policy", "situation", "verdict_of",
]  # fmt: skip
