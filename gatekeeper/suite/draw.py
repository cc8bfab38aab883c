"""Which docs, in which order: a seeded draw, stratified by task. Pure.

The order depends only on the seed, the task's name and its size, so two candidates, two machines
and a resumed run draw the same samples.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import TypeVar

__all__ = ["draw", "one_per_group", "window"]

T = TypeVar("T")


def draw(sizes: Mapping[str, int], seed: int) -> list[tuple[str, int]]:
    """Order all docs of a capability's tasks as (task, doc).

    Every prefix contains each task in proportion to its size, as evenly as whole docs allow.
    """
    placed: list[tuple[float, str, int]] = []
    for task, size in sorted(sizes.items()):
        docs = list(range(size))
        random.Random(f"{seed}/{task}/{size}").shuffle(docs)
        placed += [((rank + 0.5) / size, task, doc) for rank, doc in enumerate(docs)]
    return [(task, doc) for _, task, doc in sorted(placed)]


def one_per_group(
    order: Sequence[tuple[str, int]], group: Callable[[str, int], Hashable | None]
) -> list[tuple[str, int]]:
    """Keep the first doc of each group of a task in the draw, and every doc that has no group.

    Questions about one passage tend to be right or wrong together: counted as separate samples they
    make every interval too narrow (Miller 2024, "Adding Error Bars to Evals"). One of each, drawn
    at random, is an independent sample again, and needs no special statistics.
    """
    seen: set[tuple[str, Hashable]] = set()
    kept = []
    for task, doc in order:
        name = group(task, doc)
        if name is None or (task, name) not in seen:
            kept.append((task, doc))
        if name is not None:
            seen.add((task, name))
    return kept


def window(order: Sequence[T], shares: tuple[float, float]) -> list[T]:
    """The part of a draw between two shares of its length; parts that meet share no doc."""
    first, last = (round(share * len(order)) for share in shares)
    return list(order[first:last])
