"""Adapters put into a base and taken out again: on, then off, then gone, bit for bit."""

from __future__ import annotations

import json
import shutil
from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from cast import copy_with, save_adapter, save_checkpoint, save_tiny_llama

from gatekeeper.base.pin import pin_base
from gatekeeper.candidate.folder import read_adapter
from gatekeeper.candidate.inspect_files import inspect_static
from gatekeeper.errors import AdapterRefused, BaseError, EngineError
from gatekeeper.evidence import BasePin
from gatekeeper.files.model_folder import ModelFolder
from gatekeeper.scoring.model.attachment import BaseOverwrittenError, inject
from gatekeeper.scoring.model.fixed_prompts import prompt_logits
from gatekeeper.scoring.model.load_model import _require_resident, load_model
from gatekeeper.scoring.model.loaded_base import LoadedBase, load_base

VARIANTS: dict[str, dict[str, Any]] = {
    "plain": {},
    "all-linear": {"target_modules": "all-linear"},
    "rslora": {"use_rslora": True, "target_modules": "all-linear"},
    "dora": {"use_dora": True},
    "dora-embedding": {"use_dora": True, "target_modules": ["embed_tokens"]},
    "modules-to-save": {"modules_to_save": ["lm_head", "embed_tokens"]},
    "embedding": {"target_modules": ["q_proj", "embed_tokens"]},
    "head": {"target_modules": ["q_proj", "lm_head"]},
    "trainable-tokens": {"trainable_token_indices": [70, 71, 72, 73, 101, 105]},
    "bias": {"bias": "all"},
    "lora-bias": {"lora_bias": True},
}
FORMATS = [("float32", "none"), ("bfloat16", "none"), ("float32", "nf4"), ("bfloat16", "nf4")]


def load(base: Path, pin: BasePin) -> LoadedBase:
    return load_base(ModelFolder(base), pin)


def pinned(base: Path, dtype: str, quantization: str = "none") -> BasePin:
    return pin_base(ModelFolder(base), "tiny", dtype, quantization)


def attach(loaded: LoadedBase, folder: Path) -> str:
    digest = read_adapter(folder).digest
    loaded.attach(folder, digest)
    return digest


def equal(one: tuple[torch.Tensor, ...], other: tuple[torch.Tensor, ...]) -> bool:
    return all(torch.equal(a, b) for a, b in zip(one, other, strict=True))


def run(loaded: LoadedBase, digest: str | None) -> tuple[torch.Tensor, ...]:
    with loaded.arm(digest) as model:
        return prompt_logits(model, loaded.prompts, loaded.device)


@pytest.fixture(scope="module", params=[False, True], ids=["untied", "tied"])
def cast(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, dict[str, Path]]:
    """A base and one adapter of every variant."""
    folder = tmp_path_factory.mktemp("cast")
    base = save_tiny_llama(folder / "base", tied=request.param)
    return base, {
        name: save_adapter(base, folder / name, seed=number, **settings)
        for number, (name, settings) in enumerate(VARIANTS.items())
    }


@pytest.mark.parametrize(("dtype", "quantization"), FORMATS, ids=lambda value: value)
def test_every_variant_is_on_then_off_then_gone_bit_for_bit(
    cast: tuple[Path, dict[str, Path]], dtype: str, quantization: str
) -> None:
    base, adapters = cast
    loaded = load(base, pinned(base, dtype, quantization))
    fresh = loaded.fresh_state()
    assert equal(loaded.untouched.logits, fresh.logits)
    assert loaded.untouched.tensors == fresh.tensors
    digests = {name: attach(loaded, folder) for name, folder in adapters.items()}
    assert len(set(digests.values())) == len(VARIANTS)
    for name, digest in digests.items():
        effect = loaded.prove_effect(digest)
        assert (effect.changed, effect.finite, effect.off_identical) == (True, True, True), name
        assert effect.max_logit_difference > 0
        proof = loaded.prove_detach()
        assert proof.identical, name
        assert proof.weights_identical is (None if quantization == "nf4" else True)
        assert proof.method == "disable"
        loaded.detach(digest)
    assert loaded.attached == ()
    assert equal(run(loaded, None), fresh.logits)


def test_an_arm_computes_what_peft_alone_computes(cast: tuple[Path, dict[str, Path]]) -> None:
    from peft import PeftModel

    base, adapters = cast
    pin = pinned(base, "float32")
    loaded = load(base, pin)
    for name, folder in adapters.items():
        alone = PeftModel.from_pretrained(
            load_model(ModelFolder(base), pin, "cpu"), str(folder)
        ).eval()
        expected = prompt_logits(alone, loaded.prompts, "cpu")
        assert equal(run(loaded, attach(loaded, folder)), expected), name


