"""Plan the training run that a verdict asks for: one change, everything else as it was."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from gatekeeper.escalation.remedies import fewer_epochs
from gatekeeper.evidence import CandidatePin, Evidence, RunManifest
from gatekeeper.training.next_run import NextRun
from gatekeeper.training.run_manifest import find_manifest, manifest_path
from gatekeeper.verdict import Action, Rung, Verdict
from gatekeeper.verdict.rungs import lora_config

__all__ = ["plan_next"]

FULL_RATE = 0.1
"""Learning rate of full fine-tuning as a share of LoRA's ("LoRA Without Regret", Thinking
Machines Lab, 2025: LoRA's best rate is about ten times that of full fine-tuning)."""


def plan_next(evidence: Evidence, verdict: Verdict, folder: Path) -> NextRun | None:
    """The run that follows from a verdict; None when the next step is not a training run.

    Also None without a run manifest: the settings to carry over are then unknown. Paths in it are
    relative to `folder`, where the plan will be saved.
    """
    manifest, step = evidence.training.manifest, verdict.next_step
    if manifest is None:
        return None
    candidate = evidence.candidate
    changed = _changes(step.action, step.rung, evidence, manifest)
    if changed is None:
        return None
    escalates = step.action in (Action.NEXT_RUNG, Action.FULL_FINE_TUNING)
    config: dict[str, Any] | None = _same_shape(candidate, manifest)
    if step.action is Action.NEXT_RUNG and step.rung is not None:
        config = lora_config(step.rung, manifest)
    elif step.action is Action.FULL_FINE_TUNING or manifest.method == "full":
        config = None
    run = manifest.model_copy(
        update={
            **_located(manifest, candidate, folder),
            "adapter": {} if config is None else _shape(config),
            "parent": None,
            "rescaled_from": None,
            "escalated_from": evidence.check_id if escalates else None,
            "versions": {},
            **changed,
        }
    )
    return NextRun(
        check=evidence.check_id, action=step.action, why=step.text, lora_config=config, run=run
    )


def _changes(
    action: Action, rung: Rung | None, evidence: Evidence, manifest: RunManifest
) -> dict[str, Any] | None:
    """What the next run does differently; None when the action is not a training run."""
    name, rate, epochs = manifest.name, manifest.learning_rate, manifest.epochs
    if action is Action.NEXT_RUNG and rung is not None:
        return {"name": f"{name}-r{rung.r}"}
    if action is Action.FULL_FINE_TUNING:
        return {"name": f"{name}-full", "method": "full", "learning_rate": _times(rate, FULL_RATE)}
    if action is Action.LOWER_LEARNING_RATE:
        return {"name": f"{name}-slower", "learning_rate": _times(rate, 1 / 3)}
    if action is Action.REDUCE_FORGETTING:
        return {"name": f"{name}-gentler", "learning_rate": _times(rate, 1 / 2)}
    if action is Action.TRAIN_LONGER:
        return {"name": f"{name}-longer", "epochs": _times(epochs, 2)}
    if action in (Action.TRAIN_LESS, Action.USE_CHECKPOINT):
        fewer = fewer_epochs(evidence.training) or _times(epochs, 1 / 2)
        return {"name": f"{name}-shorter", "epochs": fewer}
    return None


def _times(value: float | None, factor: float) -> float | None:
    return None if value is None else float(f"{value * factor:.3g}")


def _same_shape(candidate: CandidatePin, manifest: RunManifest) -> dict[str, Any]:
    known = manifest.adapter
    config = {
        "r": candidate.rank,
        "lora_alpha": candidate.alpha,
        "target_modules": known.get("target_modules") or list(candidate.target_modules),
        "lora_dropout": known.get("dropout"),
        "layers_to_transform": known.get("layers"),
        "task_type": "CAUSAL_LM",
    }
    return {key: value for key, value in config.items() if value}


def _shape(config: dict[str, Any]) -> dict[str, Any]:
    """A LoraConfig under the run manifest's own keys."""
    words = {
        "r": "r",
        "lora_alpha": "alpha",
        "target_modules": "target_modules",
        "lora_dropout": "dropout",
        "layers_to_transform": "layers",
    }
    return {word: config[key] for key, word in words.items() if key in config}


def _located(manifest: RunManifest, candidate: CandidatePin, folder: Path) -> dict[str, str]:
    """The data files as seen from the plan's folder; unchanged when the run is not available."""
    place = find_manifest(Path(candidate.source))
    if place is None:
        return {}
    files = {"dataset": manifest.dataset, "validation_dataset": manifest.validation_dataset}
    return {
        key: manifest_path(place.parent / Path(named).expanduser(), folder)
        for key, named in files.items()
        if named
    }
