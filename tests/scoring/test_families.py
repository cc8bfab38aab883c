"""Attention layouts of common families: packed rows give what the model itself gives."""

from __future__ import annotations

from pathlib import Path

import pytest
import tiny
import torch
from side_by_side import our_responses
from test_equality import assert_same_response

from gatekeeper.files.model_folder import ModelFolder
from gatekeeper.scoring.engine import PackedEngine
from gatekeeper.scoring.forwards.packing import Packing
from gatekeeper.scoring.forwards.packing_selftest import self_test
from gatekeeper.scoring.forwards.plain_generation import plain_text
from gatekeeper.scoring.forwards.plain_rows import plain_likelihoods
from gatekeeper.scoring.model.load_model import load_model
from gatekeeper.scoring.tasks.loaded_task import LoadedTask, load_tasks

FAMILIES = (
    *("llama", "qwen2", "qwen3", "mistral", "gemma2", "gemma3", "gpt2", "gpt_neox"),
    "granite_swa",  # has sinks
)
METRICS = {"choices": "acc", "pairs": "acc", "rolling": "word_perplexity", "words": "exact_match"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("suite")
    tiny.choices_task(folder, docs=4)
    tiny.pairs_task(folder, docs=4)
    tiny.rolling_task(folder, docs=2)
    tiny.words_task(folder, docs=4)
    return folder


def load(folder: Path) -> dict[str, LoadedTask]:
    found = load_tasks(tiny.suite(folder, list(METRICS.items())), tiny.tokenizer())
    return {name: tasks[0] for name, tasks in found.items()}


def expected(engine: PackedEngine, task: LoadedTask) -> list[list[object]]:
    """Each request on its own, by the model as transformers runs it."""
    model = engine.arms.model  # type: ignore[attr-defined]
    prepared = engine._prepare(task)
    found: list[list[object]] = []
    for doc, requests in prepared.requests(range(len(task))).items():
        if task.output_type == "generate_until":
            arguments = prepared.generation(doc)
            ending = engine._answers._ending(prepared, arguments, _Arm(model))
            found.append([plain_text(model, requests[0].inputs, ending, arguments)])
        else:
            alone = [plain_likelihoods(model, [r], 1 << 20, "cpu")[0] for r in requests]
            found.append(prepared.responses(alone))
    return found


def require_own_numbers(engine: PackedEngine, task: LoadedTask) -> None:
    ours = our_responses(engine, task, None)
    for mine, theirs in zip(ours, expected(engine, task), strict=True):
        for one, other in zip(mine, theirs, strict=True):
            assert_same_response(one, other)


def require_same_bits_alone(engine: PackedEngine, task: LoadedTask) -> None:
    whole = our_responses(engine, task, None)
    for doc in range(len(task)):
        assert engine.answers(task, [doc], None)[0].responses == whole[doc]


class _Arm:
    def __init__(self, module: object) -> None:
        self.module = module


@pytest.mark.parametrize("family", [*FAMILIES, "mixtral", "gpt_oss", "qwen3_5", "lfm2", "bloom"])
def test_a_family_is_loaded_from_its_folder_with_the_numbers_it_was_saved_with(
    family: str, tmp_path: Path
) -> None:
    """Some have no fused attention in transformers; they bring their own."""
    made = tiny.model(family)
    made.save_pretrained(tmp_path)
    pin = tiny.TinyArms(made, None).pin
    loaded = load_model(ModelFolder(tmp_path), pin, "cpu")
    ids = torch.tensor([[5, 6, 7, 8, 9]])
    assert torch.allclose(loaded(ids).logits, made(ids).logits, atol=1e-5)


@pytest.mark.parametrize("family", FAMILIES)
def test_packed_rows_of_a_family_give_the_models_own_numbers(family: str, folder: Path) -> None:
    engine = PackedEngine(tiny.TinyArms(tiny.model(family), tiny.tokenizer()), token_budget=128)
    for task in load(folder).values():
        require_own_numbers(engine, task)
    assert engine.notes == []
    assert engine.work.encoded < engine.work.naive


@pytest.mark.parametrize("family", ["mixtral", "qwen3_moe", "gpt_oss"])
def test_a_mixture_of_experts_gives_a_doc_the_same_bits_in_any_company(
    family: str, folder: Path
) -> None:
    model = tiny.model(family)
    engine = PackedEngine(tiny.TinyArms(model, tiny.tokenizer()), token_budget=128)
    for task in load(folder).values():
        require_own_numbers(engine, task)
        require_same_bits_alone(engine, task)
    (note,) = engine.notes
    assert "one doc at a time" in note
    assert engine.work.encoded < engine.work.naive


def test_a_long_doc_does_not_change_the_positions_of_those_beside_it(tmp_path: Path) -> None:
    """Phi 3 takes other rotary factors for a whole forward once a sequence in it is long."""
    tiny.rolling_task(tmp_path, docs=5, words=90)
    tiny.words_task(tmp_path, docs=5)
    metrics = {"rolling": "word_perplexity", "words": "exact_match"}
    suite = tiny.suite(tmp_path, list(metrics.items()))
    engine = PackedEngine(tiny.TinyArms(tiny.model("phi3"), tiny.tokenizer()), token_budget=128)
    for (task,) in load_tasks(suite, tiny.tokenizer()).values():
        require_own_numbers(engine, task)
        require_same_bits_alone(engine, task)


@pytest.mark.parametrize(
    ("family", "why"),
    [
        ("qwen3_next", "it carries a state from token to token"),
        ("qwen3_5", "it carries a state from token to token"),
        ("lfm2", "only 1 of its 3 layers attend in a way that can be packed"),
        ("bloom", "only 0 of its 2 layers attend"),
        ("gpt1", "only 0 of its 3 layers attend"),
    ],
)
def test_in_bfloat16_too_rows_that_meet_outside_our_attention_are_not_packed(
    family: str, why: str
) -> None:
    """Its tolerance is wide enough for a stranger's influence to pass for rounding."""
    found = self_test(tiny.model(family).bfloat16(), 256, "cpu")
    assert found.packing is (Packing.PLAIN if family == "qwen3_next" else Packing.BATCHED)
    assert why in found.why
    assert found.pads is (found.packing is Packing.BATCHED)


@pytest.mark.parametrize("family", ["bloom", "qwen3_5", "lfm2"])
def test_an_architecture_that_cannot_be_packed_is_scored_in_plain_batches_and_says_so(
    family: str, folder: Path
) -> None:
    """Bloom has ALiBi, Qwen 3.5 a state from token to token, LFM 2 convolutions."""
    engine = PackedEngine(tiny.TinyArms(tiny.model(family), tiny.tokenizer()), token_budget=128)
    for task in load(folder).values():
        require_own_numbers(engine, task)
        require_same_bits_alone(engine, task)
    assert "plain batches" in engine.notes[0]


def test_a_stop_that_is_a_special_token_ends_a_text_in_company_as_it_does_alone(
    tmp_path: Path,
) -> None:
    """`generate` goes on until every row is done; what follows a row's own stop is not its text."""
    model = tiny.model("qwen3_5")
    for special in ("tree", "eight", "ive", "dog"):  # what this model says, sooner or later
        tokens = tiny.tokenizer()
        tokens.add_special_tokens({"additional_special_tokens": [special]})
        tiny.words_task(tmp_path, docs=6, until=[special], max_gen_toks=24)
        found = load_tasks(tiny.suite(tmp_path, [("words", "exact_match")]), tokens)
        engine = PackedEngine(tiny.TinyArms(model, tokens), token_budget=128)
        for (task,) in found.values():
            require_same_bits_alone(engine, task)


def test_a_prompt_that_fills_the_context_is_not_padded_beyond_it(tmp_path: Path) -> None:
    tiny.words_task(tmp_path, docs=3, shots=2, max_gen_toks=4)
    found = load_tasks(tiny.suite(tmp_path, [("words", "exact_match")]), tiny.tokenizer())
    for (task,) in found.values():
        wide = PackedEngine(tiny.TinyArms(tiny.model("gpt1"), tiny.tokenizer()))
        wide.answers(task, (), None)
        prompts = wide._prepare(task).requests(range(len(task))).values()
        room = max(len(requests[0].inputs) for requests in prompts) + 4
        model = tiny.model("gpt1", n_positions=room)
        engine = PackedEngine(tiny.TinyArms(model, tiny.tokenizer()), token_budget=128)
        require_own_numbers(engine, task)


def test_a_window_that_packing_would_get_wrong_is_found_by_the_self_test() -> None:
    """A model that quietly ignores its masks must not be packed."""
    model = tiny.model("llama")
    for layer in model.model.layers:
        attention = layer.self_attn
        attention.forward = _leaking(attention.forward)
    engine = PackedEngine(tiny.TinyArms(model, tiny.tokenizer()), token_budget=128)
    engine._look_at(model, None)
    (note,) = engine.notes
    assert "disagree" in note


def _leaking(forward):  # type: ignore[no-untyped-def]
    def run(hidden_states: torch.Tensor, *args: object, **others: object) -> object:
        # Every row also takes something from the row before it, whoever that belongs to.
        shifted = torch.roll(hidden_states, 1, dims=1)
        return forward(hidden_states + 0.3 * shifted, *args, **others)

    return run
