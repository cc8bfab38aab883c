"""Reading comprehension over short passages of own making; the answer stands in the passage."""

from __future__ import annotations

import random

from suites.item import Item

NAMES = ["Emma", "Lucas", "Nora", "Oscar", "Julia", "Simon", "Clara", "Felix", "Ruth", "Victor"]
THINGS = ["lamp", "guitar", "kettle", "carpet", "mirror", "ladder", "blanket", "clock"]
PLACES = ["attic", "garage", "library", "kitchen", "cellar", "bakery", "museum", "station"]
COLOURS = ["red", "blue", "green", "yellow", "black", "white"]
DAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday"]
JOBS = ["nurse", "pilot", "farmer", "dentist", "painter", "plumber"]


def make(rng: random.Random) -> list[Item]:
    """Who, where, what, when, which colour, which job."""
    return [maker(rng) for _ in range(90) for maker in (_where, _who, _when, _colour, _job, _last)]


def _where(rng: random.Random) -> Item:
    (a, b), (p, q, r, s) = rng.sample(NAMES, 2), rng.sample(PLACES, 4)
    thing = rng.choice(THINGS)
    text = f"{a} carried the {thing} to the {p}. Meanwhile {b} waited in the {q}."
    return _asked(text, f"Where is the {thing}?", "in the", p, (q, r, s), "where")


def _who(rng: random.Random) -> Item:
    a, b, c, d = rng.sample(NAMES, 4)
    one, other = rng.sample(THINGS, 2)
    text = f"{a} bought a {one}, and {b} bought a {other}. {c} only looked."
    return _asked(text, f"Who bought the {other}?", "", b, (a, c, d), "who")


def _when(rng: random.Random) -> Item:
    day, other, third, fourth = rng.sample(DAYS, 4)
    name, place = rng.choice(NAMES), rng.choice(PLACES)
    text = f"The {place} is closed on {other}, so {name} went there on {day}."
    wrong = (other, third, fourth)
    return _asked(text, f"When did {name} go to the {place}?", "on", day, wrong, "when")


def _colour(rng: random.Random) -> Item:
    (x, y), (c, d, e, f) = rng.sample(THINGS, 2), rng.sample(COLOURS, 4)
    name = rng.choice(NAMES)
    text = f"{name} owns a {c} {x} and a {d} {y}."
    return _asked(text, f"What colour is the {x}?", "", c, (d, e, f), "colour")


def _job(rng: random.Random) -> Item:
    (a, b), (j, k, m, n) = rng.sample(NAMES, 2), rng.sample(JOBS, 4)
    text = f"{a} works as a {j}. Her friend {b} wants to become a {k}."
    return _asked(text, f"What is the job of {a}?", "a", j, (k, m, n), "job")


def _last(rng: random.Random) -> Item:
    a, b, c, d = rng.sample(NAMES, 4)
    text = f"{a} arrived first. Then came {b}. {c} was the last to arrive."
    return _asked(text, "Who arrived last?", "", c, (a, b, d), "last")


def _asked(
    text: str, question: str, lead: str, right: str, wrong: tuple[str, ...], kind: str
) -> Item:
    before = f"{text}\nQuestion: {question}\nAnswer:" + (f" {lead}" if lead else "")
    return Item(before, f" {right}", tuple(f" {word}" for word in wrong), kind)
