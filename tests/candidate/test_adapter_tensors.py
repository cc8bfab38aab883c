"""Adapters whose tensors are not what their config says: each refused in one sentence, by name."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from cast import copy_with, save_adapter, save_tiny_llama, save_tiny_qwen, write_header_claim

from gatekeeper.candidate.finding_codes import FindingCode
from gatekeeper.candidate.inspect_files import inspect_static
from gatekeeper.evidence import BasePin, Finding, Severity
from gatekeeper.files.model_folder import ModelFolder

LOST = "base_model.model.model.layers.1.self_attn.v_proj.lora_B.weight"
KEPT = "base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight"


def findings(
    adapter: Path, base: Path | None = None, pin: BasePin | None = None
) -> dict[str, Finding]:
    found = inspect_static(
        adapter, pin, ModelFolder(base) if base else None, pin.digest if pin else None
    )[1]
    assert len({f.code for f in found}) == len(found), found
    return {f.code: f for f in found}


def refusal(adapter: Path, base: Path | None, code: FindingCode) -> Finding:
    finding = findings(adapter, base)[code.value]
    assert finding.severity is Severity.REFUSE
    assert finding.text.count("\n") == 0
    return finding


@pytest.mark.parametrize("with_base", [True, False])
def test_a_sound_adapter_gives_no_cause_for_concern(
    tiny_adapter: Path, tiny_base: Path, tiny_pin: BasePin, with_base: bool
) -> None:
    found = findings(tiny_adapter, *((tiny_base, tiny_pin) if with_base else (None, None)))
    assert set(found) == (set() if with_base else {"base-not-compared"})


@pytest.mark.parametrize("with_base", [True, False])
def test_a_lost_tensor_is_refused_by_name(
    tiny_adapter: Path, tiny_base: Path, tmp_path: Path, with_base: bool
) -> None:
    broken = copy_with(tiny_adapter, tmp_path / "a", tensors=lambda t: t.pop(LOST))
    finding = refusal(broken, tiny_base if with_base else None, FindingCode.MISSING_TENSORS)
    assert finding.names == (LOST,)
    assert LOST in finding.text


def test_a_lost_pair_is_refused_when_the_base_is_at_hand(
    tiny_adapter: Path, tiny_base: Path, tmp_path: Path
) -> None:
    def lose_both(tensors: dict[str, np.ndarray]) -> None:
        tensors.pop(LOST)
        tensors.pop(LOST.replace("lora_B", "lora_A"))

    broken = copy_with(tiny_adapter, tmp_path / "a", tensors=lose_both)
    assert len(refusal(broken, tiny_base, FindingCode.MISSING_TENSORS).names) == 2
    assert "missing-tensors" not in findings(broken)


def test_an_unexpected_tensor_is_refused_by_name(
    tiny_adapter: Path, tiny_base: Path, tmp_path: Path
) -> None:
    strange = KEPT.replace("q_proj", "o_proj")
    broken = copy_with(
        tiny_adapter, tmp_path / "a", tensors=lambda t: t.update({strange: t[KEPT].copy()})
    )
    assert refusal(broken, tiny_base, FindingCode.UNEXPECTED_TENSORS).names == (strange,)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_a_number_that_is_none_is_refused_by_the_name_of_its_tensor(
    tiny_adapter: Path, tiny_base: Path, tmp_path: Path, value: float
) -> None:
    def spoil(tensors: dict[str, np.ndarray]) -> None:
        tensors[KEPT][2, 3] = value

    broken = copy_with(tiny_adapter, tmp_path / "a", tensors=spoil)
    assert refusal(broken, tiny_base, FindingCode.NOT_FINITE).names == (KEPT,)


def test_nan_is_found_in_bfloat16_and_float16_too(
    tiny_adapter: Path, tiny_base: Path, tmp_path: Path
) -> None:
    import torch
    from safetensors.torch import load_file, save_file

    for dtype in (torch.bfloat16, torch.float16):
        broken = copy_with(tiny_adapter, tmp_path / str(dtype))
        file = broken / "adapter_model.safetensors"
        tensors = {name: tensor.to(dtype) for name, tensor in load_file(file).items()}
        save_file(tensors, file)
        assert not findings(broken, tiny_base)
        tensors[KEPT][0, 0] = float("nan")
        save_file(tensors, file)
        assert refusal(broken, tiny_base, FindingCode.NOT_FINITE).names == (KEPT,)


def test_all_zero_b_is_held_since_it_changes_nothing(tiny_base: Path, tmp_path: Path) -> None:
    untrained = save_adapter(tiny_base, tmp_path / "a", trained=False)
    finding = findings(untrained, tiny_base)["no-effect"]
    assert finding.severity is Severity.HOLD
    assert "changes nothing" in finding.text


@pytest.mark.parametrize(
    "settings",
    [
        {"use_dora": True},
        {"modules_to_save": ["lm_head"]},
        {"trainable_token_indices": [1, 2]},
        {"target_modules": ["q_proj", "embed_tokens"]},
    ],
    ids=lambda settings: next(iter(settings)),
)
def test_an_untrained_variant_is_a_no_op_as_well(
    tiny_base: Path, tmp_path: Path, settings: dict[str, object]
) -> None:
    untrained = save_adapter(tiny_base, tmp_path / "a", trained=False, **settings)
    found = findings(untrained, tiny_base)
    # PEFT starts embedding targets with A = 0 and B random.
    assert found["no-effect"].severity is Severity.HOLD, found


def test_zero_b_with_a_trained_head_is_an_update(tiny_base: Path, tmp_path: Path) -> None:
    adapter = save_adapter(tiny_base, tmp_path / "a", modules_to_save=["lm_head"])

    def no_lora(tensors: dict[str, np.ndarray]) -> None:
        for name in tensors:
            if "lora_B" in name:
                tensors[name][:] = 0

    found = findings(copy_with(adapter, tmp_path / "b", tensors=no_lora), tiny_base)
    assert found["no-effect"].severity is Severity.WARN


def test_dead_modules_are_told_by_name(tiny_adapter: Path, tiny_base: Path, tmp_path: Path) -> None:
    def kill(tensors: dict[str, np.ndarray]) -> None:
        tensors[LOST][:] = 0

    finding = findings(copy_with(tiny_adapter, tmp_path / "a", tensors=kill), tiny_base)[
        "no-effect"
    ]
    assert (finding.severity, finding.names) == (
        Severity.WARN,
        ("model.layers.1.self_attn.v_proj",),
    )


def test_a_rank_that_differs_from_the_tensors_is_refused_in_one_sentence(
    tiny_adapter: Path, tiny_base: Path, tmp_path: Path
) -> None:
    broken = copy_with(tiny_adapter, tmp_path / "a", config={"r": 16})
    found = findings(broken, tiny_base)
    assert [f.code for f in found.values()] == ["rank-mismatch"]
    assert "r=16" in found["rank-mismatch"].text
    assert "rank 4" in found["rank-mismatch"].text


def test_a_rank_pattern_is_followed(tiny_base: Path, tmp_path: Path) -> None:
    adapter = save_adapter(
        tiny_base, tmp_path / "a", rank_pattern={"layers.1.self_attn.q_proj": 2, "v_proj": 3}
    )
    assert not findings(adapter, tiny_base)
    wrong = copy_with(adapter, tmp_path / "b", config={"rank_pattern": {"v_proj": 3}})
    assert "rank-mismatch" in findings(wrong, tiny_base)


def test_an_adapter_of_a_wider_base_does_not_fit(
    tiny_adapter: Path, tiny_base: Path, tmp_path: Path
) -> None:
    def widen(tensors: dict[str, np.ndarray]) -> None:
        tensors[KEPT] = np.zeros((4, 48), dtype=np.float32)

    broken = copy_with(tiny_adapter, tmp_path / "a", tensors=widen)
    finding = refusal(broken, tiny_base, FindingCode.SHAPE_MISMATCH)
    assert "4x48" in finding.text
    assert "4x32" in finding.text


def test_an_adapter_of_a_deeper_base_is_refused(
    tiny_base: Path, tmp_path: Path, tiny_pin: BasePin
) -> None:
    deeper = save_tiny_llama(tmp_path / "deeper", layers=3)
    adapter = save_adapter(deeper, tmp_path / "a")
    refusal(adapter, tiny_base, FindingCode.UNEXPECTED_TENSORS)


def test_targets_that_match_nothing_are_refused(
    tiny_adapter: Path, tiny_base: Path, tmp_path: Path
) -> None:
    broken = copy_with(tiny_adapter, tmp_path / "a", config={"target_modules": ["c_attn"]})
    refusal(broken, tiny_base, FindingCode.NO_MODULE_MATCHES)


@pytest.mark.parametrize("keep", [0, 5, 40, 900, -1])
def test_truncated_safetensors_are_refused_with_the_file_name(
    tiny_adapter: Path, tiny_base: Path, tmp_path: Path, keep: int
) -> None:
    broken = copy_with(tiny_adapter, tmp_path / "a")
    file = broken / "adapter_model.safetensors"
    file.write_bytes(file.read_bytes()[:keep])
    finding = refusal(broken, tiny_base, FindingCode.WEIGHTS_UNREADABLE)
    assert "adapter_model.safetensors" in finding.text


@pytest.mark.parametrize("claimed", [1 << 62, 100_000_000, 4096])
def test_an_absurd_header_is_refused_before_it_is_parsed(
    tiny_adapter: Path, tiny_base: Path, tmp_path: Path, claimed: int
) -> None:
    broken = copy_with(tiny_adapter, tmp_path / "a")
    write_header_claim(broken / "adapter_model.safetensors", claimed)
    refusal(broken, tiny_base, FindingCode.WEIGHTS_UNREADABLE)


def test_integers_are_no_adapter(tiny_adapter: Path, tiny_base: Path, tmp_path: Path) -> None:
    def quantise(tensors: dict[str, np.ndarray]) -> None:
        tensors[KEPT] = tensors[KEPT].astype(np.int8)

    broken = copy_with(tiny_adapter, tmp_path / "a", tensors=quantise)
    refusal(broken, tiny_base, FindingCode.UNSUPPORTED_DTYPE)


@pytest.mark.parametrize("tied", [False, True])
@pytest.mark.parametrize(
    "settings",
    [
        {"target_modules": "all-linear"},
        {"target_modules": r".*layers\.1\..*(q|v)_proj"},
        {"target_modules": ["q_proj"], "layers_to_transform": [1]},
        {"target_modules": ["q_proj"], "layers_to_transform": 0, "layers_pattern": "layers"},
        {"target_modules": ["q_proj", "k_proj"], "exclude_modules": ["layers.0.self_attn.k_proj"]},
        {"target_modules": ["q_proj", "embed_tokens"]},
        {"target_modules": ["q_proj", "lm_head"]},
        {"target_modules": ["q_proj"], "modules_to_save": ["embed_tokens", "lm_head"]},
        {"target_modules": ["q_proj"], "modules_to_save": ["input_layernorm"]},
        {"target_modules": ["q_proj"], "trainable_token_indices": [3, 5]},
        {"target_modules": ["q_proj"], "lora_bias": True},
        {"use_dora": True},
        {"use_rslora": True},
        {"init_lora_weights": "gaussian"},
        {"init_lora_weights": "orthogonal"},
        {"bias": "all"},
    ],
    ids=str,
)
def test_whatever_peft_saves_is_exactly_what_is_expected(
    tmp_path_factory: pytest.TempPathFactory, settings: dict[str, object], tied: bool
) -> None:
    folder = tmp_path_factory.mktemp("expected")
    base = save_tiny_llama(folder / "base", tied=tied)
    found = findings(save_adapter(base, folder / "adapter", **settings), base)
    assert all(f.severity in (Severity.INFO, Severity.WARN) for f in found.values()), found


def test_trained_biases_are_refused_since_peft_writes_them_into_the_base(tmp_path: Path) -> None:
    qwen = save_tiny_qwen(tmp_path / "qwen")
    adapter = save_adapter(qwen, tmp_path / "a", bias="all")
    finding = refusal(adapter, qwen, FindingCode.WRITES_BASE)
    assert finding.names[0].endswith("bias")


def test_another_embedding_saved_along_is_refused(tiny_base: Path, tmp_path: Path) -> None:
    adapter = save_adapter(tiny_base, tmp_path / "a", target_modules=["embed_tokens"])
    name = "base_model.model.model.embed_tokens.base_layer.weight"

    def replace(tensors: dict[str, np.ndarray]) -> None:
        tensors[name][5, 5] += 0.25

    changed = copy_with(adapter, tmp_path / "b", tensors=replace)
    assert refusal(changed, tiny_base, FindingCode.WRITES_BASE).names == (name,)
    assert findings(changed)["writes-base"].severity is Severity.WARN
