"""The train probe: a seeded sample of the training set, scored the way the task suite is.

Low scores on both mean that the shape cannot fit the task; high here and low on the held-out suite
means that it memorised. Only asked when the task was missed. The sample becomes a small suite, so
prompts and scores come from the same bridge and engine as every other score.
"""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from gatekeeper.evidence import Role, TrainProbe
from gatekeeper.scoring.interface import Engine, Task
from gatekeeper.suite import Capability, Suite, TaskRef

__all__ = ["MOST_ANSWERS", "PROBE_SAMPLES", "probe_suite", "score_probe"]

PROBE_SAMPLES = 200
"""Enough to distinguish 75% from 85% on the training data, with 95% confidence."""
MOST_ANSWERS = 32
"""With more distinct targets the task is not a choice: answers are written, not chosen."""
LONGEST_TARGET_WORDS = 8
"""Longer targets are free text, which is never repeated word for word; the probe does not apply."""

_COMMON = {
    "task": "train_probe",
    "dataset_path": "json",
    "dataset_kwargs": {"data_files": {"test": "rows.jsonl"}},
    "test_split": "test",
    "doc_to_text": "{{prompt}}",
    "target_delimiter": "",
}
_CHOSEN = {
    "output_type": "multiple_choice",
    "doc_to_choice": "choices",
    "doc_to_target": "gold",
    "metric_list": [{"metric": "acc", "aggregation": "mean", "higher_is_better": True}],
}
_WRITTEN = {
    # Right when greedy decoding writes the target; what comes after it does not count.
    "output_type": "loglikelihood",
    "doc_to_target": "target",
    "metric_list": [{"metric": "acc", "aggregation": "mean", "higher_is_better": True}],
}


def probe_suite(
    rows: Sequence[tuple[str, str]], seed: int, folder: Path, task_suite: Suite
) -> Suite | None:
    """Write the probe as a suite into `folder`; None when it does not apply to these rows.

    A row is (prompt, target), asked as `task_suite` asks: through the chat template and after the
    system prompt, or as plain text, with the target directly after the prompt. A few distinct
    targets are chosen from, in a fixed order, so that their position means nothing; many short ones
    must be written word for word.
    """
    answers = sorted({target for _, target in rows})
    if len(answers) < 2:
        return None
    chosen = sorted(random.Random(seed).sample(range(len(rows)), min(PROBE_SAMPLES, len(rows))))
    asked = [_without(task_suite.system_prompt, prompt) for prompt, _ in rows]
    docs: list[dict[str, Any]]
    if len(answers) <= MOST_ANSWERS:
        task = _COMMON | _CHOSEN
        docs = [
            {"prompt": asked[row], "choices": answers, "gold": answers.index(rows[row][1])}
            for row in chosen
        ]
    elif all(target.strip() and _short(target) for target in answers):
        task = _COMMON | _WRITTEN
        docs = [{"prompt": asked[row], "target": rows[row][1]} for row in chosen]
    else:
        return None
    lines = [json.dumps(doc, ensure_ascii=False) for doc in docs]
    (folder / "rows.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    (folder / "train_probe.yaml").write_text(json.dumps(task), encoding="utf-8")
    probe = Capability(name="training data", tasks=(TaskRef(task="train_probe", metric="acc"),))
    return Suite(
        name="train-probe",
        role=Role.TASK,
        capabilities=(probe,),
        folder=folder,
        apply_chat_template=task_suite.apply_chat_template,
        system_prompt=task_suite.system_prompt,
    )


def _without(system_prompt: str | None, prompt: str) -> str:
    """A conversation's rows begin with the system prompt, which the suite adds itself."""
    return prompt.removeprefix(f"{system_prompt}\n") if system_prompt else prompt


def _short(target: str) -> bool:
    return len(target.split()) <= LONGEST_TARGET_WORDS


def score_probe(task: Task, engine: Engine[Task], arm: str) -> TrainProbe | None:
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
