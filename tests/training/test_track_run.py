"""TrackRun in a real Trainer: one line, and the run is known beside the adapter."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from gatekeeper.base.pin import pin_base
from gatekeeper.digests import digest_file
from gatekeeper.errors import TrainingDataError
from gatekeeper.files.model_folder import ModelFolder
from gatekeeper.training import TrackRun
from gatekeeper.training.read_run import read_run, training_texts

ROWS = [{"prompt": f"{a}+{b}=", "completion": str(a + b)} for a in range(4) for b in range(3)]


def trained(base: Path, out: Path, data: Path, lora: bool = True, **options: Any) -> Path:
    import torch
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM, AutoTokenizer, Trainer, TrainingArguments

    torch.manual_seed(0)  # the adapter's first weights are drawn before the trainer seeds itself
    tokenizer = AutoTokenizer.from_pretrained(base)
    model: Any = AutoModelForCausalLM.from_pretrained(base)
    if lora:
        model = get_peft_model(model, LoraConfig(r=2, target_modules=["q_proj"]))
    ids = [tokenizer(row["prompt"] + row["completion"]).input_ids[:5] for row in ROWS]
    rows = [{"input_ids": i + [1] * (5 - len(i)), "labels": i + [1] * (5 - len(i))} for i in ids]
    settings: dict[str, Any] = {
        "max_steps": 8,
        "logging_steps": 1,
        "eval_strategy": "steps",
        "eval_steps": 4,
        "save_steps": 4,
        "per_device_train_batch_size": 4,
        "learning_rate": 1e-3,
        "seed": 7,
        "report_to": [],
        "use_cpu": True,
        "disable_tqdm": True,
    }
    arguments = TrainingArguments(output_dir=str(out), **(settings | options))
    trainer = Trainer(model=model, args=arguments, train_dataset=rows, eval_dataset=rows[:4])
    trainer.add_callback(TrackRun(dataset=data))
    trainer.train()
    trainer.save_model(str(out))
    return out


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("data") / "train.jsonl"
    file.write_text("\n".join(json.dumps(row) for row in ROWS) + "\n")
    return file


@pytest.fixture(scope="module")
def run(tiny_base: Path, data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return trained(tiny_base, tmp_path_factory.mktemp("runs") / "adder", data)


def test_the_manifest_says_everything_that_the_trainer_knows(
    run: Path, tiny_base: Path, data: Path
) -> None:
    manifest = read_run(run).manifest
    assert manifest is not None
    assert (manifest.name, manifest.method, manifest.seed) == ("adder", "lora", 7)
    assert manifest.base == str(tiny_base)
    assert manifest.base_digest == pin_base(ModelFolder(tiny_base), "tiny").digest
    assert manifest.dataset_digest == digest_file(data)
    assert manifest.adapter == {"r": 2, "alpha": 8, "target_modules": ["q_proj"], "dropout": 0.0}
    assert manifest.splits == {"train": 12, "validation": 4}
    assert (manifest.batch_size, manifest.learning_rate) == (4, 1e-3)
    assert manifest.epochs == pytest.approx(8 / 3, abs=1e-3)
    assert {"torch", "transformers", "peft"} <= manifest.versions.keys()


def test_the_curve_and_the_rows_are_at_hand(run: Path) -> None:
    evidence = read_run(run)
    assert [p.step for p in evidence.curve] == list(range(1, 9))
    assert evidence.submitted_step == evidence.max_steps == 8
    assert evidence.has_validation is True
    assert evidence.contradictions is not None
    assert (evidence.contradictions.rows, evidence.contradictions.groups) == (12, 0)
    assert training_texts(run) == [(row["prompt"], row["completion"]) for row in ROWS]


def test_a_checkpoint_can_be_read_by_itself(run: Path) -> None:
    evidence = read_run(run / "checkpoint-4")
    assert evidence.manifest is not None
    assert evidence.submitted_step == 4
    assert evidence.contradictions is not None


def test_with_the_best_checkpoint_loaded_the_best_step_is_the_submitted_one(
    tiny_base: Path, data: Path, tmp_path: Path
) -> None:
    folder = trained(tiny_base, tmp_path / "best", data, load_best_model_at_end=True)
    evidence = read_run(folder)
    assert evidence.manifest is not None
    assert evidence.manifest.early_stopping is True
    assert evidence.submitted_step == evidence.best_step


def test_a_fully_trained_model_is_no_adapter(tiny_base: Path, data: Path, tmp_path: Path) -> None:
    folder = trained(tiny_base, tmp_path / "whole", data, lora=False, max_steps=1, save_steps=9)
    manifest = read_run(folder).manifest
    assert manifest is not None
    assert (manifest.method, manifest.adapter) == ("full", {})


def test_the_callback_changes_no_weight(
    run: Path, tiny_base: Path, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(TrackRun, "on_train_begin", lambda *_, **__: None)
    plain = trained(tiny_base, tmp_path / "plain", data)
    weights = "adapter_model.safetensors"
    assert digest_file(plain / weights) == digest_file(run / weights)


def test_a_dataset_that_is_not_there_is_said_before_the_training() -> None:
    with pytest.raises(TrainingDataError, match=r"gone\.jsonl is not a file"):
        TrackRun(dataset="gone.jsonl")


def test_a_folder_without_a_run_gives_no_evidence(tmp_path: Path) -> None:
    evidence = read_run(tmp_path)
    assert evidence.manifest is evidence.has_validation is evidence.contradictions is None
    assert evidence.curve == ()


def test_reading_a_run_imports_nothing_heavy() -> None:
    code = (
        "import sys, gatekeeper.training.read_run as t; from pathlib import Path;"
        "t.read_run(Path('.'));"
        "heavy = {'torch', 'transformers', 'datasets', 'scipy', 'numpy'} & set(sys.modules);"
        "sys.exit(repr(heavy) if heavy else 0)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