def test_arms_do_not_see_each_other(cast: tuple[Path, dict[str, Path]]) -> None:
    base, adapters = cast
    pin = pinned(base, "float32")
    together = load(base, pin)
    digests = [attach(together, folder) for folder in adapters.values()]
    for digest, folder in reversed(list(zip(digests, adapters.values(), strict=True))):
        alone = load(base, pin)
        attach(alone, folder)
        assert equal(run(together, digest), run(alone, digest))
    assert equal(run(together, None), run(load(base, pin), None))


def test_arms_may_be_nested_and_come_back(
    tiny_base: Path, tiny_pin: BasePin, tiny_adapter: Path, tmp_path: Path
) -> None:
    loaded = load(tiny_base, tiny_pin)
    one = attach(loaded, tiny_adapter)
    two = attach(loaded, save_adapter(tiny_base, tmp_path / "b", seed=5, modules_to_save=["norm"]))
    alone = run(loaded, one)
    with loaded.arm(one) as model:
        run(loaded, two)
        run(loaded, None)
        assert equal(prompt_logits(model, loaded.prompts, "cpu"), alone)
    with pytest.raises(RuntimeError), loaded.arm(two):
        raise RuntimeError
    assert equal(run(loaded, None), loaded.untouched.logits)


def test_the_base_is_frozen_and_in_evaluation_mode_in_every_arm(
    tiny_base: Path, tiny_pin: BasePin, tmp_path: Path
) -> None:
    loaded = load(tiny_base, tiny_pin)
    folder = save_adapter(tiny_base, tmp_path / "a", lora_dropout=0.5, modules_to_save=["lm_head"])
    for arm in (None, attach(loaded, folder)):
        with loaded.arm(arm) as model:
            assert not any(module.training for module in model.modules())
            assert not any(parameter.requires_grad for parameter in model.parameters())


def test_marks_of_other_trainers_and_fields_that_are_off_do_not_keep_an_adapter_off(
    tiny_base: Path, tiny_pin: BasePin, tiny_adapter: Path, tmp_path: Path
) -> None:
    folder = copy_with(tiny_adapter, tmp_path / "a")
    config = json.loads((folder / "adapter_config.json").read_text())
    config["auto_mapping"] = {"base_model_class": "LlamaForCausalLM", "unsloth_fixed": True}
    config |= {"peft_version": "9.9.9", "use_telepathy": False, "telepathy_config": None}
    (folder / "adapter_config.json").write_text(json.dumps(config))
    loaded = load(tiny_base, tiny_pin)
    assert not equal(run(loaded, attach(loaded, folder)), run(loaded, None))


def test_an_adapter_that_was_never_attached_cannot_be_armed(
    tiny_base: Path, tiny_pin: BasePin
) -> None:
    loaded = load(tiny_base, tiny_pin)
    with pytest.raises(EngineError, match="not attached"), loaded.arm("sha256:" + "0" * 64):
        pass


def test_detaching_inside_its_own_arm_is_refused(
    tiny_base: Path, tiny_pin: BasePin, tiny_adapter: Path
) -> None:
    loaded = load(tiny_base, tiny_pin)
    digest = attach(loaded, tiny_adapter)
    with loaded.arm(digest), pytest.raises(EngineError, match="is computing"):
        loaded.detach_all()
    loaded.detach_all()
    assert loaded.attached == ()


def test_a_folder_that_changed_after_inspection_is_refused(
    tiny_base: Path, tiny_pin: BasePin, tiny_adapter: Path, tmp_path: Path
) -> None:
    folder = copy_with(tiny_adapter, tmp_path / "a")
    inspected = inspect_static(folder, tiny_pin, ModelFolder(tiny_base))[0].digest
    other = save_adapter(tiny_base, tmp_path / "b", seed=8)
    shutil.copy(other / "adapter_model.safetensors", folder)
    with pytest.raises(AdapterRefused, match="has changed since it was inspected"):
        load(tiny_base, tiny_pin).attach(folder, inspected)


def test_what_inspection_refuses_is_never_loaded(
    tiny_base: Path, tiny_pin: BasePin, tiny_adapter: Path, tmp_path: Path
) -> None:
    loaded = load(tiny_base, tiny_pin)
    lost = copy_with(tiny_adapter, tmp_path / "a", tensors=lambda t: t.pop(next(iter(t))))
    with pytest.raises(AdapterRefused, match="is missing 1 of 8 tensors"):
        attach(loaded, lost)
    assert loaded.attached == ()


