"""Word knowledge: opposites, synonyms, plurals, past tenses, derived words, kinds of things."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator

from suites.item import Item, choose, spaced
from suites.vocabulary_words import (
    ALIKE,
    COMPARED,
    DEFINED,
    DERIVED,
    KINDS,
    OPPOSITES,
    PAST,
    PLURALS,
    RARE,
    SYNONYMS,
)


def make(rng: random.Random) -> list[Item]:
    """Wrong plurals and pasts are the regular mistakes; others are words of the same list."""
    return [
        *_opposites(rng), *_synonyms(rng), *_plurals(), *_pasts(), *_compared(rng),
        *_derived(rng), *_kinds(rng), *_defined(rng), *_analogies(rng),
    ]  # fmt: skip


def _pairs(text: str) -> list[tuple[str, str]]:
    found = [entry.split() for entry in text.replace("\n", " ").split(", ")]
    return [(a, b) for a, b in found]


def _near(word: str) -> set[str]:
    """The word and everything that means much the same or much the opposite."""
    groups = [set(group.split()) for group in ALIKE if word in group.split()]
    return {word}.union(*groups)


def _opposites(rng: random.Random) -> Iterator[Item]:
    pairs = _pairs(OPPOSITES)
    words = [word for pair in pairs for word in pair]
    for pair in pairs:
        for word, opposite in (pair, pair[::-1]):
            others = {w for pair in pairs if word in pair or opposite in pair for w in pair}
            banned = others | _near(word) | _near(opposite)
            wrong = choose(rng, words, banned, 3)
            yield Item(f"The opposite of {word} is", f" {opposite}", spaced(wrong), "opposite")


def _synonyms(rng: random.Random) -> Iterator[Item]:
    for kind, text in (("synonym", SYNONYMS), ("rare", RARE)):
        pairs = _pairs(text)
        for word, same in pairs:
            wrong = choose(rng, [b for _, b in pairs], _near(word) | _near(same), 3)
            prompt = f"A word that means the same as {word} is"
            yield Item(prompt, f" {same}", spaced(wrong), kind)


def _plurals() -> Iterator[Item]:
    import inflect

    engine = inflect.engine()
    for one, many in _pairs(PLURALS):
        if engine.plural_noun(one) != many:  # type: ignore[arg-type]
            raise ValueError(f"inflect has another plural of {one}: not {many}")
        wrong = tuple(sorted({one + "s", one + "es", one} - {many}))
        yield Item(f"One {one}, two", f" {many}.", _ended(wrong), "plural")


def _pasts() -> Iterator[Item]:
    for verb, past in _pairs(PAST):
        regular = verb + ("d" if verb.endswith("e") else "ed")
        going = (verb.removesuffix("e") if not verb.endswith("ee") else verb) + "ing"
        yield Item(
            f"Today I {verb}, yesterday I", f" {past}.", _ended((verb, regular, going)), "past"
        )


def _ended(words: Iterable[str]) -> tuple[str, ...]:
    """With a full stop, so that no form is the beginning of another (box, boxes)."""
    return tuple(f"{word}." for word in spaced(words))


def _compared(rng: random.Random) -> Iterator[Item]:
    for plain, more, most in (entry.split() for entry in COMPARED.split(", ")):
        wrong = (plain, most, f"more {most}")
        yield Item(f"This one is {plain}, but that one is even", f" {more}.", _ended(wrong), "more")


def _derived(rng: random.Random) -> Iterator[Item]:
    pairs = _pairs(DERIVED)
    for adjective, noun in pairs:
        wrong = choose(rng, [b for _, b in pairs], noun, 3)
        prompt = f"Whoever is {adjective} is known for"
        yield Item(prompt, f" {noun}", spaced(wrong), "derived")


def _kinds(rng: random.Random) -> Iterator[Item]:
    for kind, text in KINDS.items():
        words = text.split()
        others = [w for k, v in KINDS.items() if k != kind for w in v.split()]
        for word in words:
            wrong = choose(rng, KINDS, kind, 3)
            article = "An" if word[0] in "aeiou" else "A"
            prompt = f"{article} {word} is a kind of"
            yield Item(prompt, f" {kind}", spaced(wrong), "category")
            shown = rng.sample([w for w in words if w != word], 2)
            wrong = choose(rng, others, word, 3)
            prompt = f"Words of one kind: {shown[0]}, {shown[1]},"
            yield Item(prompt, f" {word}", spaced(wrong), "group")


def _defined(rng: random.Random) -> Iterator[Item]:
    lines = [line.split(": ") for line in DEFINED.strip().splitlines()]
    for word, meaning in lines:
        wrong = choose(rng, [other for other, _ in lines], word, 3)
        yield Item(f"{meaning} is called", f" {word}", spaced(wrong), "definition")


def _analogies(rng: random.Random) -> Iterator[Item]:
    """The hardest kind: the relation must be taken from another pair."""
    pairs = _pairs(OPPOSITES)
    words = [word for pair in pairs for word in pair]
    for index, (word, opposite) in enumerate(pairs):
        first, second = pairs[(index + 7) % len(pairs)]
        banned = _near(word) | _near(opposite) | {first, second}
        banned |= {w for pair in pairs if word in pair or opposite in pair for w in pair}
        wrong = (first, *choose(rng, words, banned, 2))
        if first in _near(word) or first in _near(opposite):
            continue
        prompt = f"{first.capitalize()} is to {second} as {word} is to"
        yield Item(prompt, f" {opposite}", spaced(wrong), "analogy")
