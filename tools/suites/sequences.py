"""Copying, reversing, ordering: what a model does with the tokens in front of it."""

from __future__ import annotations

import random
from collections.abc import Sequence

from suites.item import Item

WORDS = (
    "apple river stone cloud tiger lemon candle mirror pocket silver window garden button "
    "market ladder pepper rabbit saddle tunnel violin winter anchor basket copper dragon engine"
).split()
DAYS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()
MONTHS = (
    "January February March April May June July August September October November December"
).split()
LETTERS = "A B C D E F G H I J K L M N O P Q R S T U V W X Y Z".split()


def make(rng: random.Random) -> list[Item]:
    """Repeat a list, reverse it, sort it, name its first and last, continue a known order."""
    makers = (_copy, _reverse, _first, _last, _sorted)
    items = [maker(rng) for _ in range(60) for maker in makers]
    for kind, order in (("day", DAYS), ("month", MONTHS), ("letter", LETTERS)):
        items += _next(rng, kind, order)
    return items


def _copy(rng: random.Random) -> Item:
    words = rng.sample(WORDS, 4)
    text = ", ".join(words)
    wrong = {", ".join(other) for other in _swaps(rng, words)}
    return Item(f"Repeat exactly: {text}\nCopy:", f" {text}", _three(wrong, text), "copy")


def _reverse(rng: random.Random) -> Item:
    words = rng.sample(WORDS, 3)
    right = ", ".join(reversed(words))
    wrong = {", ".join(other) for other in _swaps(rng, words)}
    shown = "one, two, three\nReversed: three, two, one"
    prompt = f"List: {shown}\nList: {', '.join(words)}\nReversed:"
    return Item(prompt, f" {right}", _three(wrong, right), "reverse")


def _first(rng: random.Random) -> Item:
    words = rng.sample(WORDS, 4)
    wrong = tuple(f" {word}" for word in words[1:])
    return Item(f"List: {', '.join(words)}\nFirst word:", f" {words[0]}", wrong, "first")


def _last(rng: random.Random) -> Item:
    words = rng.sample(WORDS, 4)
    wrong = tuple(f" {word}" for word in words[:-1])
    return Item(f"List: {', '.join(words)}\nLast word:", f" {words[-1]}", wrong, "last")


def _sorted(rng: random.Random) -> Item:
    numbers = rng.sample(range(1, 60), 3)
    right = ", ".join(map(str, sorted(numbers)))
    wrong = {", ".join(map(str, other)) for other in _swaps(rng, sorted(numbers))}
    prompt = f"Numbers: {', '.join(map(str, numbers))}\nFrom small to large:"
    return Item(prompt, f" {right}", _three(wrong, right), "sort")


def _next(rng: random.Random, kind: str, order: Sequence[str]) -> list[Item]:
    items = []
    for i in range(len(order) - 3):
        right = order[i + 3]
        wrong = rng.sample([w for w in order if w != right and w not in order[i : i + 3]], 3)
        prompt = ", ".join(order[i : i + 3]) + ","
        items.append(Item(prompt, f" {right}", tuple(f" {word}" for word in wrong), kind))
    return items


def _swaps(rng: random.Random, items: Sequence[object]) -> list[list[object]]:
    found = []
    while len(found) < 12:
        other = list(items)
        rng.shuffle(other)
        found.append(other)
    return found


def _three(wrong: set[str], right: str) -> tuple[str, ...]:
    kept = sorted(wrong - {right})[:3]
    return tuple(f" {text}" for text in kept)
