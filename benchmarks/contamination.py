"""Contamination at size: 100,000 training rows against more than 5,000 real suite samples.

Rows are made of the words of the suites' own language, so that common words are as common as in
real data. Copies of suite samples are planted among them, left as they are or edited in five ways.
Shows the seconds, and how many planted copies were found for each edit. In samples that are made
from a frame ("The capital of ... is"), one changed word makes another sample, and such a copy
cannot be told from a sibling; in written text it can.

    python benchmarks/contamination.py [--rows 100000]
"""

from __future__ import annotations

import argparse
import json
import random
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from gatekeeper.training.contamination import find_overlap

SUITES = Path(__file__).parents[1] / "suites"
PLANTED = 40
FEWEST_WORDS = 8
"""Shorter samples are compared whole only: one word changed makes another question of them."""


def samples() -> dict[str, list[tuple[str, str]]]:
    found: dict[str, list[tuple[str, str]]] = {}
    for file in sorted(SUITES.glob("*/*.jsonl")):
        if file.stem == "neutral_text":
            continue
        rows = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
        found[f"{file.parent.name}/{file.stem}"] = [
            (f"{file.stem}/{i}", text(row)) for i, row in enumerate(rows)
        ]
    return found


def text(row: dict[str, object]) -> str:
    for field in ("prompt", "ticket"):
        if row.get(field):
            return str(row[field])
    options = row.get("choices") or row.get("requests")
    return " / ".join(str(option) for option in options)  # type: ignore[attr-defined]


def training(count: int, words: list[str], rng: random.Random) -> list[str]:
    """Rows of 8 to 60 words, each word as frequent as in the suites."""
    return [" ".join(rng.choices(words, k=rng.randint(8, 60))) for _ in range(count)]


def one_word(sample: str, rng: random.Random) -> str:
    words = sample.split(" ")
    words[rng.randrange(len(words))] = "something"
    return " ".join(words)


EDITS: dict[str, Callable[[str, random.Random], str]] = {
    "same": lambda sample, _: sample,
    "case": lambda sample, _: sample.upper(),
    "punctuation": lambda sample, _: sample.replace(".", " !").replace(",", " ;"),
    "whitespace": lambda sample, _: sample.replace(" ", "  ").replace("\n", "\n\n"),
    "one word": one_word,
    "inside a longer row": lambda sample, _: f"Please read this. {sample} Thank you very much.",
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000)
    count = parser.parse_args().rows
    rng = random.Random(0)
    suites = samples()
    everything = [sample for own in suites.values() for sample in own]
    words = [word for _, sample in everything for word in sample.split()]
    rows = training(count, words, rng)
    planted = {}
    places = iter(rng.sample(range(count), 2 * PLANTED * len(EDITS)))
    for written in (True, False):
        pool = [
            sample
            for suite, own in suites.items()
            for sample in own
            if suite.startswith("support") == written and len(sample[1].split()) >= FEWEST_WORDS
        ]
        for index, (name, sample) in enumerate(rng.sample(pool, PLANTED * len(EDITS))):
            planted[name] = (written, list(EDITS)[index % len(EDITS)])
            rows[next(places)] = EDITS[planted[name][1]](sample, rng)
    started, busy = time.perf_counter(), time.process_time()
    found = find_overlap(rows, suites, most_pairs=len(everything))
    wall, busy = time.perf_counter() - started, time.process_time() - busy
    print(f"{len(rows)} rows, {len(everything)} samples: {wall:.1f} s, processor {busy:.1f} s")
    hits = Counter(planted[pair.sample_id] for pair in found.pairs if pair.sample_id in planted)
    print(f"  planted copies found, of {PLANTED}   written text   made from a frame")
    for edit in EDITS:
        print(f"  {edit:<30} {hits[True, edit]:>9} {hits[False, edit]:>16}")
    others = [pair for pair in found.pairs if pair.sample_id not in planted]
    suites_hit = Counter(pair.suite.partition("/")[0] for pair in others)
    print(
        f"  siblings of planted copies, in the same frame: {len(others)} {dict(suites_hit) or ''}"
    )


if __name__ == "__main__":
    main()
