"""Verifiable instructions: generated answers that a few lines of code can check."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator

WORDS = "apple river stone cloud tiger lemon candle mirror pocket silver window garden".split()
TOPICS = (
    "the sea, a cat, winter, music, bread, a train, the moon, rain, a garden, friendship".split(
        ", "
    )
)
NAMES = "Anna Peter Maria David Susan Tom Laura Simon".split()

Row = dict[str, object]


def rows(rng: random.Random, count: int) -> list[Row]:
    """`count` instructions over all kinds, each with the facts that its check needs."""
    makers = [_capitals, _repeat, _yes, _json, _prefix, _number, _without, _short, _letter, _pick]
    found: dict[str, Row] = {}
    streams: list[Iterator[Row]] = [_stream(rng, maker) for maker in makers]
    while len(found) < count:
        for stream in streams:
            row = next(stream)
            if len(found) < count:
                found.setdefault(str(row["prompt"]), row)
    return [{"id": index, **row} for index, row in enumerate(found.values())]


def _stream(rng: random.Random, maker: Callable[[random.Random], Row]) -> Iterator[Row]:
    while True:
        yield maker(rng)


def _ask(instruction: str, check: str, value: object) -> Row:
    prompt = f"Instruction: {instruction}\nAnswer:"
    # One column of a data file has one type, so the value travels as JSON text.
    return {"kind": check, "prompt": prompt, "check": check, "value": json.dumps(value)}


def _capitals(rng: random.Random) -> Row:
    words = " ".join(rng.sample(WORDS, 2))
    return _ask(f'Write "{words}" in capital letters.', "contains", words.upper())


def _repeat(rng: random.Random) -> Row:
    word = rng.choice(WORDS)
    count = rng.randint(2, 4)
    return _ask(f'Write the word "{word}" {count} times.', "count", [word, count])


def _yes(rng: random.Random) -> Row:
    a, b = rng.sample(range(2, 60), 2)
    answer = "yes" if a > b else "no"
    return _ask(f"Is {a} larger than {b}? Answer with yes or no only.", "exact", answer)


def _json(rng: random.Random) -> Row:
    name, age = rng.choice(NAMES), rng.randint(18, 80)
    text = f'Give only this record as JSON with the keys "name" and "age": {name} is {age}.'
    return _ask(text, "json", {"name": name, "age": age})


def _prefix(rng: random.Random) -> Row:
    word = rng.choice(WORDS).capitalize()
    topic = rng.choice(TOPICS)
    return _ask(f'Write one sentence about {topic}. Begin with the word "{word}".', "prefix", word)


def _number(rng: random.Random) -> Row:
    number = rng.randint(3, 90)
    return _ask(f"Write only the number that comes after {number}.", "exact", str(number + 1))


def _without(rng: random.Random) -> Row:
    topic, word = rng.choice(TOPICS), rng.choice(["and", "the", "is", "a", "very", "of"])
    return _ask(f'Write one sentence about {topic} without the word "{word}".', "without", word)


def _short(rng: random.Random) -> Row:
    topic, most = rng.choice(TOPICS), rng.choice([5, 8, 10, 12])
    return _ask(f"Describe {topic} in at most {most} words.", "words", most)


def _letter(rng: random.Random) -> Row:
    letter = rng.choice("bcdfghlmprst")
    return _ask(f'Write one word that begins with the letter "{letter}".', "letter", letter)


def _pick(rng: random.Random) -> Row:
    words = rng.sample(WORDS, 3)
    place = rng.randrange(3)
    order = ["first", "second", "third"][place]
    text = f"Write only the {order} word of this list: {', '.join(words)}."
    return _ask(text, "exact", words[place])
