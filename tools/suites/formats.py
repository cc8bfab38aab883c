"""Format adherence: how a well-formed text goes on. Every choice was put to a real parser."""

from __future__ import annotations

import csv
import json
import random
from collections.abc import Callable
from xml.etree import ElementTree

import yaml

from suites.item import Item, spaced

NAMES = ["Ann", "Bob", "Eve", "Tim", "Zoe", "Max", "Kim", "Lea"]
KEYS = ["name", "city", "age", "colour", "price", "size", "count", "title"]
TAGS = ["b", "li", "title", "note", "item", "p"]
REPEATS = 60


def make(rng: random.Random) -> list[Item]:
    """JSON, XML, CSV, YAML, Markdown, brackets and dates; the wrong choices break the format."""
    makers: tuple[Callable[[random.Random], Item], ...] = (
        _object, _nested, _deep, _list, _value, _colon, _element, _inner, _fence, _numbering,
        _bullet, _table, _csv, _quoted, _yaml, _brackets, _date,
    )  # fmt: skip
    return [maker(rng) for _ in range(REPEATS) for maker in makers]


def _object(rng: random.Random) -> Item:
    key, other = rng.sample(KEYS, 2)
    record = json.dumps({key: rng.choice(NAMES), other: rng.randint(1, 99)})
    return _parsed(f"As JSON: {record[:-1]}", "}", ("]", ")", ">"), "json-object", _is_json)


def _nested(rng: random.Random) -> Item:
    key, inner, other = rng.sample(KEYS, 3)
    record = json.dumps({key: {inner: rng.choice(NAMES), other: rng.randint(1, 99)}})
    return _parsed(f"As JSON: {record[:-2]}", "}}", ("]}", "}]", ")}"), "json-nested", _is_json)


def _list(rng: random.Random) -> Item:
    values = json.dumps([rng.randint(1, 99) for _ in range(rng.randint(3, 5))])
    record = f'{{"{rng.choice(KEYS)}": {values}}}'
    return _parsed(f"As JSON: {record[:-2]}", "]}", ("}}", "}]", ")}"), "json-list", _is_json)


def _deep(rng: random.Random) -> Item:
    """Four brackets to close, objects and lists mixed."""
    keys = rng.sample(KEYS, 3)
    value: object = [rng.randint(1, 99), rng.randint(1, 99)]
    for key in keys:
        value = {key: value} if rng.random() < 0.6 else [rng.choice(NAMES), {key: value}]
    text = json.dumps(value)
    right = text[len(text.rstrip("]}")) :]
    wrong: set[str] = set()
    while len(wrong) < 3:
        place = rng.randrange(len(right))
        flipped = {"]": "}", "}": "]"}[right[place]]
        wrong.add(right[:place] + flipped + right[place + 1 :])
    prompt = f"As JSON: {text.removesuffix(right)}"
    return _parsed(prompt, right, tuple(sorted(wrong)), "json-deep", _is_json)


def _value(rng: random.Random) -> Item:
    keys, values = rng.sample(KEYS, 2), rng.sample(NAMES, 2)
    prompt = f'As JSON: {{"{keys[0]}": "{values[0]}", "{keys[1]}":'
    name = values[1]
    return _parsed(
        prompt, f' "{name}"}}', (f" {name}}}", f" '{name}'}}", f" ({name})}}"), "json-value",
        _is_json,
    )  # fmt: skip


def _colon(rng: random.Random) -> Item:
    (key, other), number = rng.sample(KEYS, 2), rng.randint(1, 99)
    prompt = f'As JSON: {{"{key}": {rng.randint(1, 99)}, "{other}"'
    wrong = (f" = {number}}}", f" - {number}}}", f"; {number}}}")
    return _parsed(prompt, f": {number}}}", wrong, "json-colon", _is_json)


def _element(rng: random.Random) -> Item:
    tag, *others = rng.sample(TAGS, 4)
    prompt = f"<{tag}>{rng.choice(NAMES)} {rng.choice(KEYS)}</"
    return _parsed(prompt, f"{tag}>", tuple(f"{other}>" for other in others), "xml", _is_xml)


def _inner(rng: random.Random) -> Item:
    outer, inner, *others = rng.sample(TAGS, 4)
    prompt = f"<{outer}><{inner}>{rng.choice(NAMES)} {rng.randint(1, 99)}</{inner}>\n</"
    wrong = tuple(f"{other}>" for other in (inner, *others))
    return _parsed(prompt, f"{outer}>", wrong, "xml-nested", _is_xml)


def _fence(rng: random.Random) -> Item:
    name, value = rng.choice(KEYS), rng.randint(1, 99)
    prompt = f"A code block in Markdown:\n```python\n{name} = {value}\nprint({name})\n"
    return Item(prompt, "```", ("'''", "---", "###"), "fence")


def _numbering(rng: random.Random) -> Item:
    words, start = rng.sample(KEYS, 3), rng.randint(1, 30)
    prompt = f"{start}. {words[0]}\n{start + 1}. {words[1]}\n"
    last = words[2]
    wrong = (f"{start + 1}. {last}", f"- {last}", f"{start + 4}. {last}")
    return Item(prompt, f"{start + 2}. {last}", wrong, "numbering")


