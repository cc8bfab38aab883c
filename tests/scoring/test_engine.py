"""The engine's promises: nothing twice, the same bits whatever was cached, memory that is short."""

from __future__ import annotations

import os
import signal
import weakref
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import tiny
import torch

from gatekeeper.errors import EngineError
from gatekeeper.scoring import engine as engine_module
from gatekeeper.scoring import packing_choice as packing_module
from gatekeeper.scoring.engine import PackedEngine
from gatekeeper.scoring.forwards import answers as answers_module
from gatekeeper.scoring.forwards import greedy_generation as generation_module
from gatekeeper.scoring.forwards import packed_forward as forward_module
from gatekeeper.scoring.forwards.packing import Packing
from gatekeeper.scoring.forwards.packing_selftest import SelfTest, self_test
from gatekeeper.scoring.interface import SampleScore
from gatekeeper.scoring.neutral_text import compare_on_neutral_text
from gatekeeper.scoring.score_cache import ScoreCache
from gatekeeper.scoring.tasks.loaded_task import LoadedTask, load_tasks

METRICS = {
    "choices": "acc_norm",
    "pairs": "acc",
    "last_word": "perplexity",
    "rolling": "word_perplexity",
    "words": "exact_match",
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("suite")
    tiny.choices_task(folder)
    tiny.pairs_task(folder)
    tiny.last_word_task(folder)
    tiny.rolling_task(folder)
    tiny.words_task(folder)
    return folder


@pytest.fixture(scope="module")
def arms() -> tiny.TinyArms:
    return tiny.TinyArms(tiny.model(), tiny.tokenizer(), candidate="sha256:one")


def tasks_in(folder: Path) -> list[LoadedTask]:
    found = load_tasks(tiny.suite(folder, list(METRICS.items())), tiny.tokenizer())
    return [task for tasks in found.values() for task in tasks]


def fresh(scores: list[SampleScore]) -> list[SampleScore]:
    return [replace(s, cached=False) for s in scores]


def test_a_doc_has_the_same_bits_whatever_is_scored_with_it(
    folder: Path, arms: tiny.TinyArms
) -> None:
    for task in tasks_in(folder):
        every = range(len(task))
        engine = PackedEngine(arms, token_budget=128)
        whole = [a.responses for a in engine.answers(task, every, "sha256:one")]
        backwards = engine.answers(task, every[::-1], "sha256:one")
        assert [a.responses for a in backwards[::-1]] == whole
        for doc in (0, len(task) - 1):
            alone = PackedEngine(arms, token_budget=128)
            assert alone.answers(task, [doc], "sha256:one")[0].responses == whole[doc]


def test_killed_in_the_middle_it_goes_on_where_it_stopped(
    folder: Path, arms: tiny.TinyArms, tmp_path: Path
) -> None:
    """SIGKILL after each of the first batches, again and again, until a run ends by itself."""
    for task in tasks_in(folder):
        every = range(len(task))
        expected = PackedEngine(arms, token_budget=128).score(task, every, "sha256:one")
        folder_ = tmp_path / task.name
        before = kills = 0
        while killed_after_one_batch(folder_, task, arms):
            kills += 1
            found = PackedEngine(arms, ScoreCache(folder_), token_budget=128)
            known = len(found._cached(task, every, found._look_at(arms.model, "sha256:one")))
            assert known > before, "a killed run must leave what it had"
            before = known
        assert kills >= 1
        engine = PackedEngine(arms, ScoreCache(folder_), token_budget=128)
        scores = engine.score(task, every, "sha256:one")
        assert all(score.cached for score in scores)
        assert fresh(scores) == expected
        lines = sum(len(j.read_bytes().splitlines()) for j in folder_.rglob("*.jsonl"))
        assert lines == len(task), "nothing is scored twice"


def killed_after_one_batch(folder: Path, task: LoadedTask, arms: tiny.TinyArms) -> bool:
    """Score in a child that kills itself after its first new batch. False: it had nothing to do."""
    child = os.fork()
    if child == 0:
        told: list[int] = []

        def progress(done: int, _: int) -> None:
            if told and done > told[0]:
                os.kill(os.getpid(), signal.SIGKILL)
            told.append(done)

        engine = PackedEngine(arms, ScoreCache(folder), token_budget=128)
        engine.score(task, range(len(task)), "sha256:one", progress)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        assert os.WTERMSIG(status) == signal.SIGKILL
        return True
    assert os.WEXITSTATUS(status) == 0
    return False


def test_a_retrained_adapter_never_meets_the_old_ones_scores(folder: Path, tmp_path: Path) -> None:
    task = tasks_in(folder)[0]
    cache = ScoreCache(tmp_path)
    old = tiny.TinyArms(tiny.model(), tiny.tokenizer(), candidate="sha256:old")
    PackedEngine(old, cache, token_budget=128).score(task, range(len(task)), "sha256:old")
    new = tiny.TinyArms(tiny.model(), tiny.tokenizer(), candidate="sha256:new")
    new.model = tiny.adapter(tiny.model(), seed=9)
    engine = PackedEngine(new, ScoreCache(tmp_path), token_budget=128)
    scores = engine.score(task, range(len(task)), "sha256:new")
    assert not any(score.cached for score in scores)


def test_the_base_is_paid_once_for_all_candidates(
    folder: Path, arms: tiny.TinyArms, tmp_path: Path
) -> None:
    task = tasks_in(folder)[0]
    PackedEngine(arms, ScoreCache(tmp_path), token_budget=128).score(task, range(8), None)
    engine = PackedEngine(arms, ScoreCache(tmp_path), token_budget=128)
    scores = engine.score(task, range(len(task)), None)
    assert [score.cached for score in scores] == [doc < 8 for doc in range(len(task))]


def test_the_self_test_is_run_once_for_a_model_and_asked_of_the_cache_later(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs = []

    def failing(*_: Any) -> SelfTest:
        runs.append(1)
        return SelfTest(Packing.BATCHED, "its masks are its own")

    monkeypatch.setattr(packing_module, "self_test", failing)
    task = tasks_in(folder)[0]
    for _ in range(2):  # two processes
        arms = tiny.TinyArms(tiny.model(), tiny.tokenizer())
        engine = PackedEngine(arms, ScoreCache(tmp_path))
        engine.score(task, [0], None)
        assert engine.notes == [
            "The base is scored in plain batches, which is slower: its masks are its own."
        ]
    assert len(runs) == 1
    arms.pin = arms.pin.model_copy(update={"digest": "sha256:another"})
    PackedEngine(arms, ScoreCache(tmp_path)).score(task, [0], None)
    assert len(runs) == 2


def test_drift_is_computed_once_for_a_candidate_and_its_texts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    texts = ["the cat sees a dog", "one two three"]
    arms = tiny.TinyArms(tiny.model(), tiny.tokenizer(), candidate="sha256:one")
    found = PackedEngine(arms, ScoreCache(tmp_path)).drift("sha256:one", texts)
    assert found == compare_on_neutral_text(arms, "sha256:one", texts)
    monkeypatch.setattr(engine_module, "compare_on_neutral_text", lambda *_: None)
    again = PackedEngine(arms, ScoreCache(tmp_path))
    assert again.drift("sha256:one", texts) == found
    assert again.drift("sha256:one", texts[:1]) is None, "other texts, another question"
    other = tiny.TinyArms(tiny.model(), tiny.tokenizer(), candidate="sha256:two")
    assert PackedEngine(other, ScoreCache(tmp_path)).drift("sha256:two", texts) is None
    assert PackedEngine(arms).drift("sha256:one", texts) is None, "no cache, no memory"


def test_base_and_candidate_are_packed_alike(folder: Path, arms: tiny.TinyArms) -> None:
    for task in tasks_in(folder):
        engine = PackedEngine(arms, token_budget=128)
        engine.answers(task, range(len(task)), None)
        base = replace(engine.work)
        engine.answers(task, range(len(task)), "sha256:one")
        if task.output_type != "generate_until":  # texts end where each arm ends them
            assert engine.work.encoded == 2 * base.encoded
            assert engine.work.forwards == 2 * base.forwards


@pytest.mark.parametrize("packing", [Packing.FREE, Packing.FIXED])
def test_out_of_memory_halves_the_budget_and_goes_on(
    packing: Packing,
    folder: Path,
    arms: tiny.TinyArms,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    monkeypatch.setattr(packing_module, "self_test", lambda *_: SelfTest(packing))
    task = tasks_in(folder)[0]
    expected = PackedEngine(arms, token_budget=512).score(task, range(len(task)), None)
    run = forward_module.logits_at

    def short(module: Any, tokens: Any, *rest: Any) -> Any:
        if len(tokens) > 128:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return run(module, tokens, *rest)

    monkeypatch.setattr(forward_module, "logits_at", short)
    told: list[str] = []
    engine = PackedEngine(arms, ScoreCache(tmp_path), token_budget=512, tell=told.append)
    scores = engine.score(task, range(len(task)), None)
    assert [s.score for s in scores] == [s.score for s in expected]
    assert (
        told
        == engine.notes
        == [
            "Out of memory: continuing with 256 tokens at a time.",
            "Out of memory: continuing with 128 tokens at a time.",
        ]
    )
    again = PackedEngine(arms, ScoreCache(tmp_path), token_budget=512)
    known = [s.cached for s in again.score(task, range(len(task)), None)]
    assert known == [packing is Packing.FREE] * len(task), (
        "in forwards of another fixed height, scores are others"
    )


def test_a_lack_of_memory_in_the_self_test_is_not_held_against_the_architecture(
    arms: tiny.TinyArms, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(*_: Any) -> Any:
        raise RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 9")

    monkeypatch.setattr(forward_module, "logits_at", never)
    with pytest.raises(RuntimeError, match="allocate"):
        self_test(arms.model, 512, arms.device)


def test_memory_too_short_for_anything_is_said_in_a_sentence(
    folder: Path, arms: tiny.TinyArms, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(*_: Any) -> Any:
        raise RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 9")

    engine = PackedEngine(arms, token_budget=256)
    engine.answers(tasks_in(folder)[1], (), None)
    monkeypatch.setattr(forward_module, "logits_at", never)
    with pytest.raises(EngineError, match="Out of memory with only 64 tokens"):
        engine.score(tasks_in(folder)[1], [0], None)


@pytest.mark.parametrize("packing", [Packing.FREE, Packing.FIXED])
def test_memory_that_runs_out_while_texts_are_generated_changes_no_text(
    packing: Packing, folder: Path, arms: tiny.TinyArms, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(packing_module, "self_test", lambda *_: SelfTest(packing))
    task = tasks_in(folder)[-1]
    expected = PackedEngine(arms, token_budget=512).answers(task, range(len(task)), None)
    run = generation_module.logits_at

    def short(module: Any, tokens: Any, *rest: Any) -> Any:
        if len(tokens) > 64:
            raise RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling cublasCreate")
        return run(module, tokens, *rest)

    monkeypatch.setattr(generation_module, "logits_at", short)
    engine = PackedEngine(arms, token_budget=512)
    found = engine.answers(task, range(len(task)), None)
    assert [answer.responses for answer in found] == [answer.responses for answer in expected]
    assert engine.notes


def test_what_a_failed_forward_held_is_let_go_before_going_on(
    folder: Path, arms: tiny.TinyArms, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Large:
        """Stands for the tensors of the forward that failed."""

    held: list[weakref.ref[Large]] = []
    run = forward_module.logits_at

    def once(module: Any, tokens: Any, *rest: Any) -> Any:
        large = Large()
        if not held:
            held.append(weakref.ref(large))
            raise torch.OutOfMemoryError("CUDA out of memory")
        assert held[0]() is None, "the traceback still holds it"
        return run(module, tokens, *rest)

    engine = PackedEngine(arms, token_budget=256)
    engine.answers(tasks_in(folder)[1], (), None)
    monkeypatch.setattr(forward_module, "logits_at", once)
    assert engine.score(tasks_in(folder)[1], [0, 1], None)
    assert held


def test_a_metric_that_fails_is_asked_again_the_next_time(
    folder: Path, arms: tiny.TinyArms, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def unreachable(*_: Any) -> Any:
        raise ConnectionError("the metric is on the hub")

    task = tasks_in(folder)[0]
    with monkeypatch.context() as offline:
        offline.setattr(LoadedTask, "judge", unreachable)
        failed = PackedEngine(arms, ScoreCache(tmp_path), token_budget=128).score(task, [0], None)
    assert failed[0].error
    (score,) = PackedEngine(arms, ScoreCache(tmp_path), token_budget=128).score(task, [0], None)
    assert (score.error, score.cached) == (None, False)


def test_texts_made_under_other_generation_settings_are_other_scores(
    folder: Path, tmp_path: Path
) -> None:
    arms = tiny.TinyArms(tiny.model(), tiny.tokenizer())
    task = tasks_in(folder)[-1]

    def known() -> bool:
        engine = PackedEngine(arms, ScoreCache(tmp_path), token_budget=128)
        return all(score.cached for score in engine.score(task, range(4), None))

    assert not known()
    assert known()
    arms.model.generation_config.eos_token_id = [1, 9]
    assert not known(), "another end token"


def test_a_base_that_cannot_be_decoded_packed_says_so(folder: Path) -> None:
    arms = tiny.TinyArms(tiny.model(), tiny.tokenizer())
    arms.model.generation_config.repetition_penalty = 1.1
    engine = PackedEngine(arms, token_budget=128)
    engine.score(tasks_in(folder)[-1], [0], None)
    engine.score(tasks_in(folder)[-1], [1], None)
    (note,) = engine.notes
    assert "one at a time" in note
    assert "repetition_penalty" in note


@pytest.mark.parametrize("packing", [Packing.FREE, Packing.FIXED])
def test_heights_are_free_only_where_rows_keep_their_bits(
    packing: Packing, folder: Path, arms: tiny.TinyArms, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(packing_module, "self_test", lambda *_: SelfTest(packing))
    heights = set()
    run = forward_module.logits_at

    def noting(module: Any, tokens: Any, *rest: Any) -> Any:
        heights.add(len(tokens))
        return run(module, tokens, *rest)

    monkeypatch.setattr(forward_module, "logits_at", noting)
    for task in tasks_in(folder)[:2]:
        engine = PackedEngine(arms, token_budget=128)
        whole = [a.responses for a in engine.answers(task, range(len(task)), "sha256:one")]
        for doc in range(len(task)):
            alone = PackedEngine(arms, token_budget=128)
            assert alone.answers(task, [doc], "sha256:one")[0].responses == whole[doc]
    assert (len(heights) > 2) is (packing is Packing.FREE), (
        "one height for each of two tasks, or any"
    )


def test_an_adapter_whose_layers_do_not_keep_bits_runs_in_fixed_heights(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(packing_module, "self_test", lambda *_: SelfTest(Packing.FREE))
    monkeypatch.setattr(packing_module, "keep_bits", lambda layers, _: not layers)
    module = tiny.model()
    engine = PackedEngine(tiny.TinyArms(module, tiny.tokenizer()))
    assert engine._look_at(module, None).packing is Packing.FREE
    tiny.adapter(module)  # its layers now stand in the base's own tree, as an armed adapter's do
    assert engine._look_at(module, "sha256:one").packing is Packing.FIXED


def test_logits_that_are_no_numbers_are_an_error_of_the_doc_not_a_score(folder: Path) -> None:
    model = tiny.model()
    arms = tiny.TinyArms(model, tiny.tokenizer())
    tasks = tasks_in(folder)
    engine = PackedEngine(arms, token_budget=128)
    engine.answers(tasks[0], (), None)
    with torch.no_grad():
        model.model.norm.weight.fill_(float("nan"))
    for task in tasks:
        for score in engine.score(task, range(2), None):
            assert score.score == 0.0
            assert score.error is not None


@pytest.mark.parametrize("packing", [Packing.FREE, Packing.FIXED])
def test_greedy_texts_do_not_depend_on_the_number_of_slots(
    packing: Packing, folder: Path, arms: tiny.TinyArms, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(packing_module, "self_test", lambda *_: SelfTest(packing))
    task = tasks_in(folder)[-1]
    texts = []
    for slots in (1, 3, 32):
        monkeypatch.setattr(answers_module, "_SLOTS", slots)
        monkeypatch.setattr(answers_module, "LEAST", slots)
        monkeypatch.setattr(answers_module, "_MOST_SLOTS", slots)
        engine = PackedEngine(arms, token_budget=128)
        texts.append([a.responses for a in engine.answers(task, range(len(task)), "sha256:one")])
    assert texts[0] == texts[1] == texts[2]
    assert len({text for (text,) in texts[0]}) > 1
