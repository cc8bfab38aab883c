"""The proofs on real weights: SmolLM2-135M-Instruct in the formats that users train on."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from cast import save_adapter

from gatekeeper.base.pin import pin_base
from gatekeeper.candidate.inspect_files import inspect_static
from gatekeeper.candidate.weigh import weigh
from gatekeeper.files.model_folder import ModelFolder
from gatekeeper.scoring.model.loaded_base import load_base

pytestmark = pytest.mark.real


@pytest.fixture(scope="module")
def adapters(embedded_base: Path, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("real-adapters")
    return [
        save_adapter(embedded_base, folder / "lora", r=8, strength=0.02),
        save_adapter(embedded_base, folder / "saved", strength=0.01, modules_to_save=["lm_head"]),
        save_adapter(embedded_base, folder / "dora", strength=0.01, use_dora=True),
    ]


@pytest.mark.parametrize(
    ("dtype", "quantization"), [("float32", "none"), ("bfloat16", "none"), ("float32", "nf4")]
)
def test_real_adapters_are_on_then_off_then_gone_bit_for_bit(
    embedded_base: Path, adapters: list[Path], dtype: str, quantization: str
) -> None:
    threads = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        base = ModelFolder(embedded_base)
        pin = pin_base(base, "smollm2-135m-instruct", dtype, quantization)
        loaded = load_base(base, pin)
        for folder in adapters:
            candidate, found = inspect_static(folder, pin, base, pin.digest)
            assert not [f for f in found if f.severity in ("refuse", "hold")], found
            loaded.attach(folder, candidate.digest)
            effect = loaded.prove_effect(candidate.digest)
            assert (effect.changed, effect.finite, effect.off_identical) == (True, True, True)
        proof = loaded.prove_detach()
        assert proof.identical
        assert proof.weights_identical is (None if quantization == "nf4" else True)
    finally:
        torch.set_num_threads(threads)


def test_real_weights_are_weighed_against_the_base(
    embedded_base: Path, adapters: list[Path]
) -> None:
    evidence = weigh(adapters[0], ModelFolder(embedded_base))
    assert len(evidence.modules) == 60
    assert evidence.dead_modules == ()
    assert all(0 < (module.relative or 0) < 1 for module in evidence.modules)
    assert all(len(module.singular_values) == 8 for module in evidence.modules)
