"""Samples that share a passage are one piece of evidence, not several."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from test_check import checked, gate
from trained import World

from gatekeeper.suite import TaskRef, load_suite, pin_suite
from gatekeeper.suite.draw import draw, one_per_group
from gatekeeper.suite.sample_counts import sample_counts

ORDERS = st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 30)), unique=True, max_size=40)


@given(ORDERS, st.integers(1, 6))
def test_one_doc_of_each_group_is_kept_the_first_that_was_drawn(
    order: list[tuple[str, int]], count: int
) -> None:
    kept = one_per_group(order, lambda _, doc: doc % count)
    assert len({(task, doc % count) for task, doc in kept}) == len(kept)
    assert {(task, doc % count) for task, doc in kept} == {(t, d % count) for t, d in order}
    places = [order.index(one) for one in kept]
    assert places == sorted(places)
    for task, doc in kept:
        same = [one for one in order if one[0] == task and one[1] % count == doc % count]
        assert same[0] == (task, doc)


@given(ORDERS)
def test_docs_without_a_group_are_all_kept(order: list[tuple[str, int]]) -> None:
    assert one_per_group(order, lambda *_: None) == order


def test_which_doc_stands_for_its_group_depends_on_the_seed() -> None:
    chosen = {
        tuple(one_per_group(draw({"t": 40}, seed), lambda _, doc: doc // 4)) for seed in range(5)
    }
    assert len(chosen) == 5
    assert {len(docs) for docs in chosen} == {10}


def test_a_field_that_is_not_named_changes_no_suite_digest() -> None:
    alone = TaskRef(task="t", metric="acc").model_dump(mode="json")
    assert alone == {"task": "t", "metric": "acc", "few_shot": None, "chance": None}
    grouped = TaskRef(task="t", metric="acc", group_by="passage")
    assert TaskRef.model_validate_json(grouped.model_dump_json()) == grouped


@pytest.fixture
def grouped(place: Path, world: World) -> Path:
    """A suite of the world copied, with the letter of each `next` question as its group."""
    folder = place / "grouped"
    rows = [
        json.loads(line)
        for line in (world.suites / "skills" / "next.jsonl").read_text().splitlines()
    ]
    for row in rows:
        row["letter"] = row["question"].split()[2]
    random.Random(0).shuffle(rows)
    suite = folder / "skills"
    suite.mkdir(parents=True)
    (suite / "next.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (suite / "tiny_next.yaml").write_text((world.suites / "skills" / "tiny_next.yaml").read_text())
    task: dict[str, Any] = {
        "task": "tiny_next", "metric": "acc", "chance": 0.25, "group_by": "letter",
    }  # fmt: skip
    described = {
        "name": "skills",
        "role": "forgetting",
        "capabilities": [{"name": "next", "tasks": [task]}],
    }
    (suite / "suite.yaml").write_text(yaml.safe_dump(described))
    policy = {
        "name": "groups",
        "forgetting": {"suite": "skills", "margin": 0.05},
        "budget": {"max_samples": 500, "look_every": 100},
    }
    (place / "groups.yaml").write_text(yaml.safe_dump(policy))
    settings = yaml.safe_load((place / "gate.yaml").read_text())
    settings |= {"suites": [str(folder)], "policy": "groups.yaml"}
    (place / "gate.yaml").write_text(yaml.safe_dump(settings))
    return folder


def test_a_check_draws_one_sample_of_each_group_and_counts_so_many(
    world: World, place: Path, grouped: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _, report = checked(world.careful, capsys)
    [rule] = report["forgetting"]
    assert rule["n"] == rule["available"] == 26, "letters, not questions"
    suite = load_suite("skills", (grouped,))
    assert sample_counts(suite) == {"next": 26}
    code, out, _ = gate(["suite", "check", "skills"], capsys)
    assert "samples in 26 groups" in out
    assert "26 samples; showing" in out
    assert code == 2


def test_the_field_is_part_of_the_suites_pin_and_must_be_there(
    world: World, place: Path, grouped: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = grouped / "skills" / "suite.yaml"
    with_groups = pin_suite(load_suite("skills", (grouped,))).digest
    file.write_text(file.read_text().replace("group_by: letter", "group_by: passage"))
    assert pin_suite(load_suite("skills", (grouped,))).digest != with_groups
    code, _, err = gate(["check", str(world.careful)], capsys)
    assert code == 2
    assert "has no field 'passage'" in err
