"""lm-eval's own tasks by name: only their data sets, which are not here, are stood in for."""

from __future__ import annotations

import random
from typing import Any

import pytest
import tiny
from side_by_side import hf_runner, our_responses, quiet
from test_equality import assert_same_response

from gatekeeper.errors import SuiteError
from gatekeeper.evidence import Role
from gatekeeper.scoring.engine import PackedEngine
from gatekeeper.scoring.tasks.loaded_task import load_tasks
from gatekeeper.suite import Capability, Suite, TaskRef

TASKS = {
    "arc_easy": "acc_norm",
    "lambada_openai": "acc",
    "wikitext": "word_perplexity",
    "gsm8k": "exact_match,strict-match",
}


def data_of(name: str) -> list[dict[str, Any]]:
    draw = random.Random(name)
    some = [tiny.sentence(draw, 4, 9) for _ in range(8)]
    if "arc" in name:
        choices = {"text": some[:4], "label": ["A", "B", "C", "D"]}
        return [{"id": t, "question": t, "choices": choices, "answerKey": "C"} for t in some]
    if "wikitext" in name:
        return [{"page": " ".join(some)}, {"page": " = Heading = \n" + some[0]}]
    if "gsm8k" in name:
        return [{"question": t, "answer": f"{t} #### {i}"} for i, t in enumerate(some)]
    return [{"text": t} for t in some]


@pytest.fixture(autouse=True)
def _data(monkeypatch: pytest.MonkeyPatch) -> None:
    import datasets

    def load(path: str, *_: Any, **__: Any) -> Any:
        rows = datasets.Dataset.from_list(data_of(path))
        return datasets.DatasetDict(dict.fromkeys(("train", "validation", "test"), rows))

    monkeypatch.setattr(datasets, "load_dataset", load)


def suite_of(name: str, metric: str) -> Suite:
    reference = TaskRef(task=name, metric=metric)
    return Suite(
        name="own",
        role=Role.FORGETTING,
        capabilities=(Capability(name=name, tasks=(reference,)),),
    )


@pytest.mark.parametrize("name", TASKS)
def test_a_task_of_lm_eval_by_name_scores_as_in_lm_eval(name: str) -> None:
    from lm_eval import simple_evaluate
    from lm_eval.tasks import TaskManager

    tokens, model = tiny.tokenizer(), tiny.model()
    (task,) = load_tasks(suite_of(name, TASKS[name]), tokens)[name]
    with quiet():
        found = simple_evaluate(
            hf_runner(model, tokens, batch_size=4),
            tasks=[name],
            task_manager=_manager(TaskManager),
            num_fewshot=int(task.task.get_config("num_fewshot")),
            gen_kwargs={"max_gen_toks": 16} if name == "gsm8k" else None,
            bootstrap_iters=0,
            log_samples=True,
        )["samples"][name]
    if name == "gsm8k":
        task.task.config.generation_kwargs["max_gen_toks"] = 16
    metric, _, chosen = TASKS[name].partition(",")
    expected = sorted(
        (s for s in found if not chosen or s["filter"] == chosen), key=lambda s: s["doc_id"]
    )
    engine = PackedEngine(tiny.TinyArms(model, tokens), token_budget=256)
    scores = engine.score(task, range(len(task)), None)
    for doc, responses in enumerate(our_responses(engine, task, None)):
        for mine, (theirs,) in zip(responses, expected[doc]["resps"], strict=True):
            assert_same_response(mine, theirs)
        value = expected[doc][metric]
        if not isinstance(value, tuple):
            assert scores[doc].score == value


_managers: list[Any] = []


def _manager(kind: Any) -> Any:
    """The index of all of lm-eval's tasks takes seconds: made once."""
    if not _managers:
        _managers.append(kind())
    return _managers[0]


def test_a_name_that_nobody_knows_is_refused_in_one_sentence() -> None:
    with pytest.raises(SuiteError, match="no task named 'no_such_task'"):
        load_tasks(suite_of("no_such_task", "acc"), tiny.tokenizer())
