"""A channel inside a process: attached, swapped, detached; whole requests, and the base's bits."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from cast import save_adapter, save_checkpoint, save_tiny_llama
from registry_factory import NOW, evidence, policy_text, verdict

from gatekeeper.base.pin import pin_base
from gatekeeper.errors import AdapterRefused, RegistryDamaged, RegistryError
from gatekeeper.evidence import BasePin
from gatekeeper.files.model_folder import ModelFolder
from gatekeeper.live import ChannelModel
from gatekeeper.registry import BASE, By, Registry
from gatekeeper.scoring.model.loaded_base import LoadedBase, load_base

BY = By("ana", NOW)
PROMPT = torch.tensor([[10, 40, 70, 100, 65]])


@pytest.fixture(scope="module")
def candidates(tiny_base: Path, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    root = tmp_path_factory.mktemp("candidates")
    return [
        save_adapter(tiny_base, root / "first", seed=1, strength=0.3),
        save_adapter(tiny_base, root / "second", seed=2, strength=0.3, target_modules="all-linear"),
        save_checkpoint(tiny_base, root / "full", strength=0.05),
    ]


@pytest.fixture
def registry(tmp_path: Path) -> Registry:
    return Registry.create(tmp_path / "registry")


@pytest.fixture
def loaded(tiny_base: Path, tiny_pin: BasePin) -> LoadedBase:
    return load_base(ModelFolder(tiny_base), tiny_pin)


def promote(registry: Registry, folder: Path, base: BasePin, *, created: str = NOW) -> str:
    """Record a promote verdict for real files and put them into service."""
    kind = "checkpoint" if (folder / "config.json").exists() else "adapter"
    digest = registry.store_object(folder, kind)  # type: ignore[arg-type]
    about = evidence(digest, name=folder.name, kind=kind, base_digest=base.digest, created=created)
    check = registry.record_check(about, verdict(about), [], policy_text(), name=folder.name, by=BY)
    registry.promote("production", check.check_id, by=BY)
    return digest


def logits(model: ChannelModel) -> torch.Tensor:
    with model.request() as served, torch.inference_mode():
        return served.model(PROMPT).logits


def test_it_serves_what_the_channel_serves_without_loading_the_base_again(
    registry: Registry, loaded: LoadedBase, tiny_pin: BasePin, candidates: list[Path]
) -> None:
    live = ChannelModel(loaded, registry)
    assert live.serves.target == BASE
    base = logits(live)
    weight = next(live.serves.model.parameters())
    seen = [base]
    for folder in candidates[:2]:
        digest = promote(registry, folder, tiny_pin)
        swap = live.refresh()
        assert swap is not None
        assert swap.after == live.serves.target == digest
        assert next(live.serves.model.parameters()) is weight
        seen.append(logits(live))
    assert not torch.equal(seen[0], seen[1])
    assert not torch.equal(seen[1], seen[2])
    assert live.refresh() is None


def test_an_adapter_computes_as_peft_alone_would(
    registry: Registry, loaded: LoadedBase, tiny_pin: BasePin, tiny_base: Path,
    candidates: list[Path],
) -> None:  # fmt: skip
    from peft import PeftModel
    from transformers import AutoModelForCausalLM

    promote(registry, candidates[1], tiny_pin)
    live = ChannelModel(loaded, registry)
    base = AutoModelForCausalLM.from_pretrained(tiny_base, dtype=torch.float32)
    with torch.inference_mode():
        expected = PeftModel.from_pretrained(base, candidates[1]).eval()(PROMPT).logits
    assert torch.equal(logits(live), expected)


def test_after_rollback_the_base_is_a_fresh_one_bit_for_bit(
    registry: Registry, loaded: LoadedBase, tiny_pin: BasePin, tiny_base: Path,
    candidates: list[Path],
) -> None:  # fmt: skip
    live = ChannelModel(loaded, registry)
    for folder in candidates:
        promote(registry, folder, tiny_pin)
        live.refresh()
        logits(live)
    registry.rollback("production", to=BASE, by=BY)
    live.refresh()
    fresh = load_base(ModelFolder(tiny_base), tiny_pin)
    with fresh.arm(None) as model, torch.inference_mode():
        assert torch.equal(logits(live), model(PROMPT).logits)
    proof = live.prove()
    assert proof.identical
    assert proof.weights_identical


def test_a_checkpoint_is_served_as_a_model_of_its_own(
    registry: Registry, loaded: LoadedBase, tiny_pin: BasePin, candidates: list[Path]
) -> None:
    from transformers import AutoModelForCausalLM

    promote(registry, candidates[2], tiny_pin)
    live = ChannelModel(loaded, registry)
    own = AutoModelForCausalLM.from_pretrained(candidates[2], dtype=torch.float32)
    with torch.inference_mode():
        assert torch.equal(logits(live), own(PROMPT).logits)


def test_going_back_to_the_previous_adapter_loads_nothing(
    registry: Registry, loaded: LoadedBase, tiny_pin: BasePin, candidates: list[Path],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    live = ChannelModel(loaded, registry)
    first = promote(registry, candidates[0], tiny_pin)
    live.refresh()
    before = logits(live)
    promote(registry, candidates[1], tiny_pin)
    live.refresh()
    monkeypatch.setattr(LoadedBase, "beside", lambda *_: pytest.fail("loaded again"))
    registry.rollback("production", by=BY)
    live.refresh()
    assert live.serves.target == first
    assert torch.equal(logits(live), before)


def test_a_request_keeps_what_it_began_with(
    registry: Registry, loaded: LoadedBase, tiny_pin: BasePin, candidates: list[Path]
) -> None:
    live = ChannelModel(loaded, registry)
    base = logits(live)
    with live.request() as served, torch.inference_mode():
        promote(registry, candidates[0], tiny_pin)
        live.refresh()
        assert torch.equal(served.model(PROMPT).logits, base)
        assert not torch.equal(logits(live), base)
        assert not live.drain(timeout=0)
    assert live.drain(timeout=0)


def test_threads_that_generate_during_swaps_get_one_adapter_per_request(
    registry: Registry, loaded: LoadedBase, tiny_pin: BasePin, candidates: list[Path]
) -> None:
    """Every token of every reply is what its target alone would have said."""
    prompts = [f"hello {letter * 9}" for letter in "abcd"]
    live = ChannelModel(loaded, registry)

    def replies() -> dict[str, str]:
        return {prompt: live.generate(prompt, max_new_tokens=24).text for prompt in prompts}

    expected = {BASE: replies()}
    digests = []
    for folder in candidates[:2]:
        digests.append(promote(registry, folder, tiny_pin))
        live.refresh()
        expected[digests[-1]] = replies()
    assert len({tuple(told.values()) for told in expected.values()}) == 3

    wrong: list[object] = []
    served: list[str] = []
    stop = threading.Event()

    def ask(number: int) -> None:
        while not stop.is_set():
            prompt = prompts[number % len(prompts)]
            reply = live.generate(prompt, max_new_tokens=24)
            served.append(reply.target)
            if reply.text != expected[reply.target][prompt]:
                wrong.append(reply)

    threads = [threading.Thread(target=ask, args=(n,), daemon=True) for n in range(6)]
    for thread in threads:
        thread.start()
    for turn in range(12):
        target = [BASE, *digests][turn % 3]
        if target == BASE:
            registry.rollback("production", to=BASE, by=BY)
        else:
            registry.promote("production", target, force=True, by=By("ana", NOW, "swap"))
        live.refresh()
        before = served.count(target)
        assert _soon(lambda target=target, before=before: served.count(target) > before)
    stop.set()
    for thread in threads:
        thread.join()
    assert wrong == []
    assert set(served) == {BASE, *digests}
    assert live.prove().identical


@pytest.mark.parametrize(
    "problem", [AdapterRefused("no memory for it"), torch.OutOfMemoryError("CUDA out of memory")]
)
def test_it_follows_in_the_background_and_tells_what_went_wrong(
    registry: Registry, loaded: LoadedBase, tiny_pin: BasePin, candidates: list[Path],
    monkeypatch: pytest.MonkeyPatch, problem: Exception,
) -> None:  # fmt: skip
    live = ChannelModel(loaded, registry)
    live.follow(every=0.01)
    first = promote(registry, candidates[0], tiny_pin)
    assert _soon(lambda: live.serves.target == first)

    def refuse(*_: object) -> object:
        raise problem

    with monkeypatch.context() as patch:
        patch.setattr(LoadedBase, "beside", refuse)
        second = promote(registry, candidates[1], tiny_pin)
        assert _soon(lambda: live.problem is not None)
        assert "memory" in str(live.problem)
        assert live.serves.target == first
    assert _soon(lambda: live.serves.target == second)
    assert _soon(lambda: live.problem is None)
    live.stop()


def test_a_base_that_had_to_be_loaded_again_serves_on(
    registry: Registry, loaded: LoadedBase, tiny_pin: BasePin, candidates: list[Path],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    from gatekeeper.scoring.model.attachment import BaseOverwrittenError

    first = promote(registry, candidates[0], tiny_pin)
    live = ChannelModel(loaded, registry)
    before, spoilt = logits(live), loaded.model

    def overwrite(model: torch.nn.Module, *_: object) -> object:
        next(model.parameters()).zero_()
        raise BaseOverwrittenError("written over")

    with monkeypatch.context() as patch:
        patch.setattr("gatekeeper.scoring.model.loaded_base.inject", _once(overwrite))
        promote(registry, candidates[1], tiny_pin)
        with pytest.raises(BaseOverwrittenError):
            live.refresh()
    assert loaded.model is not spoilt
    assert live.serves.target == first
    assert torch.equal(logits(live), before)


def test_damaged_bytes_are_never_attached(
    registry: Registry, loaded: LoadedBase, tiny_pin: BasePin, candidates: list[Path]
) -> None:
    live = ChannelModel(loaded, registry)
    digest = promote(registry, candidates[0], tiny_pin)
    weights = registry.objects.path(digest) / "adapter_model.safetensors"
    weights.chmod(0o644)
    data = weights.read_bytes()
    weights.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
    with pytest.raises(RegistryDamaged):
        live.refresh()
    assert live.serves.target == BASE
    assert live.problem is not None
    with pytest.raises(RegistryDamaged):
        ChannelModel(loaded, registry)
    weights.write_bytes(data)
    assert live.refresh() is not None
    assert live.problem is None


def test_a_file_swapped_between_hashing_and_loading_is_refused(
    loaded: LoadedBase, candidates: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import shutil

    from gatekeeper.candidate.folder import read_adapter
    from gatekeeper.scoring.model import attachment

    folder = tmp_path / "adapter"
    shutil.copytree(candidates[0], folder)
    other = save_adapter(loaded.folder.path, tmp_path / "other", seed=9, strength=0.3)
    digest = read_adapter(folder).digest
    inject = attachment.inject

    def swap_first(*arguments: object) -> object:
        shutil.copy(other / "adapter_model.safetensors", folder)
        return inject(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr("gatekeeper.scoring.model.loaded_base.inject", swap_first)
    for attach in (loaded.attach, loaded.beside):
        shutil.copy(candidates[0] / "adapter_model.safetensors", folder)
        with pytest.raises(AdapterRefused, match="changed between inspection and loading"):
            attach(folder, digest)
    assert loaded.attached == ()


def test_another_base_than_the_channels_is_refused(
    registry: Registry, tiny_pin: BasePin, candidates: list[Path], tmp_path: Path
) -> None:
    promote(registry, candidates[0], tiny_pin)
    other = save_tiny_llama(tmp_path / "other", seed=5)
    with pytest.raises(RegistryError, match="this process has"):
        ChannelModel(load_base(ModelFolder(other), pin_base(ModelFolder(other), "other")), registry)


def test_it_loads_a_base_that_is_only_named(
    registry: Registry, tiny_base: Path, tiny_pin: BasePin, candidates: list[Path]
) -> None:
    digest = promote(registry, candidates[0], tiny_pin)
    with ChannelModel(tiny_base, registry.root) as live:
        assert live.serves.target == digest
        assert live.generate("hello", max_new_tokens=4).target == digest


def _once(instead: Callable[..., object]) -> Callable[..., object]:
    """Something else on the first call, the real thing afterwards."""
    from gatekeeper.scoring.model.attachment import inject

    calls = [instead, inject]
    return lambda *arguments: (calls.pop(0) if len(calls) > 1 else calls[0])(*arguments)


def _soon(condition: Callable[[], bool], seconds: float = 120.0) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.01)
    return False


@pytest.mark.parametrize("kind", ["tied", "nf4"])
def test_other_bases_share_their_tensors_too(
    kind: str, registry: Registry, candidates: list[Path], tiny_base: Path, tmp_path: Path
) -> None:
    base = save_tiny_llama(tmp_path / "tied", tied=True) if kind == "tied" else tiny_base
    pin = pin_base(ModelFolder(base), kind, quantization="nf4" if kind == "nf4" else "none")
    live = ChannelModel(load_base(ModelFolder(base), pin), registry)
    before = logits(live)
    adapter = save_adapter(base, tmp_path / "adapter", strength=0.3)
    promote(registry, adapter, pin)
    live.refresh()
    assert not torch.equal(logits(live), before)
    registry.rollback("production", by=BY)
    live.refresh()
    assert torch.equal(logits(live), before)
    assert live.prove().identical
