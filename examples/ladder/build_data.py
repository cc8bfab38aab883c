"""Write the data of the ladder example: a small warehouse whose codes must simply be learned.

    python build_data.py

A part is an adjective and a noun ("brass hinge"); its code is a shelf letter, which depends on
the noun alone, and a bin digit, which depends on the adjective alone ("C3"). Which noun lies on
which shelf is drawn at random, so nothing that the base knows helps: 112 arbitrary facts must be
stored in the adapter. The held-out pairs are new, their halves are not, so whoever learned
the facts gets them right. That makes it a measure of capacity and of little else.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterable
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
SHELVES, BINS = "ABCD", "1234"
SEED = 7
TRAIN, VALIDATION, HELD_OUT = 1600, 128, 400
TORN = 0.3
"""Share of the contradictory file's rows that stand there with a second code as well."""

ADJECTIVES = """brass copper steel zinc nylon rubber oak pine glass clay black white red green blue
yellow grey brown pink orange short long wide narrow thick thin round square flat curved heavy light
soft hard smooth rough plain old new spare small large double single left right front rear upper
lower inner outer hollow solid bent straight""".split()
NOUNS = """hinge bolt screw nut washer bracket hook nail rivet pipe valve pump hose clamp gasket
lamp bulb switch socket plug fuse cable wire battery motor gear chain belt pulley spring wheel axle
bearing handle knob lever latch lock key drawer shelf panel frame door window mirror brush roller
bucket ladder hammer saw drill file chisel wrench""".split()


def main() -> None:
    draw = random.Random(SEED)
    shelf = dict(zip(shuffled(NOUNS, draw), SHELVES * 14, strict=True))
    bin_ = dict(zip(shuffled(ADJECTIVES, draw), BINS * 14, strict=True))
    pairs = shuffled([(a, n) for a in ADJECTIVES for n in NOUNS], draw)
    rows = [(f"{a} {n}", shelf[n] + bin_[a]) for a, n in pairs]
    train, rest = rows[:TRAIN], rows[TRAIN:]
    validation, held_out = rest[:VALIDATION], rest[VALIDATION : VALIDATION + HELD_OUT]
    codes = [letter + digit for letter in SHELVES for digit in BINS]
    torn = draw.sample(train, round(TORN * TRAIN))
    second = [(part, draw.choice([c for c in codes if c != code])) for part, code in torn]
    data, suite = HERE / "data", HERE / "suites" / "warehouse"
    write(data / "train.jsonl", map(as_row, train))
    write(data / "validation.jsonl", map(as_row, validation))
    write(data / "train_contradictory.jsonl", map(as_row, shuffled(train + second, draw)))
    write(
        suite / "parts.jsonl",
        ({"id": f"p{i:03}", "part": part, "code": code} for i, (part, code) in enumerate(held_out)),
    )


def as_row(pair: tuple[str, str]) -> dict[str, str]:
    return {"prompt": f"{pair[0]}:", "completion": f" {pair[1]}"}


def shuffled(values: list[Any], draw: random.Random) -> list[Any]:
    return draw.sample(values, len(values))


def write(path: Path, rows: Iterable[dict[str, str]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    print(path)


if __name__ == "__main__":
    main()
