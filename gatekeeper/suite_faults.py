"""Faults of a task's own data: nothing to ask, nothing right, asked twice, one label for all."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Protocol

__all__ = ["FEWEST_SAMPLES", "faults_of"]

FEWEST_SAMPLES = 50
"""With fewer even a loss of ten points cannot be told from luck."""
MOST_OF_ONE_ANSWER = 0.6


class Readable(Protocol):
    """A task whose docs can be read."""

    def __len__(self) -> int:
        """Give the number of docs."""
        ...

    def sample_id(self, doc: int) -> str:
        """Name a doc."""
        ...

    def question(self, doc: int) -> str:
        """Give the doc's question."""
        ...

    def gold(self, doc: int) -> str:
        """Give the doc's right answer."""
        ...

    def arguments(self, doc: int) -> list[tuple[object, ...]]:
        """Give what the model is asked."""
        ...


def faults_of(task: Readable) -> Iterator[str]:
    """Name every fault in one sentence, with the sample where there is one."""
    if len(task) < FEWEST_SAMPLES:
        yield f"only {len(task)} samples: too few to tell a loss of ten points from luck"
    seen: dict[str, str] = {}
    golds: Counter[str] = Counter()
    for doc in range(len(task)):
        name, gold = task.sample_id(doc), task.gold(doc).strip()
        golds[gold] += 1
        if not gold:
            yield f"{name}: the right answer is empty"
        asked = str(task.arguments(doc))
        if asked in seen:
            yield f"{name}: asks the same as {seen[asked]}"
        seen.setdefault(asked, name)
    if golds and len(golds) > 1:
        answer, count = golds.most_common(1)[0]
        if count / len(task) > MOST_OF_ONE_ANSWER:
            yield f"{100 * count / len(task):.0f}% of the right answers are {answer!r}"
    elif golds and len(task) > 1:
        yield f"every right answer is {next(iter(golds))!r}"
