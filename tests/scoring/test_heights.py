"""Heights are free only where this was tried out; the output layer's order changes no number."""

from __future__ import annotations

import pytest
import tiny
import torch
from torch import nn

from gatekeeper.scoring.forwards import forward_heights as heights_module
from gatekeeper.scoring.forwards.forest_attention import ForestRows
from gatekeeper.scoring.forwards.forward_heights import keep_bits, linear_layers, routes_to_experts
from gatekeeper.scoring.forwards.output_layer import by_columns
from gatekeeper.scoring.forwards.packing import Packing
from gatekeeper.scoring.forwards.packing_selftest import SelfTest, self_test


def test_a_kernel_that_rounds_otherwise_in_a_higher_forward_is_found(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    real = nn.functional.linear

    def by_height(rows: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
        found = real(rows, weight)
        return found if len(rows) < 100 else found * (1 + 2e-7)

    layers = {(64, 32, "torch.float32"): torch.randn(64, 32)}
    before = keep_bits(layers, "cpu")
    monkeypatch.setattr(heights_module.nn.functional, "linear", by_height)
    assert not keep_bits(layers, "cpu")
    monkeypatch.undo()
    assert keep_bits(layers, "cpu") is before


def test_an_output_layer_that_rounds_otherwise_by_columns_is_found(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    wide = heights_module._WIDE
    layers = {(wide, 32, "torch.float32"): torch.randn(wide, 32)}
    before = keep_bits(layers, "cpu")
    real = heights_module.columns_first
    monkeypatch.setattr(
        heights_module, "columns_first", lambda rows, weight: real(rows, weight) * (1 + 2e-7)
    )
    assert not keep_bits(layers, "cpu")
    monkeypatch.undo()
    assert keep_bits(layers, "cpu") is before


def test_on_a_gpu_heights_are_never_free() -> None:
    assert not keep_bits({(64, 32, "torch.float32"): torch.randn(64, 32)}, "cuda")


def test_a_model_that_looks_at_its_whole_forward_has_no_free_heights() -> None:
    model = tiny.model("llama")
    before = self_test(model, 256, "cpu")
    norm = model.model.norm
    plain = norm.forward
    norm.forward = lambda states: plain(states) * (1 + 1e-5 * states.shape[1])
    assert self_test(model, 256, "cpu").packing is not Packing.FREE
    norm.forward = plain
    assert self_test(model, 256, "cpu") == before


@pytest.mark.parametrize(
    ("dtype", "packing"), [(torch.float32, Packing.ALONE), (torch.bfloat16, Packing.PLAIN)]
)
def test_a_model_whose_rows_look_at_other_docs_gets_one_doc_at_a_time(
    dtype: torch.dtype, packing: Packing
) -> None:
    """In few bits not even that: what is no rounding could pass for it."""
    model = tiny.model("llama").to(dtype)
    norm = model.model.norm
    plain = norm.forward
    least = torch.finfo(dtype).eps
    norm.forward = lambda states: plain(states) * (1 + 8 * least * states.float().sum().sin())
    found = self_test(model, 256, "cpu")
    assert found.packing is packing
    assert "docs packed with" in found.why


def test_experts_are_found_by_the_models_config() -> None:
    assert routes_to_experts(tiny.model("mixtral").config)
    assert not routes_to_experts(tiny.model("llama").config)


def test_a_model_that_suits_trees_but_no_forest_is_packed_in_trees(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def unsuited(*_: object) -> None:
        raise RuntimeError("heads of another size")

    model = tiny.model("llama")
    monkeypatch.setattr(ForestRows, "attend", unsuited)
    assert self_test(model, 256, "cpu") == SelfTest(Packing.FIXED)


def test_layers_of_every_kind_are_listed_or_none_are() -> None:
    model = tiny.model("llama")
    layers = linear_layers(model)
    assert layers is not None
    assert (512, 64, "torch.float32") in layers, "the output layer"
    assert (128, 64, "torch.float32") in layers
    assert (4, 64, "torch.float32") in (linear_layers(tiny.adapter(model)) or ()), "an adapter's"
    turned = linear_layers(tiny.model("gpt2")) or {}
    assert turned[192, 64, "torch.float32"].shape == (192, 64), "queries, keys and values"
    packed = nn.Linear(8, 8)
    packed.weight = nn.Parameter(torch.zeros((32, 1), dtype=torch.uint8), requires_grad=False)
    assert linear_layers(nn.Sequential(packed)) is None


@pytest.mark.parametrize("family", ["llama", "gemma2", "gpt2"])
@pytest.mark.parametrize("rows", [5, 64, 300])
def test_the_output_layer_by_columns_gives_the_models_own_logits(family: str, rows: int) -> None:
    model = tiny.model(family)
    ids = torch.randint(3, 500, (1, min(rows, 250)), generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        expected = model(input_ids=ids).logits
        with by_columns(model):
            assert torch.allclose(model(input_ids=ids).logits, expected, atol=1e-5)
        assert "forward" not in vars(model.get_output_embeddings())
        assert torch.equal(model(input_ids=ids).logits, expected)


def test_an_output_layer_that_is_adapted_is_left_alone() -> None:
    from peft import LoraConfig, get_peft_model

    model = tiny.model("llama")
    wrapped = get_peft_model(model, LoraConfig(r=4, target_modules=["lm_head"]))
    nn.init.normal_(wrapped.base_model.model.lm_head.lora_B.default.weight, std=0.2)
    ids = torch.randint(3, 500, (1, 20), generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        expected = model(input_ids=ids).logits
        with by_columns(model):
            assert torch.equal(model(input_ids=ids).logits, expected)
