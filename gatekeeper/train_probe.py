"""The train probe: a seeded sample of the training set, scored like the task suite.

Low on both says that the shape cannot fit the task; high here and low on the held-out suite says
that it memorised. Only asked when the task was missed.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from gatekeeper.evidence import TrainingEvidence, TrainProbe

if TYPE_CHECKING:
    from gatekeeper.scoring.interface import Engine, ScoringTask

__all__ = ["PROBE_SAMPLES", "probe_training"]

PROBE_SAMPLES = 120


def probe_training(
    training: TrainingEvidence,
    rows: Sequence[Mapping[str, Any]],
    task: ScoringTask,
    engine: Engine,
    arm: str,
    seed: int,
) -> TrainingEvidence:
    """Score `PROBE_SAMPLES` training rows with both arms; the evidence with the probe in it.

    Rows that do not have the fields of the task's docs cannot be scored by it: then the evidence
    comes back without a probe.
    """
    chosen = random.Random(seed).sample(range(len(rows)), min(PROBE_SAMPLES, len(rows)))
    over_rows = task.on_docs([rows[index] for index in sorted(chosen)])
    if over_rows is None:
        return training
    docs = range(len(over_rows))
    base = [score.score for score in engine.score(over_rows, docs, None) if score.error is None]
    own = [score.score for score in engine.score(over_rows, docs, arm) if score.error is None]
    if not base or len(base) != len(own):
        return training
    probe = TrainProbe(
        samples=len(own),
        base_score=sum(base) / len(base),
        candidate_score=sum(own) / len(own),
    )
    return training.model_copy(update={"probe": probe})
