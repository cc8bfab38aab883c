"""A base that one GPU cannot hold is spread over several; spread layers give the same numbers."""

from __future__ import annotations

from pathlib import Path

import pytest
import tiny
import torch

from gatekeeper.files.model_folder import ModelFolder
from gatekeeper.scoring.engine import PackedEngine
from gatekeeper.scoring.model import load_model as loading
from gatekeeper.scoring.model.load_model import _needs_several
from gatekeeper.scoring.tasks.loaded_task import load_tasks


@pytest.mark.parametrize(
    ("gpus", "free", "spread"), [(1, 1_000, False), (2, 1_000, True), (2, 1 << 30, False)]
)
def test_only_a_base_too_large_for_one_of_several_gpus_is_spread(
    gpus: int, free: int, spread: bool, tiny_base: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loading.torch.cuda, "device_count", lambda: gpus)
    monkeypatch.setattr(loading.torch.cuda, "mem_get_info", lambda _: (free, free))
    base = ModelFolder(tiny_base)
    assert _needs_several(base, torch.bfloat16, "cuda") is spread
    assert not _needs_several(base, torch.bfloat16, "cpu")


def test_layers_that_are_moved_in_for_each_forward_are_packed_like_any_other(
    tmp_path: Path,
) -> None:
    """accelerate's hooks are those of `device_map="auto"`; here they fetch layers from disk."""
    from accelerate import dispatch_model

    tiny.choices_task(tmp_path, docs=4)
    tiny.words_task(tmp_path, docs=4)
    suite = tiny.suite(tmp_path, [("choices", "acc"), ("words", "exact_match")])
    tokens = tiny.tokenizer()
    tasks = [task for (task,) in load_tasks(suite, tokens).values()]
    whole = PackedEngine(tiny.TinyArms(tiny.model(), tokens), token_budget=128)
    expected = [[a.responses for a in whole.answers(task, range(4), None)] for task in tasks]
    places = {"model.embed_tokens": "cpu", "model.rotary_emb": "cpu", "model.norm": "cpu"}
    places |= {"lm_head": "cpu", "model.layers.0": "cpu"}
    places |= {"model.layers.1": "disk", "model.layers.2": "disk"}
    spread = dispatch_model(
        tiny.model(), places, main_device="cpu", offload_dir=str(tmp_path / "layers")
    )
    engine = PackedEngine(tiny.TinyArms(spread, tokens), token_budget=128)
    found = [[a.responses for a in engine.answers(task, range(4), None)] for task in tasks]
    assert found == expected
    assert engine.notes == []
