"""Why is the task missed, and what is the next step? Pure.

The order of the questions is the policy of the whole tool: data faults first (no knob fixes
them), then training faults, then the absence of evidence, and only then capacity. Full
fine-tuning is named only when the top LoRA rung was itself checked and shown to be below the bar.
The table is in docs/decision.md, one row per branch here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from gatekeeper.evidence import CandidatePin, Evidence, TrainingEvidence, TrainingShape
from gatekeeper.policy import Policy
from gatekeeper.verdict import (
    Action,
    NextStep,
    Outcome,
    PastCheck,
    Reason,
    ReasonCode,
    RuleKind,
    RuleResult,
    Rung,
)

__all__ = ["Diagnosis", "diagnose_miss", "reduce_forgetting", "rung_of"]

ALL_LINEAR = frozenset(
    {"q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"}
)
GENERALISATION_GAP = 0.15
"""Train score minus held-out score from which the adapter memorised rather than learned."""


@dataclass(frozen=True)
class Diagnosis:
    """Reasons and the step that follows from them; `escalates` only when capacity lacks."""

    reasons: tuple[Reason, ...]
    next_step: NextStep
    escalates: bool = False


def rung_of(candidate: CandidatePin) -> Rung | None:
    """The training shape of a candidate, from its config."""
    if candidate.kind == "checkpoint":
        return Rung(method="full")
    if candidate.kind != "adapter" or candidate.rank is None:
        return None
    targets = frozenset(name.rsplit(".", 1)[-1] for name in candidate.target_modules)
    if targets >= ALL_LINEAR or "all-linear" in targets:
        return Rung(r=candidate.rank, targets="all-linear")
    return Rung(r=candidate.rank, targets=tuple(sorted(targets)))


def diagnose_miss(
    evidence: Evidence,
    rules: tuple[RuleResult, ...],
    policy: Policy,
    history: tuple[PastCheck, ...],
) -> Diagnosis:
    """The task bar is shown to be missed: say why and what comes next."""
    training = evidence.training
    missed = next(
        r
        for r in rules
        if r.kind in (RuleKind.BAR, RuleKind.MIN_GAIN) and r.outcome is Outcome.FAIL
    )
    return (
        _data_fault(training, policy)
        or _training_fault(training, missed)
        or _missing_evidence(evidence, training)
        or _capacity(evidence, policy, history, missed)
    )


def reduce_forgetting(evidence: Evidence) -> NextStep:
    """The task is learned and something was lost: what to try, gentlest first."""
    manifest = evidence.training.manifest
    tried = []
    if manifest and manifest.epochs:
        tried.append(f"fewer than {manifest.epochs:g} epochs")
    if manifest and manifest.learning_rate:
        tried.append(f"a learning rate below {manifest.learning_rate:g}")
    tried += ["a lower alpha", "some general examples mixed into the training data"]
    best, submitted = evidence.training.best_step, evidence.training.submitted_step
    if best is not None and submitted is not None and best < submitted:
        return NextStep(
            action=Action.USE_CHECKPOINT,
            text=f"Check the checkpoint of step {best}: its validation loss is the lowest, and "
            "fewer steps forget less.",
        )
    return NextStep(
        action=Action.REDUCE_FORGETTING,
        text="Train it more gently and check again: try " + ", ".join(tried) + ".",
    )


def _data_fault(training: TrainingEvidence, policy: Policy) -> Diagnosis | None:
    found = training.contradictions
    if found is None or found.fraction <= policy.data.max_contradictions:
        return None
    return Diagnosis(
        reasons=(
            Reason(
                code=ReasonCode.CONTRADICTORY_LABELS,
                params={"conflicting": found.conflicting_rows, "rows": found.rows},
            ),
        ),
        next_step=NextStep(
            action=Action.FIX_DATA,
            text="Fix the labels and train the same rung again; a higher rank would only "
            "memorise the contradiction.",
        ),
    )


def _training_fault(training: TrainingEvidence, missed: RuleResult) -> Diagnosis | None:
    shape, text = training.shape, training.shape_text or "The training curve says so."
    probe = training.probe
    if shape is TrainingShape.DIVERGED:
        return Diagnosis(
            (Reason(code=ReasonCode.DIVERGED, params={"text": text}),),
            NextStep(
                action=Action.LOWER_LEARNING_RATE,
                text="Train the same rung again at a third of the learning rate.",
            ),
        )
    gap = (
        probe.candidate_score - missed.candidate_score
        if probe and missed.candidate_score is not None
        else None
    )
    if shape is TrainingShape.OVER_FIT or (gap is not None and gap > GENERALISATION_GAP):
        if probe and gap is not None and gap > GENERALISATION_GAP:
            text = (
                f"The training data is fitted to {100 * probe.candidate_score:.1f}%, the held-out "
                f"task only to {100 * (missed.candidate_score or 0):.1f}%: it memorised."
            )
        best, submitted = training.best_step, training.submitted_step
        if best is not None and submitted is not None and best < submitted:
            return Diagnosis(
                (
                    Reason(code=ReasonCode.OVER_FIT, params={"text": text}),
                    Reason(
                        code=ReasonCode.NOT_BEST_CHECKPOINT,
                        params={"submitted": submitted, "best": best},
                    ),
                ),
                NextStep(
                    action=Action.USE_CHECKPOINT, text=f"Check the checkpoint of step {best}."
                ),
            )
        return Diagnosis(
            (Reason(code=ReasonCode.OVER_FIT, params={"text": text}),),
            NextStep(
                action=Action.FIX_DATA,
                text="Add or vary the training data, or stop earlier; more rank memorises more.",
            ),
        )
    if shape is TrainingShape.STILL_FALLING:
        return Diagnosis(
            (Reason(code=ReasonCode.UNDER_TRAINED, params={"text": text}),),
            NextStep(
                action=Action.TRAIN_LONGER,
                text="Train the same rung until the loss is flat; rank is not yet the question.",
            ),
        )
    return None


def _missing_evidence(evidence: Evidence, training: TrainingEvidence) -> Diagnosis | None:
    missing = []
    if training.manifest is None:
        missing.append("there is no run.yaml beside the candidate")
    if training.shape is TrainingShape.UNKNOWN:
        missing.append("there is no training curve (trainer_state.json)")
    if training.probe is None or training.contradictions is None:
        missing.append("the training data named in run.yaml is not at hand")
    if rung_of(evidence.candidate) is None:
        missing.append("the candidate has no LoRA rank")
    if not missing:
        return None
    return Diagnosis(
        (Reason(code=ReasonCode.CAUSE_UNKNOWN, params={"missing": missing}),),
        NextStep(
            action=Action.INVESTIGATE,
            text="Write run.yaml and trainer_state.json with gatekeeper.TrackRun while training; "
            "without them capacity, data and training cannot be told apart.",
        ),
    )


def _capacity(
    evidence: Evidence,
    policy: Policy,
    history: tuple[PastCheck, ...],
    missed: RuleResult,
) -> Diagnosis:
    rung = rung_of(evidence.candidate)
    probe = evidence.training.probe
    if rung is None or probe is None:  # _missing_evidence has answered before
        raise AssertionError("capacity is judged only with a rung and a train probe")
    bar = missed.threshold if missed.kind is RuleKind.BAR else None
    if bar is not None and probe.candidate_score >= bar:
        return Diagnosis(
            (
                Reason(
                    code=ReasonCode.CAUSE_UNKNOWN,
                    params={
                        "missing": [
                            "the training data is fitted but the held-out task is missed by less "
                            "than a clear gap"
                        ]
                    },
                ),
            ),
            NextStep(
                action=Action.INVESTIGATE,
                text="Look at the missed samples in the report and add training data like them.",
            ),
        )
    lacks = Reason(
        code=ReasonCode.LACKS_CAPACITY,
        params={"train_score": probe.candidate_score, "rung": rung.label},
    )
    higher = _next_rung(rung, policy.escalation.rungs)
    if higher is None:
        return Diagnosis(
            (lacks,),
            NextStep(
                action=Action.INVESTIGATE,
                text="The policy's ladder has no higher rung; add one, or lower the bar.",
            ),
        )
    if higher.method == "full":
        sound = evidence.training.has_validation is not False
        if missed.kind is RuleKind.BAR and sound and _top_rung_checked(rung, policy):
            return Diagnosis(
                (lacks, Reason(code=ReasonCode.LADDER_EXHAUSTED, params={"rung": rung.label})),
                NextStep(
                    action=Action.FULL_FINE_TUNING,
                    text="Fine-tune all weights with the same data; LoRA at its top rung was "
                    "shown not to reach the bar.",
                    rung=higher,
                ),
                escalates=True,
            )
        return Diagnosis(
            (lacks,),
            NextStep(
                action=Action.INVESTIGATE,
                text="Full fine-tuning is not yet shown to be needed: train the top LoRA rung "
                "with a validation split and check it against a bar.",
            ),
        )
    return Diagnosis(
        (lacks,),
        NextStep(
            action=Action.NEXT_RUNG,
            text=f"Train {higher.label} on the same data and check it.",
            rung=higher,
            config=next_config(higher),
        ),
        escalates=True,
    )


def next_config(rung: Rung) -> dict[str, Any]:
    """A LoraConfig for a rung; alpha is 2r, so the update keeps its scale between rungs."""
    r = rung.r or 8
    targets = rung.targets if isinstance(rung.targets, str) else list(rung.targets)
    return {"r": r, "lora_alpha": 2 * r, "target_modules": targets, "task_type": "CAUSAL_LM"}


def _next_rung(current: Rung, ladder: tuple[Rung, ...]) -> Rung | None:
    """The first rung of the ladder that is above the current shape."""
    if current.method == "full":
        return None
    return next((rung for rung in ladder if _above(rung, current)), None)


def _above(rung: Rung, current: Rung) -> bool:
    """Higher in rank or in modules, and lower in neither."""
    if rung.method == "full":
        return True
    rank, targets = (rung.r or 0), _modules(rung)
    rank_now, targets_now = (current.r or 0), _modules(current)
    return (
        rank >= rank_now and targets >= targets_now and (rank > rank_now or targets > targets_now)
    )


def _modules(rung: Rung) -> frozenset[str]:
    return ALL_LINEAR if isinstance(rung.targets, str) else frozenset(rung.targets)


def _top_rung_checked(rung: Rung, policy: Policy) -> bool:
    """Is the rung that was just shown to miss the bar at least the top LoRA rung of the ladder?"""
    lora = [r for r in policy.escalation.rungs if r.method == "lora"]
    if not lora:
        return False
    top = lora[-1]
    return (rung.r or 0) >= (top.r or 0) and _modules(rung) >= _modules(top)
