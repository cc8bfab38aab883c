"""A training file in which nothing can be compared is unknown, never clean."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml
from commands import gate
from trained import World

from gatekeeper.digests import digest_file


def trained_on(world: World, folder: Path, text: str) -> Path:
    """A copy of the good adapter whose run.yaml names and pins this training file."""
    adapter, data = folder / "odd", folder / "rows.jsonl"
    shutil.copytree(world.careful, adapter)
    data.write_text(text)
    run = adapter / "run.yaml"
    changed = {"dataset": str(data), "dataset_digest": digest_file(data)}
    run.write_text(yaml.safe_dump(yaml.safe_load(run.read_text()) | changed))
    return adapter


@pytest.mark.parametrize("text", ["", "\n\n", "[]"])
def test_a_file_without_rows_is_unknown(
    text: str, world: World, place: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    adapter = trained_on(world, tmp_path, text)
    code, out, _ = gate(["check", str(adapter), "--json", "-"], capsys)
    assert code == 10
    codes = {reason["code"] for reason in json.loads(out)["reasons"]}
    assert "contamination-unknown" in codes


@pytest.mark.parametrize(
    "row",
    [
        {"prompt": 5, "completion": None},
        {"prompt": True, "completion": "a"},
        {"prompt": None, "completion": None},
        {"prompt": "  ", "completion": ""},
        {"prompt": float("nan"), "completion": "a"},
        {"prompt": "a", "completion": float("nan")},
        {"text": None},
        {"messages": [{"role": "user", "content": None}]},
    ],
    ids=repr,
)
def test_a_row_in_which_there_is_no_text_is_named(
    row: dict[str, Any], world: World, place: Path, tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    good = json.dumps({"prompt": "a", "completion": "b"})
    adapter = trained_on(world, tmp_path, f"{good}\n{json.dumps(row)}\n")
    code, _, err = gate(["check", str(adapter)], capsys)
    assert code in (2, 10)
    assert "rows.jsonl:2: " in err
    assert "at most" not in err, "nothing was scored"
