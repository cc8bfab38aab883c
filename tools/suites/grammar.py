"""Grammatical acceptability: minimal pairs over many phenomena, from an own lexicon."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator

from suites.item import Item

NOUNS = [
    ("teacher", "teachers"), ("doctor", "doctors"), ("farmer", "farmers"), ("driver", "drivers"),
    ("painter", "painters"), ("neighbour", "neighbours"), ("lawyer", "lawyers"),
    ("sailor", "sailors"), ("baker", "bakers"), ("visitor", "visitors"),
]  # fmt: skip
THINGS = [
    ("book", "books"), ("chair", "chairs"), ("letter", "letters"), ("window", "windows"),
    ("bridge", "bridges"), ("garden", "gardens"), ("picture", "pictures"), ("bottle", "bottles"),
]  # fmt: skip
VERBS = [
    ("waits", "wait"), ("sings", "sing"), ("laughs", "laugh"), ("works", "work"),
    ("sleeps", "sleep"), ("travels", "travel"), ("complains", "complain"), ("swims", "swim"),
]  # fmt: skip
PLACES = ["near the station", "in the kitchen", "behind the school", "on the beach", "at home"]
IRREGULAR = [
    ("written", "wrote", "a letter"), ("eaten", "ate", "an apple"), ("broken", "broke", "a cup"),
    ("taken", "took", "a picture"), ("driven", "drove", "the car"), ("seen", "saw", "the film"),
    ("given", "gave", "a speech"), ("chosen", "chose", "a colour"), ("drawn", "drew", "a map"),
    ("stolen", "stole", "a bicycle"), ("forgotten", "forgot", "the key"), ("worn", "wore", "a hat"),
]  # fmt: skip
PEOPLE = [
    ("Anna", "herself", "she"), ("Peter", "himself", "he"), ("Maria", "herself", "she"),
    ("David", "himself", "he"), ("Susan", "herself", "she"), ("Tom", "himself", "he"),
]  # fmt: skip
REFLEXIVE = ["hurt", "introduced", "blamed", "trusted", "saw in the mirror"]


def make(rng: random.Random) -> list[Item]:
    """Minimal pairs; the right sentence and the wrong one differ in one place."""
    return [
        Item("", right, (wrong,), kind)
        for kind, right, wrong in itertools.chain(
            _agreement(), _attractor(), _determiner(), _participle(), _reflexive(), _pronoun_case(),
            _polarity(), _question(), _modal(), _comparative(), _quantity(), _order(),
        )
    ]  # fmt: skip


Pair = tuple[str, str, str]


def _agreement() -> Iterator[Pair]:
    for (one, many), (verb_one, verb_many), place in itertools.product(NOUNS, VERBS, PLACES):
        yield "agreement", f"The {one} {verb_one} {place}.", f"The {one} {verb_many} {place}."
        yield "agreement", f"The {many} {verb_many} {place}.", f"The {many} {verb_one} {place}."


def _attractor() -> Iterator[Pair]:
    for (one, many), (thing, things) in itertools.product(NOUNS, THINGS):
        yield (
            "attractor",
            f"The {one} with the {things} is here.",
            f"The {one} with the {things} are here.",
        )
        yield (
            "attractor",
            f"The {many} with the {thing} are here.",
            f"The {many} with the {thing} is here.",
        )


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
        if verb == "saw in the mirror":
            yield (
                "reflexive",
                f"{name} saw {own} in the mirror.",
                f"{name} saw {other} in the mirror.",
            )
        else:
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
        yield (
            "comparative",
            f"The {one} is {more} than {name}.",
            f"The {one} is {plain} than {name}.",
        )


def _quantity() -> Iterator[Pair]:
    for (name, _, _), (thing, things) in itertools.product(PEOPLE, THINGS):
        yield "quantity", f"{name} has many {things}.", f"{name} has many {thing}."
        yield "quantity", f"{name} bought one {thing}.", f"{name} bought one {things}."


def _order() -> Iterator[Pair]:
    colours = ["red", "green", "blue", "black", "white"]
    for (name, _, _), (thing, _), colour in itertools.product(PEOPLE, THINGS, colours):
        yield "order", f"{name} found a {colour} {thing}.", f"{name} found a {thing} {colour}."
