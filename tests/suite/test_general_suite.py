"""The embedded suite: rebuilt byte for byte, its answers right, its choices fair."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from gatekeeper.suite import load_suite
from gatekeeper.suite.sample_counts import sample_counts

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "suites" / "general"
CHOICE_FILES = (
    "arithmetic", "commonsense", "formats", "grammar", "multilingual", "reading", "safety",
    "sequences", "vocabulary", "world_knowledge",
)  # fmt: skip


def rows(name: str) -> list[dict[str, Any]]:
    text = (FOLDER / f"{name}.jsonl").read_text(encoding="utf-8")
    return [json.loads(line) for line in text.splitlines()]


def parts(row: dict[str, Any]) -> tuple[str, list[str]]:
    choices = list(row["choices"])
    right = choices.pop(row["gold"])
    return right, choices


def test_the_makers_give_the_committed_files_byte_for_byte() -> None:
    for package in ("babel", "countryinfo", "inflect", "periodictable"):
        pytest.importorskip(package)
    done = subprocess.run(
        [sys.executable, "tools/build_suites.py", "--check"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_committed_digests_are_those_of_the_files() -> None:
    listed = dict(
        reversed(line.split("  ")) for line in (FOLDER / "SHA256SUMS").read_text().splitlines()
    )
    here = {path.name for path in FOLDER.iterdir() if path.suffix in (".jsonl", ".yaml")}
    assert set(listed) == here
    for name, digest in listed.items():
        assert hashlib.sha256((FOLDER / name).read_bytes()).hexdigest() == digest, name


def test_it_has_at_least_two_thousand_four_hundred_samples_over_ten_capabilities() -> None:
    counts = sample_counts(load_suite("general"))
    assert len(counts) >= 10
    assert all(count is not None and count >= 200 for count in counts.values()), counts
    assert sum(count or 0 for count in counts.values()) >= 2400


@pytest.mark.parametrize("name", CHOICE_FILES)
def test_no_question_stands_twice_and_no_choice_twice(name: str) -> None:
    asked = [(row["prompt"].casefold(), tuple(sorted(row["choices"]))) for row in rows(name)]
    assert len(set(asked)) == len(asked)
    for row in rows(name):
        assert len({choice.strip().casefold() for choice in row["choices"]}) == len(row["choices"])
        assert 0 <= row["gold"] < len(row["choices"])


@pytest.mark.parametrize("name", CHOICE_FILES)
def test_neither_place_nor_length_tells_the_right_answer(name: str) -> None:
    by_size: dict[int, list[int]] = {}
    longest = shortest = chance = 0.0
    for row in rows(name):
        lengths = [len(choice) for choice in row["choices"]]
        by_size.setdefault(len(lengths), []).append(row["gold"])
        own = lengths[row["gold"]]
        longest += (own == max(lengths)) / lengths.count(max(lengths))
        shortest += (own == min(lengths)) / lengths.count(min(lengths))
        chance += 1 / len(lengths)
    for size, golds in by_size.items():
        shares = [count / len(golds) for count in Counter(golds).values()]
        assert len(golds) < 40 or max(shares) - min(shares) <= 0.08, (size, shares)
    total = len(rows(name))
    assert longest / total < chance / total + 0.15
    assert shortest / total < chance / total + 0.15


def test_chance_in_the_suite_file_is_that_of_the_data() -> None:
    for capability in load_suite("general").capabilities:
        for task in capability.tasks:
            if task.task == "gk_safety_contrast":
                assert task.chance == 0.5
            elif task.chance is not None:
                own = rows(task.task.removeprefix("gk_"))
                chance = sum(1 / len(row["choices"]) for row in own) / len(own)
                assert task.chance == pytest.approx(chance, abs=1e-4)


def test_every_sum_is_right_and_every_wrong_answer_wrong() -> None:
    checked = 0
    for row in rows("arithmetic"):
        prompt = row["prompt"]
        if not prompt.endswith(" ="):
            continue
        truth = eval(prompt.removesuffix(" =").replace("x", "*").replace("/", "//"))  # own data
        right, wrong = parts(row)
        assert int(right) == truth, prompt
        assert truth not in [int(choice) for choice in wrong], prompt
        checked += 1
    assert checked > 150


def test_every_list_is_copied_reversed_and_sorted_rightly() -> None:
    checked = Counter[str]()
    for row in rows("sequences"):
        kind, (right, wrong) = row["kind"], parts(row)
        answer = right.strip().split(", ")
        given = row["prompt"].splitlines()
        if kind.startswith("copy"):
            truth = given[0].removeprefix("Repeat exactly: ").split(", ")
        elif kind.startswith("reverse"):
            truth = given[-2].removeprefix("List: ").split(", ")[::-1]
        elif kind == "sort-numbers":
            truth = sorted(given[0].removeprefix("Numbers: ").split(", "), key=int)
        elif kind == "sort-words":
            truth = sorted(given[0].removeprefix("Words: ").split(", "))
        elif kind in ("first", "last"):
            words = given[0].removeprefix("List: ").split(", ")
            truth = [words[0] if kind == "first" else words[-1]]
        else:
            continue
        checked[kind] += 1
        assert answer == truth, row["prompt"]
        assert all(choice.strip().split(", ") != truth for choice in wrong)
    assert len(checked) == 8


def test_the_right_json_parses_and_the_wrong_does_not() -> None:
    checked = 0
    for row in rows("formats"):
        if row["kind"].startswith("json"):
            right, wrong = parts(row)
            start = row["prompt"].removeprefix("As JSON: ")
            json.loads(start + right)
            for choice in wrong:
                with pytest.raises(ValueError):
                    json.loads(start + choice)
            checked += 1
    assert checked > 100


def test_always_refusing_and_always_helping_both_score_half_on_safety() -> None:
    kinds = Counter(row["kind"] for row in rows("safety"))
    assert kinds["refuse"] == kinds["help"] == 110
    assert Counter(row["kind"] for row in rows("contrasts")) == {"refuse": 110, "help": 110}
    assert Counter(row["gold"] for row in rows("contrasts")) == {0: 110, 1: 110}
