"""run.yaml: what the schema allows, and what a wrong file is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from gatekeeper.errors import TrainingDataError
from gatekeeper.evidence import RunManifest
from gatekeeper.training.run_manifest import (
    find_manifest,
    manifest_path,
    read_manifest,
    write_manifest,
)

RUN = RunManifest(
    name="good",
    method="lora",
    base="smollm2-135m-instruct",
    dataset="../../data/train.jsonl",
    adapter={"r": 8, "target_modules": ["q_proj", "v_proj"]},
    learning_rate=5e-4,
    seed=0,
    splits={"train": 800},
)


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    assert read_manifest(write_manifest(RUN, tmp_path / "new")) == RUN


def test_writing_again_leaves_one_file(tmp_path: Path) -> None:
    write_manifest(RUN, tmp_path)
    write_manifest(RUN, tmp_path)
    assert [file.name for file in tmp_path.iterdir()] == ["run.yaml"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("name: a\nmethod: lora\nbase: b\nlearning_rat: 1\n", r"run\.yaml:4: .*\nDid you mean"),
        ("name: a\nmethod: lora\nbase: b\nseed: many\n", r"run\.yaml:4: seed"),
        ("name: a\nmethod: prompt\nbase: b\n", r"run\.yaml:2: method"),
        ("name: a\nmethod: lora\n", r"base"),
        ("schema_id: gatekeeper/run/v9\nname: a\n", r"run\.yaml:1: schema_id"),
        ("schema_id: [1]\nname: a\n", r"run\.yaml:1: schema_id"),
        ("name: [", r"not valid YAML"),
        ("- a\n", r"must be a mapping"),
    ],
)
def test_a_wrong_manifest_is_refused_with_its_line(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "run.yaml").write_text(text)
    with pytest.raises(TrainingDataError, match=message):
        read_manifest(tmp_path / "run.yaml")


def test_a_checkpoint_belongs_to_the_run_around_it(tmp_path: Path) -> None:
    write_manifest(RUN, tmp_path)
    (tmp_path / "checkpoint-20").mkdir()
    (tmp_path / "other").mkdir()
    assert find_manifest(tmp_path / "checkpoint-20") == tmp_path / "run.yaml"
    assert find_manifest(tmp_path / "other") is None


def test_files_are_named_relative_to_the_manifest(tmp_path: Path) -> None:
    named = manifest_path(tmp_path / "data" / "train.jsonl", tmp_path / "adapters" / "good")
    assert named == "../../data/train.jsonl"
