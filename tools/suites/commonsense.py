"""Commonsense and physical reasoning: what things are for, what is larger, what follows."""

from __future__ import annotations

import random
from collections.abc import Iterator

from suites.commonsense_facts import (
    ANIMALS,
    LIKEWISE,
    MATERIALS,
    NEEDS,
    PLACES,
    SCALES,
    TRAITS,
    USES,
    YOUNG,
)
from suites.commonsense_stories import STORIES
from suites.item import Item, choose, spaced


def make(rng: random.Random) -> list[Item]:
    """Uses, traits, materials, scales, places, animals, causes and order of events."""
    return [*_uses(rng), *_traits(rng), *_scales(), *_people(rng), *_animals(rng), *_stories()]


def _uses(rng: random.Random) -> Iterator[Item]:
    """A thing that could also serve is never offered as a wrong answer."""
    for thing, use in USES.items():
        also = {other for other, things in LIKEWISE.items() if thing in things}
        wrong = choose(rng, USES.values(), {use, *also}, 3)
        yield Item(f"You use {thing} to", f" {use}", spaced(wrong), "use")
        wrong = choose(rng, USES, {thing, *LIKEWISE.get(use, ())}, 3)
        yield Item(f"To {use}, you need", f" {thing}", spaced(wrong), "tool")


def _traits(rng: random.Random) -> Iterator[Item]:
    for trait, (opposite, things) in TRAITS.items():
        for thing in things:
            yield Item(f"{thing} is", f" {trait}", (f" {opposite}",), "trait")
    for thing, material in MATERIALS.items():
        wrong = choose(rng, MATERIALS.values(), material, 3)
        yield Item(f"{thing} is made of", f" {material}", spaced(wrong), "material")


def _scales() -> Iterator[Item]:
    """Each scale is an order; steps of two and more, so that no pair is a matter of taste."""
    for kind, (more, less, things) in SCALES.items():
        for place, thing in enumerate(things):
            for gap in (2, 3, 4):
                above, below = place + gap, place - gap
                if above < len(things) and below >= 0:
                    high, low = f" {things[above]}", f" {things[below]}"
                    yield Item(_upper(more.format(thing)), low, (high,), kind)
                    yield Item(_upper(less.format(thing)), high, (low,), kind)


def _upper(text: str) -> str:
    return text[0].upper() + text[1:]


def _people(rng: random.Random) -> Iterator[Item]:
    for who, place in PLACES.items():
        wrong = choose(rng, PLACES.values(), place, 3)
        yield Item(f"You would find {who} at work in a", f" {place}", spaced(wrong), "place")
        wrong = choose(rng, PLACES, who, 3)
        yield Item(f"The person who works in a {place} is", f" {who}", spaced(wrong), "worker")
    for who, needs in NEEDS.items():
        wrong = choose(rng, NEEDS.values(), needs, 3)
        yield Item(f"For the work of {who} one needs", f" {needs}", spaced(wrong), "needs")


def _animals(rng: random.Random) -> Iterator[Item]:
    for animal, sound in ANIMALS.items():
        wrong = choose(rng, ANIMALS.values(), sound, 3)
        yield Item(f"The {animal}", f" {sound}", spaced(wrong), "sound")
    for animal, young in YOUNG.items():
        wrong = choose(rng, YOUNG.values(), young, 3)
        yield Item(f"A young {animal} is called a", f" {young}", spaced(wrong), "young")


def _stories() -> Iterator[Item]:
    for kind, lines in STORIES.items():
        for line in lines.strip().splitlines():
            prompt, right, *wrong = (part.strip() for part in line.split("|"))
            yield Item(prompt, f" {right}", spaced(wrong), kind)
