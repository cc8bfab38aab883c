"""Planted copies are found after small edits; templates and short samples do not cry wolf."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest

from gatekeeper.training.contamination import find_overlap

ROOT = Path(__file__).parents[2]
TICKETS = [
    json.loads(line)["ticket"]
    for line in (ROOT / "suites/support-triage/tickets.jsonl").read_text().splitlines()
]
TRAINING = [
    json.loads(line)["prompt"]
    for line in (ROOT / "examples/support-triage/data/train.jsonl").read_text().splitlines()
]
LONG = [text for text in TICKETS if len(text.split()) >= 12][:40]


def kinds(training: list[str], sample: str) -> set[str]:
    found = find_overlap(training, {"suite": [("s/0", sample)]})
    return {pair.kind for pair in found.pairs}


def test_the_example_shares_nothing_with_its_held_out_suite() -> None:
    samples = [(str(i), text) for i, text in enumerate(TICKETS)]
    found = find_overlap(TRAINING, {"support-triage": samples})
    assert found.overlapping == {}
    assert found.rows == len(TRAINING)
    assert found.samples == len(TICKETS)


@pytest.mark.parametrize(
    "edit",
    [
        lambda text: text,
        str.upper,
        lambda text: text.replace(" ", "   "),
        lambda text: text.rstrip(".") + "!!!",
        lambda text: text.replace(",", " ;"),
    ],
    ids=["same", "case", "spaces", "end", "punctuation"],
)
def test_a_planted_sample_is_found_after_edits(edit: object) -> None:
    for sample in LONG[:10]:
        assert callable(edit)
        assert kinds([*TRAINING, edit(sample)], sample) & {"exact", "normalised"}


def test_a_planted_sample_is_found_after_one_word_was_changed() -> None:
    rng = random.Random(0)
    for sample in LONG:
        words = sample.split()
        words[rng.randrange(len(words))] = "something"
        assert kinds([*TRAINING, " ".join(words)], sample), sample


def test_a_copied_run_of_words_inside_a_longer_text_is_found() -> None:
    sample = max(TICKETS, key=lambda text: len(text.split()))
    assert len(sample.split()) >= 14
    assert kinds([*TRAINING, f"First some other words. {sample} And then some more."], sample)


def test_questions_of_one_template_are_not_each_others_copies() -> None:
    places = ["France", "Spain", "Peru", "Chad", "Nepal", "Kenya", "Cuba", "Laos", "Mali", "Fiji"]
    text = "Question: which of these cities is the capital city of {}?"
    training = [text.format(place) for place in places[:5]]
    samples = [(place, text.format(place)) for place in places[5:]]
    assert find_overlap(training, {"capitals": samples}).overlapping == {}


def test_short_generic_samples_are_only_compared_whole() -> None:
    assert kinds(["What is 3 + 4?"], "What is 3 + 5?") == set()
    assert kinds(["what is 3 + 5"], "What is 3 + 5?") == {"normalised"}


def test_nothing_to_compare_is_no_overlap() -> None:
    assert find_overlap([], {"s": [("a", "text")]}).overlapping == {}
    assert find_overlap(["text"], {}).samples == 0


def test_the_evidence_holds_both_texts_and_the_row_of_every_pair() -> None:
    sample = LONG[3]
    found = find_overlap([*TRAINING, sample.upper()], {"support-triage": [("t/3", sample)]})
    [pair] = found.pairs
    assert (pair.suite, pair.sample_id, pair.row) == ("support-triage", "t/3", len(TRAINING))
    assert pair.training_text == sample.upper()
    assert pair.sample_text == sample
    assert found.overlapping == {"support-triage": 1}


def test_a_question_of_choices_alone_is_compared_by_its_choices() -> None:
    from gatekeeper.scoring.tasks.loaded_task import load_tasks
    from gatekeeper.suite import load_suite

    suite = load_suite("general")
    [grammar] = [c for c in suite.capabilities if c.name == "grammar"]
    [[task]] = load_tasks(suite.model_copy(update={"capabilities": (grammar,)}), None).values()
    samples = [(task.sample_id(doc), task.question(doc)) for doc in range(len(task))]
    planted = [" ".join(task.docs[doc]["choices"]) for doc in (5, 50, 300)]
    found = find_overlap([*TRAINING, *planted], {"general": samples})
    assert {pair.sample_id for pair in found.pairs} >= {f"gk_grammar/{doc}" for doc in (5, 50, 300)}


def test_a_short_sample_inside_a_longer_row_is_found_whole_and_not_in_part() -> None:
    sample = "Why does the moon look larger at night?"
    assert kinds([f"Tell me: {sample.lower()} I always wondered."], sample) == {"normalised"}
    assert kinds(["Why does the moon look larger at noon? I always wondered."], sample) == set()
