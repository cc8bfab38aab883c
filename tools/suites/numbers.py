"""Arithmetic and number sense at graded difficulty."""

from __future__ import annotations

import random

from suites.item import Item

WORDS = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen "
    "sixteen seventeen eighteen nineteen twenty"
).split()


def make(rng: random.Random) -> list[Item]:
    """From counting on to two-digit sums; wrong answers are near the right one."""
    items = [
        _asked(rng, f"{a} + {b} =", a + b, "add-1") for a in range(2, 10) for b in range(2, 10)
    ]
    items += [
        _asked(rng, f"{a} - {b} =", a - b, "sub-1") for a in range(4, 19) for b in range(2, a)
    ]
    items += [
        _asked(rng, f"{a} x {b} =", a * b, "times") for a in range(2, 10) for b in range(2, 10)
    ]
    for _ in range(60):
        a, b = rng.randint(11, 60), rng.randint(11, 39)
        items.append(_asked(rng, f"{a} + {b} =", a + b, "add-2"))
    for start in range(3, 80):
        row = ", ".join(str(start + i) for i in range(4))
        items.append(_asked(rng, f"{row},", start + 4, "count"))
    for start, step in [(s, d) for s in range(2, 30, 3) for d in (2, 5, 10)]:
        row = ", ".join(str(start + i * step) for i in range(4))
        items.append(_asked(rng, f"{row},", start + 4 * step, "steps"))
    for number in range(2, 21):
        wrong = tuple(f" {w}" for w in rng.sample([w for w in WORDS if w != WORDS[number]], 3))
        items.append(Item(f"The number {number} in words is", f" {WORDS[number]}", wrong, "words"))
    return items


def _asked(rng: random.Random, prompt: str, answer: int, kind: str) -> Item:
    near = [answer + d for d in (-10, -3, -2, -1, 1, 2, 3, 10) if answer + d >= 0]
    return Item(prompt, f" {answer}", tuple(f" {value}" for value in rng.sample(near, 3)), kind)
