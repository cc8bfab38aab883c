"""Why is the task missed? One cause, with the reason that carries its evidence. Pure.

The order of the questions is the policy of the whole tool: faults in the data first (no setting
fixes them), then faults in the training, then missing evidence, and only what is left is capacity.
docs/escalation.md has one row per branch here. What to do about a cause is in `remedies.py` and
`advice.py`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from gatekeeper.evidence import Evidence, TrainingEvidence, TrainingShape, TrainProbe
from gatekeeper.policy import Policy
from gatekeeper.statistics.wilson import wilson
from gatekeeper.verdict import Reason, ReasonCode, RuleKind, RuleResult
from gatekeeper.verdict.rungs import rung_of

__all__ = ["Cause", "Diagnosis", "diagnose", "probe_interval", "torn_labels"]

GENERALISATION_GAP = 0.15
"""Train score minus held-out score above which the adapter memorised rather than learned."""
LABEL_GAP = 0.07
"""Held-out score minus train score above which the training labels are suspect."""
_Z = 1.6449
"""One-sided 95%."""


class Cause(StrEnum):
    """Why a task is missed. Exactly one is named; `UNKNOWN` is an answer too."""

    CONTRADICTORY = "contradictory"
    """The same input appears in the training data with different targets."""
    LABELS = "labels"
    """The adapter does better on clean held-out samples than on its own training rows."""
    MEMORISED = "memorised"
    """High on the training data, low on held-out samples: too little or too uniform data."""
    OVER_TRAINED = "over-trained"
    """The validation loss rose again."""
    DIVERGED = "diverged"
    NOTHING_LEARNED = "nothing-learned"
    UNDER_TRAINED = "under-trained"
    OTHER_DATA = "other-data"
    """The training data is learned up to the bar, yet held-out samples are not."""
    UNSETTLED = "unsettled"
    """The score on the training data is too close to the bar to separate capacity from data."""
    UNKNOWN = "unknown"
    CAPACITY = "capacity"


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """One cause and the reason that says why it was named."""

    cause: Cause
    reason: Reason


def diagnose(evidence: Evidence, missed: RuleResult, policy: Policy) -> Diagnosis:
    """Name why `missed` is missed."""
    training = evidence.training
    return (
        _contradictory(training, policy)
        or _diverged(training)
        or _torn_from_held_out(training.probe, missed)
        or _wrong_shape(training)
        or _missing(evidence)
        or _against_the_bar(evidence, missed)
    )


def probe_interval(probe: TrainProbe) -> tuple[float, float]:
    """Wilson's 90% interval (both ends one-sided 95%) of the score on the training sample."""
    return wilson(probe.candidate_score, max(1, probe.samples), level=0.90)


def torn_labels(training: TrainingEvidence, policy: Policy) -> Reason | None:
    """More rows contradict one another than the policy allows: true whatever the task scored."""
    found = training.contradictions
    if found is None or found.fraction <= policy.data.max_contradictions:
        return None
    params = {"conflicting": found.conflicting_rows, "rows": found.rows}
    return Reason(code=ReasonCode.CONTRADICTORY_LABELS, params=params)


def _contradictory(training: TrainingEvidence, policy: Policy) -> Diagnosis | None:
    reason = torn_labels(training, policy)
    return None if reason is None else Diagnosis(Cause.CONTRADICTORY, reason)


def _diverged(training: TrainingEvidence) -> Diagnosis | None:
    if training.shape is not TrainingShape.DIVERGED:
        return None
    return Diagnosis(Cause.DIVERGED, _said(ReasonCode.DIVERGED, training.shape_text))


