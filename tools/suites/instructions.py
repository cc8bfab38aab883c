"""Verifiable instructions: generated answers that a few lines of code can check.

The idea of instructions that code can verify is that of IFEval (Zhou et al. 2023); instructions
and checks are made here. Each kind needs a positive act, so that silence and babble both fail.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable

WORDS = (
    "apple river stone cloud tiger lemon candle mirror pocket silver window garden button market"
).split()
TOPICS = (
    "the sea, a cat, winter, music, bread, a train, the moon, rain, a garden, friendship, a river, "
    "sleep, coffee, a bridge, summer, books"
).split(", ")
NAMES = "Anna Peter Maria David Susan Tom Laura Simon".split()
COUNTABLE = ["animals", "colours", "fruits", "countries", "sports", "tools", "drinks", "cities"]
NUMBERS = {2: "two", 3: "three", 4: "four"}
TRIES = 4000
SHOWN = """\
Instruction: Write only the word "sun".
Answer: sun

Instruction: Write one short sentence about snow with the word "white".
Answer: The snow on the roof is white.

"""
"""Two solved instructions before every one: they show the form, and none of the checks."""

Row = dict[str, object]


def rows(rng: random.Random, count: int) -> list[Row]:
    """`count` instructions, kinds in turn, each with the facts that its check needs.

    Raises ValueError when the kinds cannot give that many different ones.
    """
    makers: tuple[Callable[[random.Random], Row], ...] = (
        _upper, _lower, _repeat, _yes, _json, _json_list, _prefix, _suffix, _number, _without,
        _includes, _short, _letter, _pick, _items, _quoted,
    )  # fmt: skip
    found: dict[str, Row] = {}
    for turn in range(TRIES):
        if len(found) == count:
            break
        row = makers[turn % len(makers)](rng)
        found.setdefault(str(row["prompt"]), row)
    if len(found) < count:
        raise ValueError(f"only {len(found)} instructions of {count}")
    return [{"id": index, **row} for index, row in enumerate(found.values())]


def _ask(instruction: str, kind: str, check: str, value: object) -> Row:
    prompt = f"Instruction: {instruction}\nAnswer:"
    # One column of a data file has one type, so the value travels as JSON text.
    return {"kind": kind, "prompt": prompt, "check": check, "value": json.dumps(value)}


def _upper(rng: random.Random) -> Row:
    words = " ".join(rng.sample(WORDS, 2))
    return _ask(f'Write "{words}" in capital letters.', "upper", "contains", words.upper())


def _lower(rng: random.Random) -> Row:
    words = " ".join(rng.sample(WORDS, 2))
    return _ask(f'Write "{words.upper()}" in small letters.', "lower", "contains", words)


def _repeat(rng: random.Random) -> Row:
    word, count = rng.choice(WORDS), rng.randint(2, 4)
    text = f'Write the word "{word}" {NUMBERS[count]} times and nothing else.'
    return _ask(text, "count", "count", [word, count])


def _yes(rng: random.Random) -> Row:
    a, b = rng.sample(range(2, 60), 2)
    answer = "yes" if a > b else "no"
    return _ask(f"Is {a} larger than {b}? Answer with yes or no only.", "yes-no", "exact", answer)


def _json(rng: random.Random) -> Row:
    name, age = rng.choice(NAMES), rng.randint(18, 80)
    text = f'Give only this record as JSON with the keys "name" and "age": {name} is {age}.'
    return _ask(text, "json", "json", {"name": name, "age": age})


def _json_list(rng: random.Random) -> Row:
    words = rng.sample(WORDS, 3)
    text = f"Write these words as a JSON list, in the same order: {', '.join(words)}."
    return _ask(text, "json-list", "json", words)


def _prefix(rng: random.Random) -> Row:
    word, topic = rng.choice(WORDS).capitalize(), rng.choice(TOPICS)
    text = f'Write one sentence about {topic}. Begin with the word "{word}".'
    return _ask(text, "prefix", "prefix", word)


def _suffix(rng: random.Random) -> Row:
    word, topic = rng.choice(WORDS), rng.choice(TOPICS)
    text = f'Write one short sentence about {topic} that ends with the word "{word}".'
    return _ask(text, "suffix", "suffix", word)


def _number(rng: random.Random) -> Row:
    number = rng.randint(3, 90)
    text = f"Write only the number that comes after {number}."
    return _ask(text, "next-number", "exact", str(number + 1))


def _without(rng: random.Random) -> Row:
    topic, word = rng.choice(TOPICS), rng.choice(["and", "the", "is", "a", "of"])
    text = f'Write one sentence about {topic} without the word "{word}".'
    return _ask(text, "without", "without", word)


def _includes(rng: random.Random) -> Row:
    topic = rng.choice(TOPICS)
    words = rng.sample(WORDS, 2)
    text = f'Write one sentence about {topic} with the words "{words[0]}" and "{words[1]}".'
    return _ask(text, "includes", "includes", words)


def _short(rng: random.Random) -> Row:
    topic, most = rng.choice(TOPICS), rng.choice([5, 8, 10, 12])
    return _ask(f"Describe {topic} in at most {most} words.", "at-most", "words", [2, most])


def _letter(rng: random.Random) -> Row:
    letter, kind = rng.choice("bcdfghlmprst"), rng.choice(["word", "first name", "animal"])
    text = f'Write one {kind} that begins with the letter "{letter}". Only that word.'
    return _ask(text, "letter", "letter", letter)


def _pick(rng: random.Random) -> Row:
    words, place = rng.sample(WORDS, 3), rng.randrange(3)
    order = ["first", "second", "third"][place]
    text = f"Write only the {order} word of this list: {', '.join(words)}."
    return _ask(text, "pick", "exact", words[place])


def _items(rng: random.Random) -> Row:
    count, what = rng.choice(list(NUMBERS)), rng.choice(COUNTABLE)
    places = rng.choice(["", " in one line", " and nothing else"])
    text = f"Name exactly {NUMBERS[count]} {what}{places}, separated by commas."
    return _ask(text, "list", "list", count)


def _quoted(rng: random.Random) -> Row:
    left, right = rng.choice([("[", "]"), ("(", ")"), ("<", ">"), ("*", "*")])
    word = rng.choice(WORDS)
    text = f"Write the word {word} between {left} and {right}, like {left}this{right}."
    return _ask(text, "wrapped", "contains", f"{left}{word}{right}")
