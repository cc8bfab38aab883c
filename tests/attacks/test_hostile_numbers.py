"""Numbers and texts that no record can hold: refused or held before scoring, and never recorded.

The attacker writes the adapter's folder, its run.yaml, its training rows and its trainer state.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from cast import copy_with
from commands import gate
from trained import World

HUGE = 10**401
CONFIGS: dict[str, dict[str, Any]] = {
    "alpha beyond float32": {"lora_alpha": 1e308},
    "alpha of 402 digits": {"lora_alpha": HUGE},
    "negative alpha of 402 digits": {"lora_alpha": -HUGE},
    "largest alpha of float32": {"lora_alpha": 3.4e38},
    "a pattern of 402 digits": {"alpha_pattern": {"q_proj": HUGE}},
    "a pattern beyond float32": {"alpha_pattern": {"q_proj": 1e300}},
    "a rank of 402 digits": {"r": HUGE},
    "a dropout of 402 digits": {"lora_dropout": HUGE},
    "a layer of 402 digits": {"layers_to_transform": [HUGE]},
    "a token of 402 digits": {"trainable_token_indices": [HUGE]},
}


def scaled(factor: float) -> Callable[[dict[str, np.ndarray]], None]:
    def change(tensors: dict[str, np.ndarray]) -> None:
        for name in tensors:
            tensors[name] = tensors[name] * np.float32(factor)

    return change


def the_registry_still_works(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    """One candidate was checked; nothing that reads the registry minds."""
    for command in (
        ["registry", "verify"],
        ["log"],
        ["status"],
        ["report", "--all", "site"],
        ["plan"],
        ["policy", "replay", str(world.policy)],
    ):
        code, _, err = gate(command, capsys)
        assert code == 0, (command, err)
    code, _, err = gate(["check", str(world.careful)], capsys)
    assert code == 0, err
    code, _, err = gate(["promote", "careful"], capsys)
    assert code == 0, err


@pytest.mark.parametrize("change", CONFIGS.values(), ids=CONFIGS)
def test_a_number_in_the_config_ends_in_a_verdict_and_poisons_nothing(
    change: dict[str, Any], world: World, place: Path, tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    adapter = copy_with(world.careful, tmp_path / "odd", config=change)
    code, _, err = gate(["check", str(adapter)], capsys)
    assert code in (10, 30), err
    assert "Internal error" not in err
    the_registry_still_works(world, capsys)


@pytest.mark.parametrize("factor", [1e18, 1e30, 3e37])
def test_weights_whose_squares_overflow_end_in_a_verdict_and_poison_nothing(
    factor: float, world: World, place: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    adapter = copy_with(world.careful, tmp_path / "odd", tensors=scaled(factor))
    code, _, err = gate(["check", str(adapter)], capsys)
    assert code in (10, 30), err
    assert "Internal error" not in err
    the_registry_still_works(world, capsys)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("learning_rate: .nan", "infinite or NaN"),
        ("learning_rate: -.inf", "infinite or NaN"),
        (f"epochs: {HUGE}", "digits"),
        (f"adapter: {{r: 4, alpha: {HUGE}}}", "digits"),
        ("adapter: {alpha: .inf}", "infinite or NaN"),
        ('base: "a\\ud800b"', "surrogate"),
        ('versions: {"a\\udfffb": "1"}', "plain words"),
    ],
)
def test_a_value_in_run_yaml_is_refused_with_its_line_before_anything_is_scored(
    line: str, said: str, world: World, place: Path, tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    adapter = tmp_path / "odd"
    shutil.copytree(world.careful, adapter)
    run = adapter / "run.yaml"
    key = line.split(":")[0]
    kept = [text for text in run.read_text().splitlines() if not text.startswith(f"{key}:")]
    run.write_text("\n".join([*kept, line]) + "\n")
    code, _, err = gate(["check", str(adapter)], capsys)
    assert code == 2
    assert f"run.yaml:{len(kept) + 1}: " in err
    assert said in err
    assert "at most" not in err, "nothing was scored"


@pytest.mark.parametrize(
    "row",
    [
        {"prompt": "x\ud800y", "completion": "a"},
        {"prompt": "1 rot a:", "completion": "\udfff"},
        {
            "messages": [
                {"role": "user", "content": "\ud800"},
                {"role": "assistant", "content": "x"},
            ]
        },
    ],
)
def test_half_a_surrogate_pair_in_a_training_row_is_named_before_anything_is_scored(
    row: dict[str, Any], world: World, place: Path, tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    from gatekeeper.digests import digest_file

    adapter, data = tmp_path / "odd", tmp_path / "rows.jsonl"
    shutil.copytree(world.careful, adapter)
    data.write_text(json.dumps({"prompt": "a", "completion": "b"}) + "\n" + json.dumps(row) + "\n")
    change_run(adapter, dataset=str(data), dataset_digest=digest_file(data))
    code, _, err = gate(["check", str(adapter)], capsys)
    assert code in (2, 10)
    assert "rows.jsonl:2: " in err
    assert "Internal error" not in err
    assert "at most" not in err, "nothing was scored"


def change_run(adapter: Path, **values: object) -> None:
    import yaml

    run = adapter / "run.yaml"
    run.write_text(yaml.safe_dump(yaml.safe_load(run.read_text()) | values))


@pytest.mark.parametrize("key", ["step", "loss", "epoch", "learning_rate", "grad_norm"])
def test_integers_of_hundreds_of_digits_in_the_trainer_state_are_no_evidence(
    key: str, world: World, place: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    adapter = tmp_path / "odd"
    shutil.copytree(world.careful, adapter)
    log = [{"step": step, "loss": 1.0} | {key: HUGE} for step in range(1, 9)]
    state = {"log_history": log, "global_step": HUGE, "max_steps": HUGE, "best_global_step": HUGE}
    (adapter / "trainer_state.json").write_text(json.dumps(state))
    code, _, err = gate(["check", str(adapter)], capsys)
    assert code in (0, 10), err
    assert "Internal error" not in err
    assert gate(["registry", "verify"], capsys)[0] == 0


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-32"])
def test_a_config_that_peft_cannot_read_is_refused(
    encoding: str, world: World, place: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    adapter = tmp_path / "odd"
    shutil.copytree(world.careful, adapter)
    config = adapter / "adapter_config.json"
    config.write_text(config.read_text(), encoding=encoding)
    code, _, err = gate(["check", str(adapter)], capsys)
    assert code == 30, err


def test_a_folder_whose_name_is_not_utf_8_is_refused_before_anything_is_scored(
    world: World, place: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    adapter = tmp_path / "odd\udcff"
    shutil.copytree(world.careful, adapter)
    code, _, err = gate(["check", str(adapter)], capsys)
    assert code == 2
    assert "is not UTF-8" in err
