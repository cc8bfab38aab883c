"""What the weights of an adapter say, against the full-size product and by known cases."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from cast import copy_with, save_adapter, save_checkpoint
from hypothesis import given
from hypothesis import strategies as st
from safetensors.numpy import load_file

from gatekeeper.candidate.weigh import module_scale, singular_values, weigh
from gatekeeper.errors import AdapterRefused
from gatekeeper.files.model_folder import ModelFolder

Q0 = "model.layers.0.self_attn.q_proj"
NAME = f"base_model.model.{Q0}"


@given(st.integers(1, 6), st.integers(1, 20), st.integers(1, 20), st.integers(0, 2**32 - 1))
def test_singular_values_are_those_of_the_full_product(
    rank: int, rows: int, columns: int, seed: int
) -> None:
    draw = np.random.default_rng(seed)
    a = draw.normal(size=(rank, columns)).astype(np.float32)
    b = draw.normal(size=(rows, rank)).astype(np.float32)
    found = singular_values(a, b, -2.5)
    full = np.linalg.svd(2.5 * b.astype(float) @ a.astype(float), compute_uv=False)
    assert found == tuple(sorted(found, reverse=True))
    count = min(len(found), len(full))
    np.testing.assert_allclose(found[:count], full[:count], atol=1e-9 * max(1.0, full[0]))
    assert all(value < 1e-9 * max(1.0, full[0]) for value in found[count:])


@given(st.floats(0.01, 100), st.integers(0, 1000))
def test_ranks_do_not_depend_on_the_scale(scale: float, seed: int) -> None:
    draw = np.random.default_rng(seed)
    a, b = draw.normal(size=(4, 9)), draw.normal(size=(7, 4))
    one, other = singular_values(a, b), singular_values(a, b, scale)
    np.testing.assert_allclose(np.array(one) * scale, other, rtol=1e-9)


def test_norms_are_those_of_the_scaled_update(tiny_adapter: Path, tiny_base: Path) -> None:
    tensors = load_file(tiny_adapter / "adapter_model.safetensors")
    base = load_file(tiny_base / "model.safetensors")
    update = 2.0 * tensors[f"{NAME}.lora_B.weight"] @ tensors[f"{NAME}.lora_A.weight"]
    module = next(m for m in weigh(tiny_adapter, ModelFolder(tiny_base)).modules if m.name == Q0)
    norm = float(np.linalg.norm(update))
    assert module.norm == pytest.approx(norm, rel=1e-4)
    assert module.relative == pytest.approx(norm / np.linalg.norm(base[f"{Q0}.weight"]), rel=1e-4)
    assert module.stable_rank == pytest.approx(norm**2 / np.linalg.norm(update, 2) ** 2, rel=1e-3)
    assert weigh(tiny_adapter).modules[0].relative is None


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        ({"r": 4, "lora_alpha": 8}, 2.0),
        ({"r": 4, "lora_alpha": 8, "use_rslora": True}, 4.0),
        ({"r": 4, "lora_alpha": 8, "alpha_pattern": {"q_proj": 20}}, 5.0),
        ({"r": 4, "lora_alpha": 8, "rank_pattern": {r"layers\.0.*q_proj": 16}}, 0.5),
        ({"r": 4, "lora_alpha": 8, "rank_pattern": {"v_proj": 16}}, 2.0),
    ],
)
def test_the_scale_follows_rslora_and_patterns(config: dict[str, Any], expected: float) -> None:
    assert module_scale(config, Q0) == pytest.approx(expected)


def test_the_scale_is_the_one_that_peft_uses(tiny_base: Path, tmp_path: Path) -> None:
    import torch
    from peft import PeftModel
    from transformers import AutoModelForCausalLM

    folder = save_adapter(
        tiny_base,
        tmp_path / "a",
        use_rslora=True,
        target_modules=["q_proj", "v_proj", "o_proj"],
        rank_pattern={"v_proj": 2, "layers.1.self_attn.o_proj": 7},
        alpha_pattern={"o_proj": 3, "layers.0.self_attn.q_proj": 5},
    )
    model = PeftModel.from_pretrained(
        AutoModelForCausalLM.from_pretrained(tiny_base, dtype=torch.float32), str(folder)
    )
    weighed = {module.name: module for module in weigh(folder).modules}
    for name, layer in model.base_model.model.named_modules():
        if hasattr(layer, "get_delta_weight") and name in weighed:
            norm = float(torch.linalg.norm(layer.get_delta_weight("default")))
            assert weighed[name].norm == pytest.approx(norm, rel=1e-4), name
    assert len(weighed) == 6


def test_an_update_along_one_direction_uses_one_rank(tiny_adapter: Path, tmp_path: Path) -> None:
    def flatten(tensors: dict[str, np.ndarray]) -> None:
        for name, tensor in tensors.items():
            if "lora_B" in name:
                tensor[:, 1:] = 0

    evidence = weigh(copy_with(tiny_adapter, tmp_path / "a", tensors=flatten))
    assert all(m.energy_rank == 1 for m in evidence.modules)
    assert all(m.stable_rank == pytest.approx(1.0) for m in evidence.modules)
    assert evidence.rank_used == 0.25


def test_modules_without_an_update_are_named_dead(tiny_adapter: Path, tmp_path: Path) -> None:
    def kill(tensors: dict[str, np.ndarray]) -> None:
        tensors[f"{NAME}.lora_B.weight"][:] = 0

    evidence = weigh(copy_with(tiny_adapter, tmp_path / "a", tensors=kill))
    assert evidence.dead_modules == (Q0,)
    dead = next(module for module in evidence.modules if module.name == Q0)
    assert (dead.norm, dead.stable_rank, dead.energy_rank) == (0.0, 0.0, 0)


def test_an_adapter_that_changes_nothing_used_no_rank(tiny_base: Path, tmp_path: Path) -> None:
    evidence = weigh(save_adapter(tiny_base, tmp_path / "a", trained=False))
    assert evidence.rank_used is None
    assert len(evidence.dead_modules) == 4


def test_a_checkpoint_has_no_update_to_weigh(tiny_base: Path, tmp_path: Path) -> None:
    with pytest.raises(AdapterRefused, match="not a readable adapter"):
        weigh(save_checkpoint(tiny_base, tmp_path / "full"))
