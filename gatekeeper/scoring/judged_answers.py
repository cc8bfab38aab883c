"""From a model's answer to a doc's score: the task judges; what fails is the doc's error."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from gatekeeper.errors import SuiteError
from gatekeeper.scoring.forwards.answers import Answer
from gatekeeper.scoring.interface import SampleScore
from gatekeeper.scoring.tasks.loaded_task import LoadedTask

__all__ = ["judged"]


def judged(task: LoadedTask, doc: int, answer: Answer) -> SampleScore:
    """Score one answer. Raises SuiteError when the task has no such metric."""
    score, text, error = 0.0, "", None
    try:
        if _finite(answer.responses):
            score, text = task.judge(doc, answer.responses)
        else:
            error = "The model's logits are not finite numbers."
    except SuiteError:
        raise
    except Exception as problem:  # a task's metric may raise anything for a strange answer
        error = f"The task's metric failed: {type(problem).__name__}: {problem}"
    if not math.isfinite(score):
        score, error = 0.0, "The task's metric is not a finite number."
    return SampleScore(
        sample_id=task.sample_id(doc),
        score=score,
        question=task.question(doc),
        gold=task.gold(doc),
        answer=text,
        tokens=answer.tokens,
        error=error,
    )


def _finite(responses: Sequence[Any]) -> bool:
    numbers = [r[0] if isinstance(r, tuple) else r for r in responses]
    return all(math.isfinite(n) for n in numbers if isinstance(n, float))
