"""Arithmetic and number sense at graded difficulty: from counting on to sums of three digits."""

from __future__ import annotations

import random
from collections.abc import Iterator

from suites.item import Item, spaced

WORDS = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen "
    "sixteen seventeen eighteen nineteen twenty"
).split()
TENS = "twenty thirty forty fifty sixty seventy eighty ninety".split()
NAMES = "Anna Peter Maria David Susan Tom".split()
FRUIT = "apples pears lemons plums oranges peaches".split()
REPEATS = 60


def make(rng: random.Random) -> list[Item]:
    """Every kind in numbers enough to draw from; wrong answers are the mistakes people make."""
    return [*_sequences(rng), *_tables(rng), *_written(rng), *_compare(rng), *_stories(rng)]


def _sequences(rng: random.Random) -> Iterator[Item]:
    for start in range(3, 90):
        row = ", ".join(str(start + i) for i in range(4))
        yield _asked(rng, f"{row},", start + 4, "count")
        row = ", ".join(str(start + 8 - i) for i in range(4))
        yield _asked(rng, f"{row},", start + 4, "count-down")
    for start, step in [(s, d) for s in range(2, 30, 2) for d in (2, 3, 5, 10, 7)]:
        row = ", ".join(str(start + i * step) for i in range(4))
        yield _asked(rng, f"{row},", start + 4 * step, "steps")


def _tables(rng: random.Random) -> Iterator[Item]:
    for a in range(2, 10):
        for b in range(2, 10):
            yield _asked(rng, f"{a} + {b} =", a + b, "add-1")
            yield _asked(rng, f"{a} x {b} =", a * b, "times", (a, b))
            yield _asked(rng, f"{a * b} / {a} =", b, "divide")
    for a in range(4, 19):
        for b in range(2, a):
            yield _asked(rng, f"{a} - {b} =", a - b, "subtract-1")


def _written(rng: random.Random) -> Iterator[Item]:
    for _ in range(REPEATS):
        a, b = rng.randint(11, 60), rng.randint(11, 39)
        yield _asked(rng, f"{a} + {b} =", a + b, "add-2")
        a, b = rng.randint(41, 99), rng.randint(11, 39)
        yield _asked(rng, f"{a} - {b} =", a - b, "subtract-2")
        a, b = rng.randint(120, 780), rng.randint(120, 199)
        yield _asked(rng, f"{a} + {b} =", a + b, "add-3")
        a, b = rng.randint(12, 49), rng.randint(3, 9)
        yield _asked(rng, f"{a} x {b} =", a * b, "times-2", (10, 1, b))
        a, b, c = rng.randint(2, 12), rng.randint(2, 9), rng.randint(2, 9)
        first = _numbers(rng, a + b * c, ((a + b) * c, a + b + c, a * b + c))
        yield Item(f"{a} + {b} x {c} =", f" {a + b * c}", first, "precedence")
    for number in range(2, 21):
        wrong = spaced(rng.sample([w for w in WORDS if w != WORDS[number]], 3))
        yield Item(f"The number {number} in words is", f" {WORDS[number]}", wrong, "words")
    for number in rng.sample(range(21, 100), REPEATS):
        ten, one = divmod(number, 10)
        if one:
            text = f"{TENS[ten - 2]}-{WORDS[one]}"
            swapped = one * 10 + ten
            near = (swapped, number + 10, number - 1, number + 1, number - 10)
            wrong = tuple(f" {value}" for value in _apart(near, number)[:3])
            yield Item(f"Written in digits, {text} is", f" {number}", wrong, "digits")


def _compare(rng: random.Random) -> Iterator[Item]:
    for _ in range(REPEATS):
        low, high = sorted(rng.sample(range(3, 99), 2))
        larger = rng.random() < 0.5
        shown = rng.sample([low, high], 2)
        right, wrong = (high, low) if larger else (low, high)
        word = "larger" if larger else "smaller"
        prompt = f"Of {shown[0]} and {shown[1]}, the {word} number is"
        yield Item(prompt, f" {right}", (f" {wrong}",), "compare")


def _stories(rng: random.Random) -> Iterator[Item]:
    for _ in range(REPEATS):
        name, fruit = rng.choice(NAMES), rng.choice(FRUIT)
        a, b = rng.randint(7, 19), rng.randint(2, 6)
        start = f"{name} has {a} {fruit}"
        yield _asked(rng, f"{start} and buys {b} more. Now {name} has", a + b, "story-add")
        yield _asked(rng, f"{start} and eats {b} of them. Now {name} has", a - b, "story-subtract")
        boxes, each = rng.randint(3, 9), rng.randint(3, 9)
        prompt = f"{name} has {boxes} boxes with {each} {fruit} in each box. In total {name} has"
        yield _asked(rng, prompt, boxes * each, "story-times", (boxes, each))


def _asked(
    rng: random.Random, prompt: str, answer: int, kind: str, steps: tuple[int, ...] = ()
) -> Item:
    """Wrong answers near the right one; for products also one step of a factor away."""
    steps_away = [answer + d for step in steps for d in (step, -step)]
    near = [answer + d for d in (-10, -2, -1, 1, 2, 10)]
    chosen = _apart(rng.sample(steps_away, min(2, len(steps_away))), answer)
    rest = [value for value in _apart(near, answer) if value not in chosen]
    wrong = [*chosen, *rng.sample(rest, 3 - len(chosen))]
    return Item(prompt, f" {answer}", tuple(f" {value}" for value in wrong), kind)


def _numbers(rng: random.Random, answer: int, likely: tuple[int, ...]) -> tuple[str, ...]:
    """The likely mistakes first, then neighbours."""
    values = _apart((*likely, *rng.sample([answer - 2, answer - 1, answer + 1], 3)), answer)
    return tuple(f" {value}" for value in values[:3])


def _apart(values: object, answer: int) -> list[int]:
    found = dict.fromkeys(values)  # type: ignore[call-overload]
    return [value for value in found if value != answer and value >= 0]
