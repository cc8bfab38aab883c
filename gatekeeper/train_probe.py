"""The train probe: a seeded sample of the training set, scored like the task suite.

Low on both says that the shape cannot fit the task; high here and low on the held-out suite says
that it memorised. Only asked when the task was missed. The sample becomes a small suite of its
own, so prompts and scores come from the same bridge and engine as every other score.
"""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from pathlib import Path

from gatekeeper.evidence import Role, TrainProbe
from gatekeeper.scoring.interface import Engine, ScoringTask
from gatekeeper.suite import Capability, Suite, TaskRef

__all__ = ["MOST_ANSWERS", "PROBE_SAMPLES", "probe_suite", "score_probe"]

PROBE_SAMPLES = 200
"""Enough to tell 75% from 85% on the training data, with 95% confidence."""
MOST_ANSWERS = 32
"""With more distinct targets the task is no choice among answers, and the probe does not apply."""

_TASK = {
    "task": "train_probe",
    "dataset_path": "json",
    "dataset_kwargs": {"data_files": {"test": "rows.jsonl"}},
    "test_split": "test",
    "output_type": "multiple_choice",
    "doc_to_text": "{{prompt}}",
    "doc_to_choice": "choices",
    "doc_to_target": "gold",
    "target_delimiter": "",
    "metric_list": [{"metric": "acc", "aggregation": "mean", "higher_is_better": True}],
}


def probe_suite(rows: Sequence[tuple[str, str]], seed: int, folder: Path) -> Suite | None:
    """Write the probe as a suite into `folder`; None when it does not apply to these rows.

    A row is (prompt, target). The order of the answers is fixed, so their position says nothing.
    """
    answers = sorted({target for _, target in rows})
    if not 2 <= len(answers) <= MOST_ANSWERS:
        return None
    chosen = random.Random(seed).sample(range(len(rows)), min(PROBE_SAMPLES, len(rows)))
    lines = [
        json.dumps(
            {"prompt": rows[row][0], "choices": answers, "gold": answers.index(rows[row][1])},
            ensure_ascii=False,
        )
        for row in sorted(chosen)
    ]
    (folder / "rows.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    (folder / "train_probe.yaml").write_text(json.dumps(_TASK), encoding="utf-8")
    probe = Capability(name="training data", tasks=(TaskRef(task="train_probe", metric="acc"),))
    return Suite(name="train-probe", role=Role.TASK, capabilities=(probe,), folder=folder)


def score_probe(task: ScoringTask, engine: Engine, arm: str) -> TrainProbe | None:
    """Score the probe with both arms. None when a row could not be scored."""
    docs = range(len(task))
    base, candidate = engine.score(task, docs, None), engine.score(task, docs, arm)
    if not docs or any(score.error for score in (*base, *candidate)):
        return None
    return TrainProbe(
        samples=len(docs),
        base_score=sum(score.score for score in base) / len(base),
        candidate_score=sum(score.score for score in candidate) / len(candidate),
    )
