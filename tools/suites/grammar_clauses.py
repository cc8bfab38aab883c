"""The hard minimal pairs: the clue stands in another clause, or in the verb's own demands."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

from suites.grammar_words import (
    ACTIONS,
    GERUND,
    INFINITIVE,
    IRREGULAR,
    NOUNS,
    PEOPLE,
    REFLEXIVE,
    THINGS,
    TRANSITIVE,
    VERBS,
)

Pair = tuple[str, str, str]


def pairs() -> Iterator[Pair]:
    """Every pair, kind by kind."""
    yield from itertools.chain(
        _relative(), _scope(), _binding(), _object(), _gap(), _coordinate(), _passive(),
        _embedded(), _gerund(), _there(),
    )  # fmt: skip


def _relative() -> Iterator[Pair]:
    for (one, many), (other, others), (verb_one, verb_many) in itertools.product(
        NOUNS, NOUNS, VERBS
    ):
        if one == other:
            continue
        singular, plural = f"The {one} that the {others} know", f"The {many} that the {other} knows"
        yield "relative", f"{singular} {verb_one} a lot.", f"{singular} {verb_many} a lot."
        yield "relative", f"{plural} {verb_many} a lot.", f"{plural} {verb_one} a lot."


def _scope() -> Iterator[Pair]:
    """A word like "ever" needs its negation above it, not inside a neighbouring clause."""
    for (one, _), (other, _), (_, verb) in itertools.product(NOUNS, NOUNS, VERBS):
        if one != other:
            yield (
                "scope",
                f"No {one} that the {other} knows will ever {verb}.",
                f"The {one} that no {other} knows will ever {verb}.",
            )


def _binding() -> Iterator[Pair]:
    """A reflexive takes the head of the phrase, not the nearest name."""
    kin = {"herself": "sister", "himself": "brother"}
    for (name, own, _), verb in itertools.product(PEOPLE, REFLEXIVE):
        other = "herself" if own == "himself" else "himself"
        who = f"The {kin[other]} of {name} {verb}"
        yield "binding", f"{who} {other}.", f"{who} {own}."


def _object() -> Iterator[Pair]:
    for (one, _), (other, _), (with_object, without) in itertools.product(NOUNS, NOUNS, TRANSITIVE):
        if one != other:
            yield (
                "object",
                f"The {one} {with_object} the {other}.",
                f"The {one} {without} the {other}.",
            )


def _gap() -> Iterator[Pair]:
    verbs = ["met", "saw", "invited", "followed"]
    for (one, _), (other, _), (name, _, _), verb in itertools.product(NOUNS, NOUNS, PEOPLE, verbs):
        if one != other:
            yield (
                "gap",
                f"{name} knows that the {one} {verb} the {other}.",
                f"{name} knows who the {one} {verb} the {other}.",
            )


def _coordinate() -> Iterator[Pair]:
    for (one, _), (name, _, _), verb in itertools.product(NOUNS, PEOPLE, ["meet", "see", "help"]):
        yield (
            "coordinate",
            f"Who did {name} and the {one} {verb}?",
            f"Who did {name} {verb} the {one} and?",
        )


def _passive() -> Iterator[Pair]:
    for (name, _, _), (participle, past, thing) in itertools.product(PEOPLE, IRREGULAR):
        what = f"The {thing.split()[-1]} was"
        yield "passive", f"{what} {participle} by {name}.", f"{what} {past} by {name}."


def _embedded() -> Iterator[Pair]:
    for (one, _), (verb_one, verb), (name, _, _) in itertools.product(NOUNS, VERBS, PEOPLE):
        yield (
            "embedded",
            f"{name} asked why the {one} {verb_one}.",
            f"{name} asked why does the {one} {verb}.",
        )


def _gerund() -> Iterator[Pair]:
    for (name, _, _), (gerund, plain), verb in itertools.product(PEOPLE, ACTIONS, GERUND):
        yield "gerund", f"{name} {verb} {gerund}.", f"{name} {verb} to {plain}."
    for (name, _, _), (gerund, plain), verb in itertools.product(PEOPLE, ACTIONS, INFINITIVE):
        yield "infinitive", f"{name} {verb} to {plain}.", f"{name} {verb} {gerund}."


def _there() -> Iterator[Pair]:
    for (thing, things), (one, _) in itertools.product(THINGS, NOUNS):
        end = f"behind the {one}"
        yield "there", f"There are several {things} {end}.", f"There is several {things} {end}."
        yield "there", f"There was a {thing} {end}.", f"There were a {thing} {end}."
