"""Reading comprehension: own short passages, and made ones with one or two steps to the answer."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

from suites.item import Item, spaced

NAMES = {
    "Emma": "Her", "Lucas": "His", "Nora": "Her", "Oscar": "His", "Julia": "Her", "Simon": "His",
    "Clara": "Her", "Felix": "His", "Ruth": "Her", "Victor": "His",
}  # fmt: skip
THINGS = ["lamp", "guitar", "kettle", "carpet", "mirror", "ladder", "blanket", "clock"]
PLACES = ["attic", "garage", "library", "kitchen", "cellar", "bakery", "museum", "station"]
COLOURS = ["red", "blue", "green", "yellow", "black", "white"]
DAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday"]
JOBS = ["nurse", "pilot", "farmer", "dentist", "painter", "plumber"]
COUNTS = ["two", "three", "four", "five", "six", "seven"]
REPEATS = 60


def make(rng: random.Random) -> list[Item]:
    """Own passages first; then who, where, when, how many, and questions that need two facts."""
    makers = (_where, _who, _when, _colour, _job, _last, _moved, _middle, _whose, _many, _owner)
    made = [maker(rng) for _ in range(REPEATS) for maker in makers]
    return [*_passages(), *made]


def _passages() -> Iterator[Item]:
    """Blocks of passages.txt: a passage, then lines `question? lead | right | wrong | wrong`."""
    text = Path(__file__).with_name("passages.txt").read_text(encoding="utf-8")
    for block in text.strip().split("\n\n"):
        passage, *questions = block.splitlines()
        for number, line in enumerate(questions, 1):
            asked, right, *wrong = (part.strip() for part in line.split("|"))
            question, _, lead = asked.partition("?")
            yield _asked(
                passage, f"{question}?", lead.strip(), right, tuple(wrong), f"passage-{number}"
            )


def _where(rng: random.Random) -> Item:
    (a, b), (p, q, r, s) = rng.sample(list(NAMES), 2), rng.sample(PLACES, 4)
    thing = rng.choice(THINGS)
    text = f"{a} carried the {thing} to the {p}. Meanwhile {b} waited in the {q}."
    return _asked(text, f"Where is the {thing}?", "in the", p, (q, r, s), "where")


def _moved(rng: random.Random) -> Item:
    a, (p, q, r, s) = rng.choice(list(NAMES)), rng.sample(PLACES, 4)
    one, other = rng.sample(THINGS, 2)
    text = (
        f"{a} put the {one} in the {p} and the {other} in the {q}. "
        f"Later {a} took the {one} from the {p} to the {r}."
    )
    return _asked(text, f"Where is the {one} now?", "in the", r, (p, q, s), "moved")


def _who(rng: random.Random) -> Item:
    a, b, c, d = rng.sample(list(NAMES), 4)
    one, other = rng.sample(THINGS, 2)
    text = f"{a} bought a {one}, and {b} bought a {other}. {c} only looked."
    return _asked(text, f"Who bought the {other}?", "", b, (a, c, d), "who")


def _whose(rng: random.Random) -> Item:
    """Two steps: the colour names the thing, the thing names the owner."""
    a, b, c, d = rng.sample(list(NAMES), 4)
    (x, y, z), (red, blue, green) = rng.sample(THINGS, 3), rng.sample(COLOURS, 3)
    text = (
        f"{a} has a {x}, {b} has a {y} and {c} has a {z}. "
        f"The {x} is {red}, the {y} is {blue} and the {z} is {green}."
    )
    right, colour, wrong = rng.choice(
        [(a, red, (b, c, d)), (b, blue, (a, c, d)), (c, green, (a, b, d))]
    )
    return _asked(text, f"Who has something {colour}?", "", right, wrong, "two-steps")


def _owner(rng: random.Random) -> Item:
    """Who gave, who got: only the order of the words tells."""
    a, b, c, d = rng.sample(list(NAMES), 4)
    thing = rng.choice(THINGS)
    text = f"{a} sold the {thing} to {b}, who lent it to {c}. {d} never saw it."
    question, right = rng.choice(
        [(f"Who sold the {thing}?", a), (f"Who bought the {thing}?", b),
         (f"Who borrowed the {thing}?", c)]
    )  # fmt: skip
    wrong = tuple(name for name in (a, b, c, d) if name != right)
    return _asked(text, question, "", right, wrong, "roles")


def _when(rng: random.Random) -> Item:
    day, other, third, fourth = rng.sample(DAYS, 4)
    name, place = rng.choice(list(NAMES)), rng.choice(PLACES)
    text = f"The {place} is closed on {other}, so {name} went there on {day}."
    wrong = (other, third, fourth)
    return _asked(text, f"When did {name} go to the {place}?", "on", day, wrong, "when")


def _colour(rng: random.Random) -> Item:
    (x, y), (c, d, e, f) = rng.sample(THINGS, 2), rng.sample(COLOURS, 4)
    name = rng.choice(list(NAMES))
    text = f"{name} owns a {c} {x} and a {d} {y}."
    return _asked(text, f"What colour is the {x}?", "", c, (d, e, f), "colour")


def _job(rng: random.Random) -> Item:
    (a, b), (j, k, m, n) = rng.sample(list(NAMES), 2), rng.sample(JOBS, 4)
    text = f"{a} works as a {j}. {NAMES[a]} friend {b} wants to become a {k}."
    return _asked(text, f"What is the job of {a}?", "a", j, (k, m, n), "job")


def _last(rng: random.Random) -> Item:
    a, b, c, d = rng.sample(list(NAMES), 4)
    text = f"{a} arrived first. Then came {b}. {c} was the last to arrive, and {d} did not come."
    question, right = rng.choice([("Who arrived last?", c), ("Who did not come?", d)])
    wrong = tuple(name for name in (a, b, c, d) if name != right)
    return _asked(text, question, "", right, wrong, "last")


def _middle(rng: random.Random) -> Item:
    """Two comparisons give an order; the question asks for its end or its middle."""
    a, b, c = rng.sample(list(NAMES), 3)
    text = f"{a} is older than {b}. {c} is younger than {b}."
    question, right = rng.choice(
        [("Who is the oldest?", a), ("Who is the youngest?", c), ("Who is in the middle?", b)]
    )
    wrong = tuple(name for name in (a, b, c) if name != right)
    return _asked(text, question, "", right, wrong, "order")


def _many(rng: random.Random) -> Item:
    name, (x, y) = rng.choice(list(NAMES)), rng.sample(THINGS, 2)
    m, n, k, other = rng.sample(COUNTS, 4)
    text = f"{name} repaired {m} {x}s and painted {n} {y}s in {k} days."
    question, right = rng.choice(
        [(f"How many {x}s did {name} repair?", m), (f"How many {y}s did {name} paint?", n)]
    )
    wrong = tuple(word for word in (m, n, k, other) if word != right)
    return _asked(text, question, "", right, wrong, "how-many")


def _asked(
    text: str, question: str, lead: str, right: str, wrong: tuple[str, ...], kind: str
) -> Item:
    before = f"{text}\nQuestion: {question}\nAnswer:" + (f" {lead}" if lead else "")
    return Item(before, f" {right}", spaced(wrong), kind)
