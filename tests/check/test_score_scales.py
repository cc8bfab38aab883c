"""Scaling changes alpha and nothing else; the choice and its final check share no sample."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from cast import save_adapter, save_tiny_llama
from hypothesis import given
from hypothesis import strategies as st
from situations import policy, situation

from gatekeeper.candidate.folder import read_adapter
from gatekeeper.candidate.scaled_copy import scaled_copy, unscalable
from gatekeeper.check.score_scales import CHOICE
from gatekeeper.decision.choose_scale import choose
from gatekeeper.decision.outcomes import compare
from gatekeeper.errors import AdapterRefused, ConfigError
from gatekeeper.evidence import RunManifest, Sampling
from gatekeeper.suite.draw import draw, window
from gatekeeper.training.run_manifest import read_manifest, write_manifest
from gatekeeper.verdict.scale_point import ScalePoint, room


@pytest.fixture(scope="module")
def adapter(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("scales")
    base = save_tiny_llama(folder / "base")
    return save_adapter(base, folder / "runs" / "hot")


def config_of(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "adapter_config.json").read_text())
    return found


def test_a_scaled_copy_differs_in_alpha_alone_and_has_its_own_digest(
    adapter: Path, tmp_path: Path
) -> None:
    digest = scaled_copy(adapter, tmp_path / "cool", 0.7)
    before, after = config_of(adapter), config_of(tmp_path / "cool")
    assert after["lora_alpha"] == pytest.approx(0.7 * before["lora_alpha"])
    assert after | {"lora_alpha": before["lora_alpha"]} == before
    name = "adapter_model.safetensors"
    assert (tmp_path / "cool" / name).read_bytes() == (adapter / name).read_bytes()
    assert digest != read_adapter(adapter).digest


def test_the_run_goes_along_and_says_what_it_was_rescaled_from(
    adapter: Path, tmp_path: Path
) -> None:
    data = adapter.parent.parent / "train.jsonl"
    data.write_text('{"prompt": "a", "completion": "b"}\n')
    run = RunManifest(
        name="hot", method="lora", base="tiny", dataset="../../train.jsonl", escalated_from="c-1"
    )
    write_manifest(run, adapter)
    (adapter / "trainer_state.json").write_text("{}")
    scaled_copy(adapter, tmp_path / "cool", 0.5, name="cool")
    told = read_manifest(tmp_path / "cool" / "run.yaml")
    assert told.rescaled_from == told.parent == read_adapter(adapter).digest
    assert told.escalated_from is None
    assert told.dataset is not None
    assert (tmp_path / "cool" / told.dataset).resolve() == data.resolve()
    assert (tmp_path / "cool" / "trainer_state.json").is_file()


def test_alpha_per_module_is_scaled_too(adapter: Path, tmp_path: Path) -> None:
    changed = config_of(adapter) | {"alpha_pattern": {"q_proj": 10}}
    own = tmp_path / "own"
    scaled_copy(adapter, own, 1.0)
    (own / "adapter_config.json").write_text(json.dumps(changed))
    scaled_copy(own, tmp_path / "cool", 0.35)
    assert config_of(tmp_path / "cool")["alpha_pattern"] == {"q_proj": 3.5}


@pytest.mark.parametrize(
    "config",
    [
        {"modules_to_save": ["lm_head"]},
        {"use_dora": True},
        {"bias": "all"},
        {"trainable_token_indices": [1]},
        {"peft_type": "IA3"},
    ],
)
def test_what_alpha_does_not_scale_is_refused(config: dict[str, Any]) -> None:
    assert unscalable({"peft_type": "LORA", "bias": "none"}) is None
    assert unscalable({"peft_type": "LORA", "bias": "none"} | config)


def test_nothing_is_written_over(adapter: Path, tmp_path: Path) -> None:
    (tmp_path / "taken").mkdir()
    with pytest.raises(ConfigError):
        scaled_copy(adapter, tmp_path / "taken", 0.5)
    with pytest.raises(AdapterRefused):
        scaled_copy(tmp_path / "taken", tmp_path / "new", 0.5)
    assert not (tmp_path / "new").exists()


@given(st.dictionaries(st.text("abc", min_size=1), st.integers(1, 60), min_size=1), st.integers(0))
def test_the_choice_and_its_final_check_share_no_sample(sizes: dict[str, int], seed: int) -> None:
    order = draw(sizes, seed)
    first, rest = window(order, (0.0, CHOICE)), window(order, (CHOICE, 1.0))
    assert sorted(first + rest) == sorted(order)
    assert not set(first) & set(rest)


def test_the_whole_draw_changes_no_digest_of_older_evidence() -> None:
    said = Sampling(seed=0, max_samples=20, look_every=5).model_dump(mode="json")
    assert said == {"seed": 0, "max_samples": 20, "look_every": 5}
    part = Sampling(seed=0, max_samples=20, look_every=5, window=(0.0, 0.4))
    assert Sampling.model_validate_json(part.model_dump_json()) == part


def point(factor: float, held_out: float, *, forgotten: bool) -> ScalePoint:
    evidence, _ = situation(held_out=held_out, forgotten=forgotten)
    return ScalePoint(factor, compare(evidence, policy()))


def test_the_scale_with_most_room_on_its_tightest_rule_is_chosen() -> None:
    hot, right, weak = (
        point(1.0, 0.97, forgotten=True),
        point(0.7, 0.95, forgotten=False),
        point(0.35, 0.6, forgotten=False),
    )
    assert choose([hot, right, weak]) is right
    assert hot.room < 0 < right.room


def test_without_room_nothing_is_chosen() -> None:
    assert choose([point(1.0, 0.97, forgotten=True), point(0.5, 0.5, forgotten=False)]) is None
    assert choose([]) is None
    assert room(()) == float("-inf")
