"""The engine gives lm-eval's numbers: every output type, base and adapter, every prompt option."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import tiny
from side_by_side import hf_runner, lm_eval_samples, our_responses

from gatekeeper.scoring.engine import PackedEngine
from gatekeeper.scoring.tasks.loaded_task import load_tasks

TOLERANCE = 1e-4


@pytest.fixture(scope="module")
def suite_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("suite")
    tiny.choices_task(folder)
    tiny.pairs_task(folder)
    tiny.last_word_task(folder)
    tiny.rolling_task(folder)
    tiny.words_task(folder)
    return folder


METRICS = {
    "choices": "acc_norm",
    "pairs": "acc",
    "last_word": "acc",
    "rolling": "word_perplexity",
    "words": "exact_match",
}


def assert_equal(
    folder: Path, base: Any, tokens: Any, candidate: str | None = None, **options: Any
) -> None:
    arms = tiny.TinyArms(base, tokens, candidate=candidate)
    engine = PackedEngine(arms, token_budget=128)
    prompting = {
        "apply_chat_template": options.get("apply_chat_template", False),
        "system_prompt": options.get("system_instruction"),
    }
    tasks = load_tasks(tiny.suite(folder, list(METRICS.items()), **prompting), tokens)
    with arms.arm(candidate) as module:
        runner = hf_runner(module, tokens, batch_size=4)
        expected = lm_eval_samples(folder, list(METRICS), runner, **options)
    for name, (task,) in tasks.items():
        ours = our_responses(engine, task, candidate)
        scores = engine.score(task, range(len(task)), candidate)
        for doc, sample in enumerate(expected[name]):
            assert task.arguments(doc) == [tuple(args) for args in sample["arguments"]]
            for mine, (theirs,) in zip(ours[doc], sample["resps"], strict=True):
                assert_same_response(mine, theirs)
            value = sample[METRICS[name]]
            if not isinstance(value, tuple):
                assert scores[doc].score == value
    assert engine.notes == []


def assert_same_response(mine: Any, theirs: Any) -> None:
    if isinstance(mine, str):
        assert mine == theirs
    elif isinstance(mine, tuple):
        assert mine[0] == pytest.approx(float(theirs[0]), abs=TOLERANCE)
        assert str(mine[1]) == str(theirs[1])
    else:
        assert mine == pytest.approx(float(theirs), abs=TOLERANCE)


def test_the_base_scores_as_in_lm_eval(suite_folder: Path) -> None:
    assert_equal(suite_folder, tiny.model(), tiny.tokenizer())


def test_an_adapter_scores_as_in_lm_eval(suite_folder: Path) -> None:
    assert_equal(suite_folder, tiny.model(), tiny.tokenizer(), candidate="adapter")


def test_a_tokenizer_that_adds_bos_scores_as_in_lm_eval(suite_folder: Path) -> None:
    assert_equal(suite_folder, tiny.model(), tiny.tokenizer(bos=True))


def test_texts_longer_than_the_context_are_cut_as_in_lm_eval(suite_folder: Path) -> None:
    assert_equal(suite_folder, tiny.model(max_position_embeddings=64), tiny.tokenizer())


def test_chat_template_and_system_prompt_build_lm_evals_prompts(suite_folder: Path) -> None:
    assert_equal(
        suite_folder,
        tiny.model(),
        tiny.tokenizer(),
        apply_chat_template=True,
        system_instruction="Answer in one word.",
    )


def test_few_shot_examples_drawn_at_random_are_lm_evals(tmp_path: Path) -> None:
    """Docs are asked for backwards: the draw must not depend on the order."""
    tiny.choices_task(tmp_path, fewshot_config={"sampler": "default"})
    tokens = tiny.tokenizer()
    runner = hf_runner(tiny.model(), tokens, batch_size=4)
    expected = lm_eval_samples(tmp_path, ["choices"], runner)["choices"]
    (task,) = load_tasks(tiny.suite(tmp_path, [("choices", "acc")]), tokens)["choices"]
    for doc in reversed(range(len(task))):
        assert task.arguments(doc) == [tuple(args) for args in expected[doc]["arguments"]]


@pytest.mark.parametrize("filtered", ["exact_match,first", "exact_match,last"])
def test_each_filter_of_a_task_can_be_the_metric(tmp_path: Path, filtered: str) -> None:
    name = tiny.words_task(tmp_path)
    with (tmp_path / f"{name}.yaml").open("a") as stream:
        stream.write(
            "filter_list:\n"
            "- {name: first, filter: [{function: regex, regex_pattern: '(.)'},"
            " {function: take_first}]}\n"
            "- {name: last, filter: [{function: regex, regex_pattern: '(.)$'},"
            " {function: take_first}]}\n"
        )
    tokens = tiny.tokenizer()
    runner = hf_runner(tiny.model(), tokens, batch_size=4)
    wanted = filtered.partition(",")[2]
    expected = [
        s["filtered_resps"][0]
        for s in lm_eval_samples(tmp_path, [name], runner)[name]
        if s["filter"] == wanted
    ]
    (task,) = load_tasks(tiny.suite(tmp_path, [(name, filtered)]), tokens)[name]
    engine = PackedEngine(tiny.TinyArms(tiny.model(), tokens), token_budget=128)
    assert [s.answer for s in engine.score(task, range(len(task)), None)] == expected
