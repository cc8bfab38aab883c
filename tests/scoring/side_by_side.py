"""lm-eval's own HF runner on the same task files: what our engine must equal."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from gatekeeper.scoring.engine import PackedEngine
from gatekeeper.scoring.tasks.loaded_task import LoadedTask


def lm_eval_samples(folder: Path, names: list[str], lm: Any, **options: Any) -> dict[str, Any]:
    """`samples` of a whole run of `simple_evaluate`, by task, in doc order."""
    from lm_eval import simple_evaluate
    from lm_eval.tasks import TaskManager

    with contextlib.chdir(folder), quiet():  # lm-eval resolves data files from the cwd
        manager = TaskManager(include_path=str(folder), include_defaults=False)
        found = simple_evaluate(
            lm, tasks=names, task_manager=manager, bootstrap_iters=0, log_samples=True, **options
        )
    return {
        name: sorted(samples, key=lambda sample: sample["doc_id"])
        for name, samples in found["samples"].items()
    }


def hf_runner(base: Any, tokens: Any, **options: Any) -> Any:
    from lm_eval.models.huggingface import HFLM

    with quiet():
        return HFLM(pretrained=base, tokenizer=tokens, **options)


def our_responses(engine: PackedEngine, task: LoadedTask, candidate: str | None) -> list[list[Any]]:
    """Raw responses of every doc, before filters and metrics."""
    return [answer.responses for answer in engine.answers(task, range(len(task)), candidate)]


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    logging.disable(logging.WARNING)
    try:
        yield
    finally:
        logging.disable(logging.NOTSET)
