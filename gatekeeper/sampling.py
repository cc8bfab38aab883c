"""Which docs, in which order: a seeded draw, stratified by task. Pure.

The order depends on the seed, the task's name and its size alone, so two candidates, two machines
and a resumed run draw the same samples.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from typing import TypeVar

__all__ = ["draw", "window"]

T = TypeVar("T")


def draw(sizes: Mapping[str, int], seed: int) -> list[tuple[str, int]]:
    """Order all docs of a capability's tasks as (task, doc).

    Every prefix holds each task in proportion to its size, as evenly as whole docs allow.
    """
    placed: list[tuple[float, str, int]] = []
    for task, size in sorted(sizes.items()):
        docs = list(range(size))
        random.Random(f"{seed}/{task}/{size}").shuffle(docs)
        placed += [((rank + 0.5) / size, task, doc) for rank, doc in enumerate(docs)]
    return [(task, doc) for _, task, doc in sorted(placed)]


def window(order: Sequence[T], shares: tuple[float, float]) -> list[T]:
    """The part of a draw between two shares of its length; parts that meet share no doc."""
    first, last = (round(share * len(order)) for share in shares)
    return list(order[first:last])