def bypass_inspection(base: Path, adapter: Path) -> None:
    pin = pinned(base, "float32")
    inject(load_model(ModelFolder(base), pin, "cpu"), read_adapter(adapter), "cpu")


@pytest.mark.parametrize("start", ["pissa", "olora"])
def test_even_without_inspection_an_init_that_writes_the_base_is_noticed(
    tiny_base: Path, tmp_path: Path, start: str
) -> None:
    adapter = save_adapter(tiny_base, tmp_path / "a", init_lora_weights=start)
    with pytest.raises(BaseOverwrittenError, match="overwrites weights of the base"):
        bypass_inspection(tiny_base, adapter)


def test_even_without_inspection_a_lost_tensor_is_noticed_by_name(
    tiny_base: Path, tiny_adapter: Path, tmp_path: Path
) -> None:
    lost = "base_model.model.model.layers.1.self_attn.v_proj.lora_B.weight"
    adapter = copy_with(tiny_adapter, tmp_path / "a", tensors=lambda t: t.pop(lost))
    with pytest.raises(AdapterRefused, match=r"layers\.1\.self_attn\.v_proj\.lora_B\.weight"):
        bypass_inspection(tiny_base, adapter)


def test_layer_replication_is_refused_and_the_base_survives_it(
    tiny_base: Path, tiny_pin: BasePin, tiny_adapter: Path, tmp_path: Path
) -> None:
    loaded = load(tiny_base, tiny_pin)
    stretched = save_adapter(tiny_base, tmp_path / "a", layer_replication=[[0, 2], [1, 2]])
    with pytest.raises(AdapterRefused, match="layer_replication"):
        attach(loaded, stretched)
    attach(loaded, tiny_adapter)
    assert loaded.prove_detach().identical


def test_an_adapter_with_a_huge_alpha_is_no_crash(
    tiny_base: Path, tiny_pin: BasePin, tiny_adapter: Path, tmp_path: Path
) -> None:
    loaded = load(tiny_base, tiny_pin)
    wild = copy_with(tiny_adapter, tmp_path / "a", config={"lora_alpha": 1e6})
    assert loaded.prove_effect(attach(loaded, wild)).changed

    def blow_up(tensors: dict[str, np.ndarray]) -> None:
        for tensor in tensors.values():
            tensor *= 1e25

    beyond = copy_with(tiny_adapter, tmp_path / "b", tensors=blow_up)
    effect = loaded.prove_effect(attach(loaded, beyond))
    assert (effect.finite, effect.off_identical) == (False, True)
    assert loaded.prove_detach().identical


def test_a_no_op_is_seen_by_the_probe(tiny_base: Path, tiny_pin: BasePin, tmp_path: Path) -> None:
    loaded = load(tiny_base, tiny_pin)
    idle = save_adapter(tiny_base, tmp_path / "a", trained=False)
    effect = loaded.prove_effect(attach(loaded, idle))
    assert (effect.changed, effect.max_logit_difference, effect.kl) == (False, 0.0, 0.0)


def test_a_base_that_was_written_to_fails_the_proof(
    tiny_base: Path, tiny_pin: BasePin, tiny_adapter: Path
) -> None:
    loaded = load(tiny_base, tiny_pin)
    digest = attach(loaded, tiny_adapter)
    with torch.no_grad():
        loaded.model.model.embed_tokens.weight[120, 0] += 1e-3
    proof = loaded.prove_detach()
    # No prompt has this token and the head is not tied: only the bytes can tell.
    assert (proof.identical, proof.weights_identical) == (False, False)
    assert "weights differ" in proof.text
    with torch.no_grad():
        loaded.model.model.norm.weight[0] += 1.0
    assert not loaded.prove_effect(digest).off_identical


def test_merging_and_unmerging_would_fail_the_proof(tiny_base: Path, tiny_adapter: Path) -> None:
    pin = pinned(tiny_base, "bfloat16")
    loaded = load(tiny_base, pin)
    digest = attach(loaded, tiny_adapter)
    with loaded.arm(digest) as model:
        for module in model.modules():
            if hasattr(module, "unmerge"):
                module.merge()
                module.unmerge()
    assert not loaded.prove_detach().identical


