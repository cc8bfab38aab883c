"""Tickets from a grammar: sentences with choices and slots, put together as people write them.

A ticket has one main issue, which decides its queue; around it stand an opening, an aside about
another queue that is already settled, a closing, and slips of the keyboard. Pure: a grammar and a
random generator in, tickets out.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import yaml

MAX_WORDS = 38
"""Keeps a ticket with its question below sixty tokens."""

_CHOICE = re.compile(r"\{([^{}]*)\}")
_SLOT = re.compile(r"<(\w+)>")


@dataclass(frozen=True)
class Ticket:
    """One ticket and the queue that it belongs to."""

    text: str
    queue: str


@dataclass(frozen=True)
class Grammar:
    """One pool of sentences: training.yaml or held_out.yaml."""

    slots: dict[str, list[str]]
    openings: list[str]
    closings: list[str]
    asides: dict[str, list[str]]
    queues: dict[str, list[str]]

    @classmethod
    def read(cls, path: Path) -> Grammar:
        content: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
        return cls(**content)

    def part(self, which: slice) -> Grammar:
        """The same grammar with some of the main sentences of every queue."""
        return replace(self, queues={queue: main[which] for queue, main in self.queues.items()})

    def tickets(self, queue: str, rng: random.Random) -> Iterator[Ticket]:
        """Tickets of one queue without end; every sentence comes once before any comes twice."""
        while True:
            for sentence in rng.sample(self.queues[queue], len(self.queues[queue])):
                yield self.ticket(sentence, queue, rng)

    def ticket(self, sentence: str, queue: str, rng: random.Random) -> Ticket:
        """One ticket around a main sentence."""
        while True:
            text = self._compose(sentence, queue, rng)
            if len(text.split()) <= MAX_WORDS:
                return Ticket(with_slips(text, rng), queue)

    def _compose(self, sentence: str, queue: str, rng: random.Random) -> str:
        product = rng.choice(self.slots["product"])
        parts = [self.fill(sentence, rng, product)]
        if rng.random() < 0.45:
            other = rng.choice([name for name in self.queues if name != queue])
            aside = self.fill(rng.choice(self.asides[other]), rng, product)
            parts.insert(rng.choice([0, 1]), aside)
        if rng.random() < 0.55:
            parts.insert(0, self.fill(rng.choice(self.openings), rng, product))
        if rng.random() < 0.5:
            parts.append(self.fill(rng.choice(self.closings), rng, product))
        return " ".join(parts)

    def fill(self, sentence: str, rng: random.Random, product: str) -> str:
        """Pick the choices, then fill the slots; two slots of one name get different entries.

        The first product of every sentence is the one that the ticket is about.
        """
        text = _CHOICE.sub(lambda found: rng.choice(found[1].split("|")), sentence)
        decks = {
            name: rng.sample(entries, len(entries)) for name, entries in sorted(self.slots.items())
        }
        decks["product"].remove(product)
        decks["product"].append(product)
        return _SLOT.sub(lambda found: decks[found[1]].pop(), text)


def with_slips(text: str, rng: random.Random) -> str:
    """The text as typed in a hurry: swapped, lost or doubled letters, no capitals, no full stop."""
    words = text.split(" ")
    if rng.random() < 0.35:
        long_words = [i for i, word in enumerate(words) if len(word) >= 5 and word.isalpha()]
        for i in rng.sample(long_words, min(len(long_words), rng.choice([1, 1, 2]))):
            words[i] = slip(words[i], rng)
    text = " ".join(words)
    if rng.random() < 0.12:
        text = text.lower()
    if rng.random() < 0.1:
        text = text.replace("'", "").rstrip(".!?")
    return text


def slip(word: str, rng: random.Random) -> str:
    """One slip inside a word; its first and last letter stay."""
    at = rng.randrange(1, len(word) - 2)
    kind = rng.choice(["swap", "lose", "double"])
    if kind == "swap":
        return word[:at] + word[at + 1] + word[at] + word[at + 2 :]
    if kind == "lose":
        return word[:at] + word[at + 1 :]
    return word[: at + 1] + word[at] + word[at + 1 :]
