"""Word knowledge: opposites, plurals, past tenses, categories."""

from __future__ import annotations

import random

from suites.item import Item, choose

OPPOSITES = (
    "hot cold, big small, fast slow, happy sad, open closed, early late, light dark, full empty, "
    "rich poor, strong weak, young old, wet dry, loud quiet, clean dirty, hard soft, high low, "
    "near far, thick thin, sweet sour, brave afraid, deep shallow, wide narrow, sharp blunt, "
    "true false, right wrong, up down, inside outside, buy sell, win lose, remember forget, "
    "arrive leave, laugh cry, begin end, push pull, love hate, day night, friend enemy, "
    "war peace, success failure, always never, more less, left right, top bottom, alive dead, "
    "cheap expensive, asleep awake, polite rude, ancient modern, guilty innocent, major minor"
)
PLURALS = (
    "child children, mouse mice, foot feet, tooth teeth, goose geese, man men, woman women, "
    "person people, leaf leaves, knife knives, wolf wolves, city cities, baby babies, box boxes, "
    "church churches, potato potatoes, hero heroes, life lives, shelf shelves, story stories, "
    "ox oxen, thief thieves, half halves, lady ladies, bus buses, dish dishes, wife wives, "
    "loaf loaves, calf calves, tomato tomatoes"
)
PAST = (
    "go went, eat ate, see saw, take took, give gave, run ran, write wrote, sing sang, "
    "drink drank, swim swam, fly flew, break broke, speak spoke, drive drove, buy bought, "
    "catch caught, teach taught, think thought, find found, keep kept, sleep slept, leave left, "
    "feel felt, sell sold, tell told, begin began, choose chose, forget forgot, grow grew, "
    "know knew, throw threw, wear wore, win won, build built, lose lost"
)
KINDS = {
    "fruit": "apple banana cherry grape pear plum peach mango",
    "animal": "tiger horse rabbit eagle whale goat camel sheep",
    "tool": "hammer saw drill wrench chisel pliers shovel axe",
    "instrument": "violin piano trumpet flute guitar harp drum cello",
    "vehicle": "truck bicycle train tractor scooter bus tram ferry",
    "metal": "iron copper silver gold zinc lead nickel tin",
    "sport": "tennis football hockey golf boxing rowing skiing judo",
    "garment": "shirt jacket scarf trousers coat skirt sock glove",
}


def make(rng: random.Random) -> list[Item]:
    """Wrong plurals and pasts are the regular mistakes and other words of the list."""
    items = []
    pairs = [entry.split() for entry in OPPOSITES.split(", ")]
    for word, opposite in pairs:
        wrong = choose(rng, [b for a, b in pairs if a != word and b != word], opposite, 3)
        items.append(Item(f"The opposite of {word} is", f" {opposite}", _spaced(wrong), "opposite"))
    for one, many in (entry.split() for entry in PLURALS.split(", ")):
        wrong = tuple(sorted({one + "s", one + "es", one} - {many}))[:2]
        items.append(Item(f"One {one}, two", f" {many}", _spaced(wrong), "plural"))
    for verb, past in (entry.split() for entry in PAST.split(", ")):
        wrong = (verb, verb + "ed", verb + "ing")
        items.append(Item(f"Today I {verb}, yesterday I", f" {past}", _spaced(wrong), "past"))
    for kind, words in KINDS.items():
        for word in words.split():
            wrong = choose(rng, KINDS, kind, 3)
            prompt = f"{word.capitalize()} is a kind of"
            items.append(Item(prompt, f" {kind}", _spaced(wrong), "category"))
        others = [w for k, v in KINDS.items() if k != kind for w in v.split()]
        for word in words.split():
            shown = rng.sample([w for w in words.split() if w != word], 2)
            wrong = choose(rng, others, word, 3)
            prompt = f"Words of one kind: {shown[0]}, {shown[1]},"
            items.append(Item(prompt, f" {word}", _spaced(wrong), "group"))
    return items


def _spaced(words: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(f" {word}" for word in words)
