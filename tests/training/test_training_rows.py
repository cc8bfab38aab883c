"""Training rows: the formats that trainers read, and files that are something else."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from gatekeeper.digests import digest_file
from gatekeeper.errors import TrainingDataError
from gatekeeper.evidence import RunManifest
from gatekeeper.training.rows import read_rows, read_training_rows


@pytest.mark.parametrize(
    ("row", "pair"),
    [
        ({"prompt": "2+2=", "completion": " 4"}, ("2+2=", " 4")),
        ({"instruction": "Add.", "input": "2, 2", "output": "4"}, ("Add.\n2, 2", "4")),
        ({"instruction": "Say hi.", "input": "", "output": "hi"}, ("Say hi.", "hi")),
        ({"question": "2+2?", "answer": 4}, ("2+2?", "4")),
        ({"text": "good film", "label": 1}, ("good film", "1")),
        ({"text": "just text"}, ("just text", "")),
        (
            {
                "messages": [
                    {"role": "system", "content": "Be brief."},
                    {"role": "user", "content": [{"type": "text", "text": "2+2?"}]},
                    {"role": "assistant", "content": "4"},
                ]
            },
            ("Be brief.\n2+2?", "4"),
        ),
        (
            {
                "prompt": [{"role": "user", "content": "2+2?"}],
                "completion": [{"role": "assistant", "content": "4"}],
            },
            ("2+2?", "4"),
        ),
        ({"prompt": "2+2=", "chosen": " 4", "rejected": " 5"}, ("2+2=", " 4")),
        (
            {
                "chosen": [
                    {"role": "user", "content": "2+2?"},
                    {"role": "assistant", "content": "4"},
                ],
                "rejected": [
                    {"role": "user", "content": "2+2?"},
                    {"role": "assistant", "content": "5"},
                ],
            },
            ("2+2?", "4"),
        ),
        ({"chosen": "2+2= 4", "rejected": "2+2= 5"}, ("2+2= 4", "")),
        ({"prompt": "2+2="}, ("2+2=", "")),
    ],
)
def test_every_known_format_gives_input_and_target(
    tmp_path: Path, row: dict[str, Any], pair: tuple[str, str]
) -> None:
    lines, whole = tmp_path / "rows.jsonl", tmp_path / "rows.json"
    lines.write_text(json.dumps(row) + "\n\n" + json.dumps(row) + "\n")
    whole.write_text(json.dumps([row, row]))
    assert read_rows(lines) == read_rows(whole) == [pair, pair]


def test_a_line_separator_inside_a_text_does_not_split_a_row(tmp_path: Path) -> None:
    file = tmp_path / "rows.jsonl"
    file.write_text('{"prompt": "a\u2028b", "completion": "c"}\n', encoding="utf-8")
    assert read_rows(file) == [("a\u2028b", "c")]


@pytest.mark.parametrize(
    "line",
    ['{"colour": "red"}', '{"prompt": "a", "mark": 1}', "3", '{"messages": ["a"]}', "root:x:0:0"],
)
def test_a_row_of_no_known_format_is_named_by_line_and_not_quoted(
    tmp_path: Path, line: str
) -> None:
    file = tmp_path / "rows.jsonl"
    file.write_text('{"prompt": "a", "completion": "b"}\n' + line + "\n")
    with pytest.raises(TrainingDataError, match=r"rows\.jsonl:2: is") as caught:
        read_rows(file)
    assert line not in caught.value.message.removeprefix(str(file))


def test_bytes_that_are_no_text_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "rows.jsonl"
    file.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(TrainingDataError, match="UTF-8"):
        read_rows(file)


def manifest(**fields: Any) -> RunManifest:
    return RunManifest(name="a", method="lora", base="b", **fields)


def test_the_dataset_is_found_relative_to_the_manifest(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "run").mkdir()
    file = tmp_path / "data" / "train.jsonl"
    file.write_text('{"prompt": "a", "completion": "b"}\n')
    pinned = manifest(dataset="../data/train.jsonl", dataset_digest=digest_file(file))
    assert read_training_rows(pinned, tmp_path / "run") == [("a", "b")]


def test_data_that_changed_since_the_run_is_refused(tmp_path: Path) -> None:
    (tmp_path / "train.jsonl").write_text('{"prompt": "a", "completion": "b"}\n')
    pinned = manifest(dataset="train.jsonl", dataset_digest="sha256:" + "0" * 64)
    with pytest.raises(TrainingDataError, match="not the file that the run was trained on"):
        read_training_rows(pinned, tmp_path)


@pytest.mark.parametrize("named", [None, "gone.jsonl", ".", "/dev/zero"])
def test_data_that_is_not_at_hand_is_missing_evidence_and_no_error(
    tmp_path: Path, named: str | None
) -> None:
    assert read_training_rows(manifest(dataset=named), tmp_path) is None
