"""A declared case: what a policy file's tests may say. Types only.

`policies/tests/default.yaml` is a file of them; `policy_cases.py` runs it.
"""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from gatekeeper.evidence import TrainingShape

__all__ = ["Counts", "Earlier", "PolicyCase", "PolicyCases", "Training"]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Counts(_Part):
    """One capability in counts: `right` of `samples` by the base, then flips."""

    samples: int = Field(ge=0)
    right: int = Field(ge=0)
    lost: int = Field(0, ge=0)
    gained: int = Field(0, ge=0)
    available: int | None = None
    chance: float = 0.25


class Training(_Part):
    """What is known of the training run in a case."""

    known: bool = True
    shape: TrainingShape = TrainingShape.CONVERGED
    train_score: float | None = None
    contradictions: float = 0.0
    r: int = 8
    targets: tuple[str, ...] = ("q_proj", "v_proj")


class Earlier(_Part):
    """An earlier, soundly trained check of the same lineage; `score` of `samples` held out."""

    score: float = Field(ge=0.0, le=1.0)
    samples: int = Field(300, ge=1)
    r: int = 8
    targets: tuple[str, ...] = ("q_proj", "v_proj")
    promoted: bool = False
    worst_forgetting: float = 0.0


class PolicyCase(_Part):
    """One declared situation and the verdict it must get."""

    name: str
    expect: Literal["promote", "hold", "escalate", "refused"]
    reason: str | None = Field(None, description="A reason code that must be among the reasons.")
    task: dict[str, Counts] = {}
    forgetting: dict[str, dict[str, Counts]] = {}
    training: Training = Training()
    contaminated: int = 0
    detachable: bool = True
    effect: bool = True
    kl: float | None = None
    history: tuple[Earlier, ...] = Field((), description="Lower rungs that were checked before.")


class PolicyCases(_Part):
    """A file of cases."""

    policy: str
    cases: tuple[PolicyCase, ...]
