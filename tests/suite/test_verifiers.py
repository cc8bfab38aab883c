"""Instructions are judged by code: the good answer passes, the lazy one and the near miss fail."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from typing import Any

import pytest

FOLDER = Path(__file__).parents[2] / "suites" / "general"
_spec = importlib.util.spec_from_file_location("verifiers", FOLDER / "verifiers.py")
assert _spec is not None
assert _spec.loader is not None
verifiers = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(verifiers)

CASES: list[tuple[str, Any, str, str]] = [
    ("contains", "RIVER STONE", " RIVER STONE", " River Stone"),
    ("count", ["sun", 3], " sun sun sun", " sun sun"),
    ("count", ["sun", 2], " sun sun", " I write sun sun"),
    ("exact", "yes", " Yes.", " Yes, it is"),
    ("includes", ["sun", "sea"], " The sun warms the sea.", " sun sea"),
    ("json", {"name": "Tom", "age": 3}, ' {"age": 3, "name": "Tom"}', ' {"name": "Tom"}'),
    ("json", ["a", "b"], ' ["a", "b"]', " [a, b]"),
    ("letter", "b", " bear", " a bear"),
    ("list", 3, " red, green, blue", " red, green, red"),
    ("list", 2, " tea, coffee.", " tea"),
    ("prefix", "River", " River water is cold.", " Rivers are cold now."),
    ("suffix", "sea", " I love the sea.", " sea"),
    ("without", "the", " A cat sleeps all day.", " In the sun cats sleep."),
    ("words", [2, 5], " A very quiet sea", " The sea is very quiet and very blue"),
]


@pytest.mark.parametrize(("check", "value", "good", "bad"), CASES)
def test_a_check_tells_good_from_bad(check: str, value: Any, good: str, bad: str) -> None:
    doc = {"check": check, "value": json.dumps(value)}
    assert verifiers.followed(doc, [good]) == {"followed": 1.0}
    assert verifiers.followed(doc, [bad]) == {"followed": 0.0}


@pytest.mark.parametrize("answer", ["", "   \n ", "Certainly! Here is what you asked for:"])
def test_silence_and_babble_follow_no_instruction(answer: str) -> None:
    lines = (FOLDER / "instructions.jsonl").read_text(encoding="utf-8").splitlines()
    docs = [json.loads(line) for line in lines]
    followed = sum(verifiers.followed(doc, [answer])["followed"] for doc in docs)
    # A sentence of eight words keeps under a word limit and leaves out a word; nothing else.
    assert followed <= 0.16 * len(docs)


def test_every_check_is_used_and_every_kind_has_one() -> None:
    lines = (FOLDER / "instructions.jsonl").read_text(encoding="utf-8").splitlines()
    assert {json.loads(line)["check"] for line in lines} == set(verifiers.CHECKS)
