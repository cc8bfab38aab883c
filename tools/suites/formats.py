"""Format adherence: well-formed JSON, lists, code fences and tags against broken ones."""

from __future__ import annotations

import json
import random

from suites.item import Item

NAMES = ["Ann", "Bob", "Eve", "Tim", "Zoe", "Max", "Kim", "Lea"]
KEYS = ["name", "city", "age", "colour", "price", "size", "count", "title"]
TAGS = ["b", "li", "title", "note", "item", "p"]


def make(rng: random.Random) -> list[Item]:
    """The wrong choice is the right one with one mistake that a parser would refuse."""
    makers = (_closing, _fence, _tag, _quotes, _numbering)
    return [maker(rng) for _ in range(90) for maker in makers]


def _closing(rng: random.Random) -> Item:
    key, other = rng.sample(KEYS, 2)
    record = json.dumps({key: rng.choice(NAMES), other: rng.randint(1, 99)})
    return Item(f"As JSON: {record[:-1]}", "}", ("]", ")"), "json-close")


def _fence(rng: random.Random) -> Item:
    name, value = rng.choice(KEYS), rng.randint(1, 99)
    prompt = f"A code block in Markdown:\n```python\n{name} = {value}\nprint({name})\n"
    return Item(prompt, "```", ("'''", "---"), "fence")


def _tag(rng: random.Random) -> Item:
    tag, other = rng.sample(TAGS, 2)
    prompt = f"<{tag}>{rng.choice(NAMES)} {rng.choice(KEYS)}</"
    return Item(prompt, f"{tag}>", (f"{other}>",), "tag")


def _quotes(rng: random.Random) -> Item:
    keys = rng.sample(KEYS, 2)
    values = rng.sample(NAMES, 2)
    prompt = f'As JSON: {{"{keys[0]}": "{values[0]}", "{keys[1]}":'
    return Item(prompt, f' "{values[1]}"}}', (f" {values[1]}}}", f" '{values[1]}'}}"), "json-value")


def _numbering(rng: random.Random) -> Item:
    words = rng.sample(KEYS, 3)
    start = rng.randint(1, 9)
    prompt = f"{start}. {words[0]}\n{start + 1}. {words[1]}\n"
    wrong = (f"{start + 1}. {words[2]}", f"- {words[2]}", f"{start + 4}. {words[2]}")
    return Item(prompt, f"{start + 2}. {words[2]}", wrong, "numbering")
