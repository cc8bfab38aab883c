"""What was measured of a suite: shown in the list and the README, never part of the pin."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from gatekeeper.cli import gate
from gatekeeper.suite import content_digest, load_suite, pin_suite
from gatekeeper.suite.measured import read_measure

ROOT = Path(__file__).parents[2]


def test_the_list_shows_counts_signal_and_cost(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    done = CliRunner().invoke(gate, ["suite", "list"])
    [row] = [line for line in done.output.splitlines() if line.startswith("general ")]
    measured = read_measure(load_suite("general"))
    assert measured is not None, "suites/general changed: run tools/describe_suites.py"
    assert row.split()[3] == str(measured.samples)
    tokens = sum(one.tokens for one in measured.capabilities)
    assert (f"{tokens / 1000:.0f}k tok" if measured.cached else f"{measured.seconds:.0f} s") in row
    assert all(len(line) <= 80 for line in done.output.splitlines()), done.output


def test_a_measure_of_other_data_is_not_shown_and_never_part_of_the_pin(tmp_path: Path) -> None:
    folder = tmp_path / "general"
    shutil.copytree(ROOT / "suites" / "general", folder)
    suite = load_suite(str(folder))
    before = pin_suite(suite)
    (folder / "measured.json").write_text("{}")
    assert pin_suite(suite) == before
    assert read_measure(suite) is None
    shutil.copy(ROOT / "suites" / "general" / "measured.json", folder)
    assert read_measure(suite) is not None
    with (folder / "grammar.jsonl").open("a") as data:
        data.write(json.dumps({"id": 9, "prompt": "", "choices": ["a", "b"], "gold": 0}) + "\n")
    assert content_digest(suite) != content_digest(load_suite("general"))
    assert read_measure(suite) is None


def test_the_readme_says_what_was_measured() -> None:
    measured = read_measure(load_suite("general"))
    assert measured is not None
    readme = (ROOT / "suites" / "general" / "README.md").read_text(encoding="utf-8")
    for one in measured.capabilities:
        row = next(line for line in readme.splitlines() if line.startswith(f"| {one.name} |"))
        assert f"{100 * one.score:.1f}%" in row
        assert f"| {one.samples} |" in row
        assert row.rstrip(" |").endswith("yes" if one.signal else "no")


def small_suite(folder: Path) -> Path:
    rows = [
        {"q": f"Row {i}: is the number {i} even or odd?", "a": ["even", "odd"][i % 2]}
        for i in range(60)
    ]
    data = folder / "held-out.jsonl"
    data.write_text("".join(json.dumps(row) + "\n" for row in rows))
    arguments = ["--from", str(data), "--question", "q", "--answer", "a"]
    done = CliRunner().invoke(
        gate, ["suite", "new", "parity", "--out", str(folder / "suites"), *arguments]
    )
    assert done.exit_code == 0, done.output
    return folder / "suites" / "parity"


def test_a_suite_is_measured_on_a_base_and_the_list_shows_it(
    tmp_path: Path, tiny_base: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = small_suite(tmp_path)
    (tmp_path / "gate.yaml").write_text(f"base: {tiny_base}\nsuites: [suites]\n")
    monkeypatch.chdir(tmp_path)
    listed = CliRunner().invoke(gate, ["suite", "list"]).output
    assert [line.split() for line in listed.splitlines() if line.startswith("parity")] == [
        ["parity", "task", "1", "60", "-", "-"]
    ]
    done = CliRunner().invoke(gate, ["suite", "measure", "parity"])
    assert done.exit_code == 0, done.output
    measured = read_measure(load_suite(str(folder)))
    assert measured is not None
    [one] = measured.capabilities
    assert (one.samples, one.chance, measured.cached) == (60, 0.5, 0)
    assert 0 <= one.low <= one.score <= one.high <= 1
    listed = CliRunner().invoke(gate, ["suite", "list"]).output
    assert "1 of 1" in listed or "0 of 1" in listed
    again = CliRunner().invoke(gate, ["suite", "measure", "parity", "--out", str(tmp_path)])
    assert "60 from the cache" in again.output


def test_fetch_tells_what_each_task_has_and_the_hub_suite_needs_the_hub(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = small_suite(tmp_path)
    done = CliRunner().invoke(gate, ["suite", "fetch", str(folder)])
    assert "1 tasks, 60 samples" in done.output
    refused = CliRunner().invoke(gate, ["suite", "fetch", "public"])
    assert "gate suite fetch public" in str(refused.exception)