def _torn_from_held_out(probe: TrainProbe | None, missed: RuleResult) -> Diagnosis | None:
    """Training rows and held-out samples with clearly different scores, either way round."""
    if probe is None:
        return None
    trained, held_out = probe.candidate_score, missed.candidate_score or 0.0
    gap = trained - held_out
    noise = _variance(trained, probe.samples) + _variance(held_out, missed.samples)
    if gap > GENERALISATION_GAP and gap > _Z * math.sqrt(noise):
        text = (
            f"The adapter scores {100 * trained:.1f}% on its training data but "
            f"{100 * held_out:.1f}% on held-out samples: it memorised."
        )
        return Diagnosis(Cause.MEMORISED, _said(ReasonCode.OVER_FIT, text))
    # Held-out samples may simply be easier: how much easier they are for the base is subtracted.
    base = missed.base_score if missed.base_score is not None else probe.base_score
    ahead = -gap - max(0.0, base - probe.base_score)
    noise += _variance(probe.base_score, probe.samples) + _variance(base, missed.samples)
    if ahead > LABEL_GAP and ahead > _Z * math.sqrt(noise):
        params = {"train_score": trained, "held_out": held_out}
        return Diagnosis(Cause.LABELS, Reason(code=ReasonCode.LABELS_SUSPECT, params=params))
    return None


def _wrong_shape(training: TrainingEvidence) -> Diagnosis | None:
    text = training.shape_text or "The training curve shows it."
    return {
        TrainingShape.OVER_FIT: Diagnosis(Cause.OVER_TRAINED, _said(ReasonCode.OVER_FIT, text)),
        TrainingShape.STILL_FALLING: Diagnosis(
            Cause.UNDER_TRAINED, _said(ReasonCode.UNDER_TRAINED, text)
        ),
        TrainingShape.UNDER_FIT: Diagnosis(
            Cause.NOTHING_LEARNED, _said(ReasonCode.NOTHING_LEARNED, text)
        ),
    }.get(training.shape)


def _missing(evidence: Evidence) -> Diagnosis | None:
    training = evidence.training
    missing = []
    if training.manifest is None:
        missing.append("there is no run.yaml next to the candidate")
    if training.shape is TrainingShape.UNKNOWN:
        missing.append("there is no training curve (trainer_state.json)")
    if training.contradictions is None:
        missing.append("the training data named in run.yaml is not available")
    elif training.probe is None:
        missing.append("the training data could not be scored the way the task is")
    if rung_of(evidence.candidate) is None:
        missing.append("the candidate has no LoRA rank")
    return _unknown(missing) if missing else None


def _against_the_bar(evidence: Evidence, missed: RuleResult) -> Diagnosis:
    probe, rung = evidence.training.probe, rung_of(evidence.candidate)
    if probe is None or rung is None:
        raise AssertionError("_missing answers before")
    target = missed.threshold
    if missed.kind is RuleKind.MIN_GAIN:
        target += probe.base_score
    low, high = probe_interval(probe)
    if probe.candidate_score >= target:
        params = {"train_score": probe.candidate_score, "held_out": missed.candidate_score or 0.0}
        return Diagnosis(
            Cause.OTHER_DATA, Reason(code=ReasonCode.FITTED_NOT_REACHED, params=params)
        )
    if high >= target:
        text = (
            f"the score on the training data is {100 * low:.0f} to {100 * high:.0f}%, so it is not "
            f"known to be below {100 * target:.0f}%"
        )
        return _unknown([text], Cause.UNSETTLED)
    facts: dict[str, Any] = {
        "train_score": probe.candidate_score,
        "train_low": low,
        "train_high": high,
        "rung": rung.label,
        "rank_used": evidence.weights.rank_used if evidence.weights else None,
    }
    return Diagnosis(Cause.CAPACITY, Reason(code=ReasonCode.LACKS_CAPACITY, params=facts))


def _unknown(missing: list[str], cause: Cause = Cause.UNKNOWN) -> Diagnosis:
    return Diagnosis(cause, Reason(code=ReasonCode.CAUSE_UNKNOWN, params={"missing": missing}))


def _said(code: ReasonCode, text: str) -> Reason:
    return Reason(code=code, params={"text": text})


def _variance(share: float, samples: int) -> float:
    """Variance of a share of this many samples."""
    return share * (1 - share) / max(1, samples)
