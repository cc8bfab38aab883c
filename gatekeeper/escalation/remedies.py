"""One step per cause that no rank fixes, and what to try when something was forgotten. Pure."""

from __future__ import annotations

import shlex

from gatekeeper.escalation.diagnosis import Cause
from gatekeeper.evidence import Evidence, RunManifest, TrainingEvidence
from gatekeeper.verdict import Action, NextStep, Outcome, RuleResult
from gatekeeper.verdict.rule_summary import task_rules

__all__ = ["ROOM", "after_forgetting", "fewer_epochs", "remedy"]

ROOM = 0.03
"""How far the score must be above the bar before some of the update may be given up."""

EARLIER = 0.8
"""Share of the steps up to which a better checkpoint counts as an earlier one; later ones differ
from the last only by noise."""

_PLAIN = {
    Cause.CONTRADICTORY: (
        Action.FIX_DATA,
        "Fix the labels and train the same rung again; a higher rank would only memorise the "
        "contradictions.",
    ),
    Cause.LABELS: (
        Action.FIX_DATA,
        "Look at the training rows that the adapter gets wrong: their labels or their difficulty "
        "differ from the held-out samples. A higher rank will not fix that.",
    ),
    Cause.MEMORISED: (
        Action.FIX_DATA,
        "Add to the training data or vary it, or stop earlier; a higher rank memorises more.",
    ),
    Cause.OTHER_DATA: (
        Action.FIX_DATA,
        "Look at the missed samples in the report and add training data like them.",
    ),
    Cause.DIVERGED: (
        Action.LOWER_LEARNING_RATE,
        "Train the same rung again at a third of the learning rate.",
    ),
    Cause.NOTHING_LEARNED: (
        Action.INVESTIGATE,
        "Before raising the rank, check that training data and task use the same prompts and that "
        "the loss covers the answer, then try the same rung at three times the learning rate.",
    ),
    Cause.UNDER_TRAINED: (
        Action.TRAIN_LONGER,
        "Train the same rung until the loss levels off. It is too early to ask about rank.",
    ),
    Cause.UNSETTLED: (
        Action.INVESTIGATE,
        "The adapter has nearly learned its training data: train this rung better (longer, or at "
        "another learning rate) and look at the missed samples before you raise the rank.",
    ),
    Cause.UNKNOWN: (
        Action.INVESTIGATE,
        "Write run.yaml and trainer_state.json with gatekeeper.training.TrackRun during training "
        "and keep the data available; without them a lack of capacity cannot be distinguished from "
        "faults in data or training.",
    ),
}


def remedy(cause: Cause, evidence: Evidence, *, forgot: bool = False) -> NextStep:
    """The step for a cause other than capacity. With `forgot` it must not lose even more."""
    training = evidence.training
    if cause in (Cause.OVER_TRAINED, Cause.MEMORISED) and (step := _earlier(training)):
        return step
    if cause is Cause.OVER_TRAINED:
        return NextStep(action=Action.TRAIN_LESS, text="Train the same rung for fewer steps.")
    if cause is Cause.UNDER_TRAINED and forgot:
        return after_forgetting(evidence)
    action, text = _PLAIN[cause]
    return NextStep(action=action, text=text)


def after_forgetting(evidence: Evidence, rules: tuple[RuleResult, ...] = ()) -> NextStep:
    """Something was lost: what to try, gentlest and cheapest first.

    An earlier checkpoint costs nothing; scaling the update costs no training; then fewer epochs;
    then a gentler run.
    """
    training, manifest = evidence.training, evidence.training.manifest
    if step := _earlier(training):
        return step
    if _can_scale(evidence, rules):
        return NextStep(
            action=Action.RESCALE,
            text="The task passes with room to spare: score smaller scales of the same adapter, "
            "which forget less and cost no training.",
            command=f"gate rescale {shlex.quote(evidence.candidate.source)}",
        )
    if manifest is not None and (manifest.epochs or 0) > 1:
        return NextStep(
            action=Action.TRAIN_LESS,
            text=f"Train the same rung for fewer than {manifest.epochs:g} epochs. If that is not "
            f"enough: {_gentler(manifest)}.",
        )
    return NextStep(
        action=Action.REDUCE_FORGETTING,
        text=f"Train it more gently and check again: {_gentler(manifest)}.",
    )


def fewer_epochs(training: TrainingEvidence) -> float | None:
    """Epochs up to the best checkpoint; None when the best one is the one submitted."""
    best, submitted, manifest = training.best_step, training.submitted_step, training.manifest
    if best is None or submitted is None or not _clearly_earlier(training):
        return None
    if manifest is None or manifest.epochs is None:
        return None
    return float(f"{manifest.epochs * best / submitted:.3g}")


def _earlier(training: TrainingEvidence) -> NextStep | None:
    best = training.best_step
    if best is None or not _clearly_earlier(training):
        return None
    epochs = fewer_epochs(training)
    again = f"; if it was not kept, train the same rung for {epochs:g} epochs" if epochs else ""
    return NextStep(
        action=Action.USE_CHECKPOINT,
        text=f"Check the checkpoint of step {best}: its validation loss is the lowest, and fewer "
        f"steps forget less{again}.",
    )


def _clearly_earlier(training: TrainingEvidence) -> bool:
    """Is the best checkpoint so much earlier that it can have forgotten less?"""
    best, submitted = training.best_step, training.submitted_step
    return best is not None and submitted is not None and best <= EARLIER * submitted


def _can_scale(evidence: Evidence, rules: tuple[RuleResult, ...]) -> bool:
    candidate, manifest = evidence.candidate, evidence.training.manifest
    if candidate.kind != "adapter" or candidate.rank is None or candidate.modules_to_save:
        return False
    if manifest is not None and manifest.rescaled_from is not None:
        return False
    task = task_rules(rules)
    return bool(task) and all(
        rule.outcome is Outcome.PASS
        and rule.estimate is not None
        and rule.estimate - rule.threshold >= ROOM
        for rule in task
    )


def _gentler(manifest: RunManifest | None) -> str:
    rate = manifest.learning_rate if manifest is not None else None
    below = f"a learning rate below {rate:g}" if rate else "a lower learning rate"
    return (
        f"{below}, a lower rank or alpha, or some general examples mixed into the training data "
        "(replay)"
    )