def _bullet(rng: random.Random) -> Item:
    *words, last = rng.sample([*KEYS, *NAMES], 4)
    marks = ["-", "*", "+"]
    mark = rng.choice(marks)
    shown = "".join(f"{mark} {word}\n" for word in words)
    wrong = tuple(f"{other} {last}" for other in [*(m for m in marks if m != mark), "4."])
    return Item(shown, f"{mark} {last}", wrong, "bullet")


def _table(rng: random.Random) -> Item:
    left, right = rng.sample(KEYS, 2)
    rows = [(rng.choice(NAMES), rng.randint(1, 99)) for _ in range(2)]
    head = f"| {left} | {right} |\n| --- | --- |\n| {rows[0][0]} | {rows[0][1]} |\n"
    name, number = rows[1]
    wrong = (f"{name}, {number}", f"{name} | {number}", f"- {name}: {number}")
    return Item(head, f"| {name} | {number} |", wrong, "table")


def _csv(rng: random.Random) -> Item:
    keys = rng.sample(KEYS, 3)
    rows = [[rng.choice(NAMES), rng.randint(1, 99), rng.randint(1, 99)] for _ in range(3)]
    first, second, third = (",".join(map(str, row)) for row in rows)
    name, a, b = rows[2]
    prompt = f"{','.join(keys)}\n{first}\n{second}\n"
    wrong = (f"{name},{a}\n", f"{name} {a} {b}\n", f"{name};{a};{b}\n")
    return _parsed(prompt, f"{third}\n", wrong, "csv", _is_rectangular)


def _quoted(rng: random.Random) -> Item:
    """A field that holds a comma needs its quotes."""
    a, b, c, d = rng.sample(NAMES, 4)
    m, n = rng.randint(1, 99), rng.randint(1, 99)
    prompt = f'names,count\n"{a}, {b}",{m}\n'
    wrong = (f"{c}, {d},{n}", f'"{c}", "{d}",{n}', f"({c}, {d}),{n}")
    return _parsed(prompt, f'"{c}, {d}",{n}', wrong, "csv-quoted", _is_rectangular)


def _yaml(rng: random.Random) -> Item:
    a, b, c = rng.sample(KEYS, 3)
    number, value = rng.randint(1, 99), rng.choice(NAMES)
    prompt = f"# settings.yaml\n{a}:\n  {b}: {number}\n"
    wrong = (f"  - {c}: {value}", f"  {c} = {value}", f"  {c} {value}")
    return _parsed(prompt, f"  {c}: {value}", wrong, "yaml", _is_yaml)


def _brackets(rng: random.Random) -> Item:
    closing = {"(": ")", "[": "]", "{": "}"}
    opened = [rng.choice("([{") for _ in range(rng.choice([3, 5]))]
    right = "".join(closing[mark] for mark in reversed(opened))
    wrong: set[str] = set()
    while len(wrong) < 3:
        place = rng.randrange(len(right))
        other = rng.choice([mark for mark in ")]}" if mark != right[place]])
        wrong.add(right[:place] + other + right[place + 1 :])
    prompt = f"Opened ([{{ and closed }}]). Opened {''.join(opened)} and closed"
    return Item(prompt, f" {right}", spaced(sorted(wrong)), "brackets")


def _date(rng: random.Random) -> Item:
    year, month = rng.randint(1995, 2024), rng.randint(1, 9)
    day = rng.randint(13, 26)
    shown = ", ".join(f"{year}-{month:02}-{day - i:02}" for i in (2, 1))
    wrong = (f" {day}/{month:02}/{year}", f" {day}.{month:02}.{year}", f" {month:02}-{day}-{year}")
    return Item(f"Dates: {shown},", f" {year}-{month:02}-{day:02}", wrong, "date")


def _parsed(
    prompt: str, right: str, wrong: tuple[str, ...], kind: str, valid: Callable[[str], bool]
) -> Item:
    """An item whose right choice parses and whose wrong ones do not."""
    if not valid(prompt + right) or any(valid(prompt + choice) for choice in wrong):
        raise ValueError(f"the parser disagrees: {prompt!r} {right!r} {wrong!r}")
    return Item(prompt, right, wrong, kind)


def _is_json(text: str) -> bool:
    try:
        json.loads(text.removeprefix("As JSON: "))
    except ValueError:
        return False
    return True


def _is_xml(text: str) -> bool:
    try:
        ElementTree.fromstring(text)  # own text, made above
    except ElementTree.ParseError:
        return False
    return True


def _is_rectangular(text: str) -> bool:
    return len({len(row) for row in csv.reader(text.splitlines())}) == 1


def _is_yaml(text: str) -> bool:
    try:
        found = yaml.safe_load(text)
    except yaml.YAMLError:
        return False
    [inner] = found.values()
    return isinstance(inner, dict) and len(inner) == 2
