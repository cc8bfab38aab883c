"""One multiple-choice item and what every capability's items must satisfy."""

from __future__ import annotations

import random
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

__all__ = ["Item", "choose", "settled"]


@dataclass(frozen=True)
class Item:
    """A prompt (may be empty), its right answer and wrong ones, and where it belongs."""

    prompt: str
    right: str
    wrong: tuple[str, ...]
    kind: str


def choose(rng: random.Random, pool: Iterable[str], right: str, count: int) -> tuple[str, ...]:
    """Draw wrong answers that are not the right one in any spelling of case."""
    options = sorted({option for option in pool if option.casefold() != right.casefold()})
    return tuple(rng.sample(options, count))


def settled(items: Sequence[Item], rng: random.Random, count: int) -> list[dict[str, object]]:
    """Remove duplicates, balance kinds and answer positions, and give `count` rows.

    Raises ValueError when there are too few, an answer is ambiguous, or a choice stands twice.
    """
    by_kind: dict[str, list[Item]] = {}
    seen: set[str] = set()
    for item in items:
        choices = (item.right, *item.wrong)
        if len({choice.strip().casefold() for choice in choices}) != len(choices):
            raise ValueError(f"a choice stands twice: {item}")
        key = " ".join(re.findall(r"\w+|[^\w\s]", f"{item.prompt} {item.right}".casefold()))
        if key not in seen:
            seen.add(key)
            by_kind.setdefault(item.kind, []).append(item)
    for own in by_kind.values():
        rng.shuffle(own)
    drawn: list[Item] = []
    while len(drawn) < count:
        before = len(drawn)
        for kind in sorted(by_kind):
            if by_kind[kind] and len(drawn) < count:
                drawn.append(by_kind[kind].pop())
        if len(drawn) == before:
            raise ValueError(f"only {before} items of {count}")
    rng.shuffle(drawn)
    rows: list[dict[str, object]] = []
    for index, item in enumerate(drawn):
        choices = list(item.wrong)
        rng.shuffle(choices)
        gold = index % (len(choices) + 1)
        choices.insert(gold, item.right)
        rows.append(
            {
                "id": index,
                "kind": item.kind,
                "prompt": item.prompt,
                "choices": choices,
                "gold": gold,
            }
        )
    return rows
