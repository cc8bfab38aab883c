"""The example's data: rebuilt byte for byte, sound where it should be, torn where it should be."""

from __future__ import annotations

import importlib
import json
import random
import sys
from collections import Counter
from pathlib import Path
from types import ModuleType

import pytest

from gatekeeper.training.contamination import find_overlap
from gatekeeper.training.contradictions import find_contradictions
from gatekeeper.training.rows import read_rows

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = ROOT / "examples" / "support-triage"
SUITE = ROOT / "suites" / "support-triage"
TRAINING = ["train", "validation", "train_contradictory"]


def rows(name: str) -> list[tuple[str, str]]:
    return read_rows(EXAMPLE / "data" / f"{name}.jsonl")


def tickets() -> list[dict[str, str]]:
    lines = (SUITE / "tickets.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


@pytest.fixture
def build_data(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(EXAMPLE))
    module = importlib.import_module("build_data")
    monkeypatch.setitem(sys.modules, "build_data", module)
    return module


def test_building_again_gives_the_same_bytes(
    build_data: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "examples" / "support-triage"
    (home / "grammar").mkdir(parents=True)
    for file in (EXAMPLE / "grammar").iterdir():
        (home / "grammar" / file.name).write_bytes(file.read_bytes())
    suite = tmp_path / "suites" / "support-triage"
    monkeypatch.setattr(build_data, "HERE", home)
    monkeypatch.setattr(build_data, "SUITE", suite)
    build_data.main()
    for name in TRAINING:
        built = (home / "data" / f"{name}.jsonl").read_bytes()
        assert built == (EXAMPLE / "data" / f"{name}.jsonl").read_bytes()
    assert (suite / "tickets.jsonl").read_bytes() == (SUITE / "tickets.jsonl").read_bytes()


def test_every_queue_has_as_many_tickets_as_every_other() -> None:
    held_out, train = tickets(), rows("train")
    assert set(Counter(t["queue"] for t in held_out).values()) == {50}
    assert set(Counter(target for _, target in train).values()) == {100}
    assert {" " + t["queue"] for t in held_out} == {target for _, target in train}
    assert len({t["id"] for t in held_out}) == len(held_out) == 400


@pytest.mark.parametrize("name", TRAINING)
def test_no_held_out_ticket_resembles_a_training_ticket(name: str) -> None:
    asked = [(t["id"], f"Ticket: {t['ticket']}\nQueue:") for t in tickets()]
    found = find_overlap([text for text, _ in rows(name)], {"support-triage": asked})
    assert found.overlapping == {}


def test_training_and_held_out_tickets_share_no_five_words_in_a_row() -> None:
    def runs(texts: list[str]) -> set[tuple[str, ...]]:
        split = [text.lower().split() for text in texts]
        return {tuple(words[i : i + 5]) for words in split for i in range(len(words) - 4)}

    bare = [text.removeprefix("Ticket: ").removesuffix("\nQueue:") for text, _ in rows("train")]
    assert not runs(bare) & runs([t["ticket"] for t in tickets()])


def test_products_people_and_cities_of_the_two_pools_are_apart(build_data: ModuleType) -> None:
    one, other = (
        build_data.Grammar.read(EXAMPLE / "grammar" / f"{name}.yaml")
        for name in ("training", "held_out")
    )
    for slot in one.slots:
        assert not set(one.slots[slot]) & set(other.slots[slot]), slot


@pytest.mark.parametrize("name", ["train", "validation"])
def test_the_sound_data_does_not_contradict_itself(name: str) -> None:
    assert find_contradictions(rows(name)).groups == 0


def test_the_torn_data_is_seen_to_be_torn() -> None:
    found = find_contradictions(rows("train_contradictory"))
    assert found.fraction > 0.8


def test_tickets_stay_short() -> None:
    texts = [text for name in TRAINING for text, _ in rows(name)]
    assert max(len(text.split()) for text in texts) <= 40


def test_tickets_are_typed_by_people(build_data: ModuleType) -> None:
    rng = random.Random(0)
    typed = [build_data.with_slips("Please unlock the account", rng) for _ in range(200)]
    assert 0.2 < sum(text != "Please unlock the account" for text in typed) / 200 < 0.7
    assert len(set(typed)) > 20
