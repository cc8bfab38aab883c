"""What is known about a candidate's origin: its run, its curve, its data, its weights.

Frozen types only, part of `evidence.json`. Missing evidence never counts as good news.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any, Literal

from gatekeeper.evidence.frozen import Frozen

__all__ = [
    "Contradictions",
    "CurvePoint",
    "ModuleUpdate",
    "RunManifest",
    "TrainProbe",
    "TrainingEvidence",
    "TrainingShape",
    "WeightEvidence",
]


class RunManifest(Frozen):
    """`run.yaml`: how the candidate was trained, written next to it by the training script."""

    schema_id: str = "gatekeeper/run/v1"
    name: str
    method: Literal["lora", "qlora", "full", "other"]
    base: str
    base_digest: str | None = None
    dataset: str | None = None
    """Path of the training file, relative to the manifest or absolute."""
    dataset_digest: str | None = None
    validation_dataset: str | None = None
    adapter: dict[str, Any] = {}
    """r, alpha, target_modules, dropout."""
    epochs: float | None = None
    learning_rate: float | None = None
    batch_size: int | None = None
    early_stopping: bool | None = None
    splits: dict[str, int] = {}
    seed: int | None = None
    parent: str | None = None
    """Digest of the adapter that this one was trained or rescaled from."""
    escalated_from: str | None = None
    """Check that recommended this rung."""
    rescaled_from: str | None = None
    versions: dict[str, str] = {}


class TrainingShape(StrEnum):
    """What the training curve looks like."""

    CONVERGED = "converged"
    STILL_FALLING = "still-falling"
    UNDER_FIT = "under-fit"
    OVER_FIT = "over-fit"
    DIVERGED = "diverged"
    UNKNOWN = "unknown"


class CurvePoint(Frozen):
    """One row of trainer_state.json's log_history."""

    step: int
    epoch: float | None = None
    loss: float | None = None
    eval_loss: float | None = None
    learning_rate: float | None = None
    grad_norm: float | None = None


class TrainProbe(Frozen):
    """A seeded sample of the training set, scored the way the task suite is."""

    samples: int
    base_score: float
    candidate_score: float


class Contradictions(Frozen):
    """Training rows with the same or nearly the same input and different targets."""

    rows: int
    conflicting_rows: int
    groups: int
    examples: tuple[tuple[str, str, str], ...] = ()
    """(input, one target, another target)."""

    @property
    def fraction(self) -> float:
        """Share of training rows whose input also appears with a different target."""
        return self.conflicting_rows / self.rows if self.rows else 0.0


class TrainingEvidence(Frozen):
    """What is known about the training run. Missing evidence never counts as good news."""

    manifest: RunManifest | None = None
    curve: tuple[CurvePoint, ...] = ()
    shape: TrainingShape = TrainingShape.UNKNOWN
    shape_text: str = ""
    max_steps: int | None = None
    best_step: int | None = None
    submitted_step: int | None = None
    has_validation: bool | None = None
    probe: TrainProbe | None = None
    contradictions: Contradictions | None = None


class ModuleUpdate(Frozen):
    """The update of one module, from the adapter alone."""

    name: str
    rank: int
    norm: float
    """Frobenius norm of the scaled update B·A."""
    relative: float | None = None
    """The same, relative to the base weight's norm, when the base was available."""
    singular_values: tuple[float, ...] = ()
    stable_rank: float
    energy_rank: int
    """Singular values needed for 90% of the squared norm."""


class WeightEvidence(Frozen):
    """What the adapter's weights alone show. Diagnostics; none of them decides."""

    modules: tuple[ModuleUpdate, ...] = ()
    dead_modules: tuple[str, ...] = ()
    rank_used: float | None = None
    """Mean of energy_rank / rank over the live modules."""