def test_a_checkpoint_is_a_second_model_behind_the_same_door(
    tiny_base: Path, tiny_pin: BasePin, tiny_adapter: Path, tmp_path: Path
) -> None:
    loaded = load(tiny_base, tiny_pin)
    full = attach(loaded, save_checkpoint(tiny_base, tmp_path / "full"))
    assert loaded.is_checkpoint(full)
    effect = loaded.prove_effect(full)
    assert (effect.changed, effect.off_identical) == (True, True)
    proof = loaded.prove_detach()
    assert (proof.method, proof.identical) == ("not-applicable", True)
    lora = attach(loaded, tiny_adapter)
    with loaded.arm(lora), loaded.arm(full) as model:
        assert model is not loaded.model
    assert equal(run(loaded, None), loaded.untouched.logits)


def test_four_bit_weights_are_never_repacked(tiny_base: Path) -> None:
    loaded = load(tiny_base, pinned(tiny_base, "bfloat16", "nf4"))
    packed = [m for m in loaded.model.modules() if hasattr(m, "support_avx512bf16_for_cpu")]
    assert packed
    assert not any(module.support_avx512bf16_for_cpu for module in packed)


def test_reading_the_state_after_a_forward_does_no_harm_to_a_four_bit_base(
    tiny_base: Path,
) -> None:
    loaded = load(tiny_base, pinned(tiny_base, "float32", "nf4"))
    before = run(loaded, None)
    loaded.model.state_dict()
    assert equal(run(loaded, None), before)


def test_what_cannot_be_loaded_is_an_error_in_one_sentence(
    tiny_base: Path, tiny_pin: BasePin, tmp_path: Path
) -> None:
    with pytest.raises(BaseError, match="float8"):
        load(tiny_base, tiny_pin.model_copy(update={"dtype": "float8"}))
    broken = Path(shutil.copytree(tiny_base, tmp_path / "b"))
    (broken / "config.json").write_text('{"model_type": "no-such-model"}')
    with pytest.raises(BaseError, match="cannot be loaded"):
        load_model(ModelFolder(broken), tiny_pin, "cpu")


def test_code_that_a_base_brings_along_is_never_run(
    tiny_base: Path, tiny_pin: BasePin, tmp_path: Path
) -> None:
    folder = Path(shutil.copytree(tiny_base, tmp_path / "b"))
    mark = tmp_path / "mark"
    (folder / "evil.py").write_text(f"open({str(mark)!r}, 'w')\nclass Model: pass\n")
    (folder / "config.json").write_text(
        '{"model_type": "evil", "auto_map": {"AutoConfig": "evil.Model", '
        '"AutoModelForCausalLM": "evil.Model"}}'
    )
    with pytest.raises(BaseError):
        load_model(ModelFolder(folder), tiny_pin, "cpu")
    assert not mark.exists()


@pytest.mark.parametrize("wanted", ["flash_attention_2", "somebody/kernel", "eager"])
def test_a_bases_config_does_not_choose_the_attention(
    wanted: str, tiny_base: Path, tiny_pin: BasePin, tmp_path: Path
) -> None:
    folder = Path(shutil.copytree(tiny_base, tmp_path / "b"))
    config = json.loads((folder / "config.json").read_text())
    config |= {"attn_implementation": wanted, "_attn_implementation": wanted}
    (folder / "config.json").write_text(json.dumps(config))
    assert load_model(ModelFolder(folder), tiny_pin, "cpu").config._attn_implementation == "sdpa"


def test_a_base_too_large_for_the_device_is_said_in_a_sentence(
    tiny_base: Path, tiny_pin: BasePin, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 9 GiB")

    monkeypatch.setattr(torch.nn.Module, "to", full)
    with pytest.raises(BaseError, match="cannot be loaded: CUDA out of memory") as refused:
        load_model(ModelFolder(tiny_base), tiny_pin, "cpu")
    assert "quantized" in str(refused.value.hint)


@pytest.mark.parametrize(
    ("places", "fits"),
    [({"": 0}, True), ({"a": 0, "b": 1}, True), ({"": "cpu"}, True), ({"a": 0, "b": "cpu"}, False),
     ({"a": 0, "b": "disk"}, False)],
)  # fmt: skip
def test_a_base_that_would_stay_partly_outside_the_gpus_is_refused(
    places: dict[str, object], fits: bool, tiny_base: Path, tiny_pin: BasePin
) -> None:
    model = SimpleNamespace(hf_device_map=places)
    with (
        nullcontext()
        if fits
        else pytest.raises(BaseError, match="does not fit on this machine's GPUs")
    ):
        _require_resident(tiny_base, model)
