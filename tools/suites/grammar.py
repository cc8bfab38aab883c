"""Grammatical acceptability: minimal pairs over many phenomena, from an own lexicon.

The phenomena are those that linguists test with minimal pairs (compare BLiMP, Warstadt et al.
2020); the sentences are made here. Difficulty is graded: local agreement is easy, agreement across
a clause or the scope of a negation is not.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator

from suites import grammar_clauses
from suites.grammar_words import (
    IRREGULAR,
    NOUNS,
    PEOPLE,
    PLACES,
    REFLEXIVE,
    THINGS,
    VERBS,
)
from suites.item import Item

Pair = tuple[str, str, str]


def make(rng: random.Random) -> list[Item]:
    """Minimal pairs; the right sentence and the wrong one differ in one place."""
    return [
        Item("", right, (wrong,), kind)
        for kind, right, wrong in itertools.chain(
            _agreement(), _attractor(), _determiner(), _participle(), _reflexive(), _pronoun_case(),
            _polarity(), _question(), _modal(), _comparative(), _quantity(), _order(), _article(),
            grammar_clauses.pairs(),
        )
    ]  # fmt: skip


def _agreement() -> Iterator[Pair]:
    for (one, many), (verb_one, verb_many), place in itertools.product(NOUNS, VERBS, PLACES):
        yield "agreement", f"The {one} {verb_one} {place}.", f"The {one} {verb_many} {place}."
        yield "agreement", f"The {many} {verb_many} {place}.", f"The {many} {verb_one} {place}."


def _attractor() -> Iterator[Pair]:
    for (one, many), (thing, things) in itertools.product(NOUNS, THINGS):
        singular, plural = f"The {one} with the {things}", f"The {many} with the {thing}"
        yield "attractor", f"{singular} is here.", f"{singular} are here."
        yield "attractor", f"{plural} are here.", f"{plural} is here."


def _determiner() -> Iterator[Pair]:
    for (thing, things), (one, _) in itertools.product(THINGS, NOUNS):
        yield "determiner", f"The {one} sold these {things}.", f"The {one} sold these {thing}."
        yield "determiner", f"The {one} sold this {thing}.", f"The {one} sold this {things}."


def _participle() -> Iterator[Pair]:
    for (name, _, _), (participle, past, thing) in itertools.product(PEOPLE, IRREGULAR):
        yield "participle", f"{name} has {participle} {thing}.", f"{name} has {past} {thing}."
        yield "past", f"Yesterday {name} {past} {thing}.", f"Yesterday {name} {participle} {thing}."


def _reflexive() -> Iterator[Pair]:
    for (name, own, _), verb in itertools.product(PEOPLE, REFLEXIVE):
        other = "herself" if own == "himself" else "himself"
        yield "reflexive", f"{name} {verb} {own}.", f"{name} {verb} {other}."


def _pronoun_case() -> Iterator[Pair]:
    verbs = ["helped", "called", "invited", "thanked", "followed"]
    for (name, _, nominative), verb in itertools.product(PEOPLE, verbs):
        object_form = "her" if nominative == "she" else "him"
        yield "case", f"The nurse {verb} {object_form}.", f"The nurse {verb} {nominative}."
        yield "case", f"{name} and I {verb} them.", f"{name} and I {verb} they."


def _polarity() -> Iterator[Pair]:
    for (one, many), (_, verb) in itertools.product(NOUNS, VERBS):
        yield "polarity", f"No {one} will ever {verb}.", f"Some {one} will ever {verb}."
        yield "polarity", f"The {many} did not {verb} at all.", f"The {many} did {verb} at all."


def _question() -> Iterator[Pair]:
    for (one, _), (verb_one, verb) in itertools.product(NOUNS, VERBS):
        yield "question", f"Where does the {one} {verb}?", f"Where does the {one} {verb_one}?"


def _modal() -> Iterator[Pair]:
    for (one, _), (verb_one, verb) in itertools.product(NOUNS, VERBS):
        yield "modal", f"The {one} must {verb} now.", f"The {one} must {verb_one} now."


def _comparative() -> Iterator[Pair]:
    words = [("taller", "tall"), ("older", "old"), ("faster", "fast"), ("kinder", "kind")]
    for (one, _), (more, plain), (name, _, _) in itertools.product(NOUNS, words, PEOPLE):
        stem = f"The {one} is"
        yield "comparative", f"{stem} {more} than {name}.", f"{stem} {plain} than {name}."
        yield "degree", f"{stem} much {more} than {name}.", f"{stem} more {more} than {name}."


def _quantity() -> Iterator[Pair]:
    for (name, _, _), (thing, things) in itertools.product(PEOPLE, THINGS):
        yield "quantity", f"{name} has many {things}.", f"{name} has many {thing}."
        yield "quantity", f"{name} bought one {thing}.", f"{name} bought one {things}."
    for (one, _), mass in itertools.product(
        NOUNS, ["water", "sand", "bread", "music", "luck", "snow", "milk"]
    ):
        yield "mass", f"The {one} had too much {mass}.", f"The {one} had too many {mass}."


def _order() -> Iterator[Pair]:
    colours = ["red", "green", "blue", "black", "white"]
    for (name, _, _), (thing, _), colour in itertools.product(PEOPLE, THINGS, colours):
        yield "order", f"{name} found a {colour} {thing}.", f"{name} found a {thing} {colour}."


def _article() -> Iterator[Pair]:
    nouns = ["apple", "egg", "island", "orange", "umbrella", "old coat", "empty box"]
    others = ["table", "river", "garden", "new coat", "big box", "pear", "stone"]
    for (name, _, _), noun in itertools.product(PEOPLE, nouns):
        yield "article", f"{name} saw an {noun}.", f"{name} saw a {noun}."
    for (name, _, _), noun in itertools.product(PEOPLE, others):
        yield "article", f"{name} saw a {noun}.", f"{name} saw an {noun}."
