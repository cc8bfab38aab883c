"""Faults in a task's own data: asked twice, nothing right, one label for all, a leaking answer.

Each fault is reported in one sentence, with the sample where there is one.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from typing import Protocol

from gatekeeper.training.contamination import normalised

__all__ = ["faults_of"]

MOST_OF_ONE_ANSWER = 0.6
MOST_OVER_CHANCE = 0.15
"""How much more often than chance the right answer may be in one position among the choices."""
FEWEST_TO_JUDGE = 40
"""Shares of fewer samples say nothing."""
LEAK_SHARE, LEAK_TIMES = 0.3, 5.0
"""The answer leaks when this share of questions contain the right answer, and do so this many times
as often as a wrong one."""
MOST_TOLD = 5
"""Faults of one kind that are reported one by one."""


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
        """Give what the model is asked, one entry per request."""
        ...


def faults_of(task: Readable) -> Iterator[str]:
    """Name every fault in one sentence."""
    if not len(task):
        yield "no samples"
        return
    for sort in (_empty, _repeated, _given_away):
        found = list(sort(task))
        yield from found[:MOST_TOLD]
        if len(found) > MOST_TOLD:
            yield f"and {len(found) - MOST_TOLD} more like the last one"
    yield from _imbalance(task)
    yield from _places(task)
    yield from _leak(task)


def _empty(task: Readable) -> Iterator[str]:
    for doc in range(len(task)):
        if not task.gold(doc).strip():
            yield f"{task.sample_id(doc)}: the right answer is empty"


def _repeated(task: Readable) -> Iterator[str]:
    """The same question twice, or twice apart from case, punctuation and spaces."""
    exact: dict[str, int] = {}
    loose: dict[str, int] = {}
    for doc in range(len(task)):
        asked = str(task.arguments(doc))
        text = f"{task.question(doc)} / {task.gold(doc)}"
        bare = normalised(text) if re.search(r"\w", text) else text
        if asked in exact:
            yield f"{task.sample_id(doc)}: asks the same as {task.sample_id(exact[asked])}"
        elif bare in loose and len(bare.split()) >= 6 and _prose(text):
            yield f"{task.sample_id(doc)}: asks nearly the same as {task.sample_id(loose[bare])}"
        exact.setdefault(asked, doc)
        loose.setdefault(bare, doc)


def _prose(text: str) -> bool:
    """Mostly words: in code and brackets, the question is about the punctuation."""
    marks = sum(not (char.isalnum() or char.isspace()) for char in text)
    return marks <= 0.12 * len(text)


def _given_away(task: Readable) -> Iterator[str]:
    for doc in range(len(task)):
        gold = task.gold(doc).strip()
        contexts = {str(arguments[0]) for arguments in task.arguments(doc)}
        if len(gold) >= 2 and len(contexts) == 1:
            [context] = contexts
            if re.search(rf"(?<!\w){re.escape(gold)}\W*$", context):
                yield f"{task.sample_id(doc)}: the prompt ends with its own answer, {gold!r}"


def _imbalance(task: Readable) -> Iterator[str]:
    golds = Counter(task.gold(doc).strip() for doc in range(len(task)))
    if len(golds) == 1 and len(task) > 1:
        yield f"every right answer is {next(iter(golds))!r}"
    answer, count = golds.most_common(1)[0]
    if len(golds) > 1 and len(task) >= FEWEST_TO_JUDGE and count / len(task) > MOST_OF_ONE_ANSWER:
        yield f"{100 * count / len(task):.0f}% of the right answers are {answer!r}"


def _places(task: Readable) -> Iterator[str]:
    """Choices that differ from doc to doc: is the right one in the same position too often?"""
    by_size: dict[int, list[int]] = {}
    labels = set()
    for doc in range(len(task)):
        choices = _choices(task, doc)
        place = _place(task, doc, choices)
        if place is not None:
            by_size.setdefault(len(choices), []).append(place)
            labels.add(tuple(choices))
    if len(labels) <= 1:
        return
    for size, places in by_size.items():
        place, count = Counter(places).most_common(1)[0]
        share = count / len(places)
        if len(places) >= FEWEST_TO_JUDGE and share > 1 / size + MOST_OVER_CHANCE:
            yield (
                f"the right answer is choice {place + 1} of {size} in {100 * share:.0f}% of the "
                f"samples, so a model that always picks it scores {100 * share:.0f}%"
            )


def _leak(task: Readable) -> Iterator[str]:
    """Does the question mention the right answer, and hardly ever a wrong one?"""
    right, wrong, wrongs, docs = 0, 0, 0, 0
    for doc in range(len(task)):
        choices = _choices(task, doc)
        place = _place(task, doc, choices)
        question = task.question(doc).casefold()
        if place is None or not question:
            continue
        docs += 1
        for index, choice in enumerate(choices):
            bare = choice.strip().casefold()
            named = len(bare) >= 2 and bool(re.search(rf"(?<!\w){re.escape(bare)}(?!\w)", question))
            right += named and index == place
            wrong += named and index != place
            wrongs += index != place
    if docs < FEWEST_TO_JUDGE or not wrongs:
        return
    named_right, named_wrong = right / docs, wrong / wrongs
    if named_right > LEAK_SHARE and named_right > LEAK_TIMES * named_wrong:
        yield (
            f"the question mentions the right answer in {100 * named_right:.0f}% of the samples, "
            f"but a wrong one in {100 * named_wrong:.0f}%, so the answer leaks"
        )


def _choices(task: Readable, doc: int) -> list[str]:
    """The texts that are compared, in order; none where an answer is generated."""
    found = [arguments[1] for arguments in task.arguments(doc) if len(arguments) > 1]
    return [text for text in found if isinstance(text, str)] if len(found) > 1 else []


def _place(task: Readable, doc: int, choices: list[str]) -> int | None:
    gold = task.gold(doc).strip()
    places = [index for index, choice in enumerate(choices) if choice.strip() == gold]
    return places[0] if len(places) == 1 else None
