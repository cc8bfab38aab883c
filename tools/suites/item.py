"""One multiple-choice item, and how many of them become the rows of one capability."""

from __future__ import annotations

import random
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

__all__ = ["Item", "choose", "settled", "spaced"]

Row = dict[str, object]


@dataclass(frozen=True)
class Item:
    """A prompt (may be empty), its right answer and wrong ones, and where it belongs."""

    prompt: str
    right: str
    wrong: tuple[str, ...]
    kind: str


def choose(
    rng: random.Random, pool: Iterable[str], right: str | Iterable[str], count: int
) -> tuple[str, ...]:
    """Draw wrong answers: none is a right one in any spelling of case."""
    rights = {right} if isinstance(right, str) else set(right)
    known = {answer.casefold() for answer in rights}
    options = sorted({option for option in pool if option.casefold() not in known})
    return tuple(rng.sample(options, count))


def spaced(words: Iterable[str]) -> tuple[str, ...]:
    """Put a space before each word: choices continue the prompt."""
    return tuple(f" {word}" for word in words)


def settled(items: Sequence[Item], rng: random.Random, count: int) -> list[Row]:
    """Remove duplicates, balance kinds and answer positions, and give `count` rows.

    Raises ValueError when there are too few, an answer is ambiguous, or a choice stands twice.
    """
    _require_distinct_choices(items)
    _require_wrong_to_be_wrong(items)
    by_kind: dict[str, list[Item]] = {}
    for item in _once(items):
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
    return list(_positioned(drawn, rng))


def _once(items: Sequence[Item]) -> Iterator[Item]:
    """Each question once; one that only orders its words anew (2 + 3, 3 + 2) is the same one."""
    prompts: set[str] = set()
    bags: set[tuple[str, ...]] = set()
    for item in items:
        words = re.findall(r"\w+|[^\w\s]", f"{item.prompt} {item.right}".casefold())
        bag = (item.kind, *sorted(words))
        if bag in bags or (item.prompt and item.prompt.casefold() in prompts):
            continue
        bags.add(bag)
        prompts.add(item.prompt.casefold())
        yield item


def _require_distinct_choices(items: Sequence[Item]) -> None:
    for item in items:
        choices = (item.right, *item.wrong)
        if len(choices) < 2 or len({c.strip().casefold() for c in choices}) != len(choices):
            raise ValueError(f"a choice stands twice, or alone: {item}")


def _require_wrong_to_be_wrong(items: Sequence[Item]) -> None:
    """No wrong answer may be the right one of the same prompt elsewhere."""
    rights: dict[str, set[str]] = {}
    for item in items:
        rights.setdefault(item.prompt.casefold(), set()).add(item.right.casefold())
    for item in items:
        if any(wrong.casefold() in rights[item.prompt.casefold()] for wrong in item.wrong):
            raise ValueError(f"a wrong answer is right elsewhere: {item}")


def _positioned(drawn: Sequence[Item], rng: random.Random) -> Iterator[Row]:
    """Rows whose right answers stand equally often at each place, within each kind."""
    turns: dict[tuple[str, int], int] = {}
    for index, item in enumerate(drawn):
        choices = list(item.wrong)
        rng.shuffle(choices)
        places = len(choices) + 1
        turn = turns.setdefault((item.kind, places), rng.randrange(places))
        turns[item.kind, places] += 1
        gold = turn % places
        choices.insert(gold, item.right)
        kept = [choice for choice in choices if choice == item.right or _apart(choice, item.right)]
        yield {
            "id": index,
            "kind": item.kind,
            "prompt": item.prompt,
            "choices": kept,
            "gold": kept.index(item.right),
        }


def _apart(choice: str, right: str) -> bool:
    """Whether neither text begins with the other: a beginning is always at least as likely."""
    return not choice.startswith(right) and not right.startswith(choice)
