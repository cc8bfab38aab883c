"""Copying, reversing, ordering: what a model does with the tokens in front of it."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence

from suites.item import Item, spaced

WORDS = (
    "apple river stone cloud tiger lemon candle mirror pocket silver window garden button "
    "market ladder pepper rabbit saddle tunnel violin winter anchor basket copper dragon engine"
).split()
DAYS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()
MONTHS = (
    "January February March April May June July August September October November December"
).split()
LETTERS = "A B C D E F G H I J K L M N O P Q R S T U V W X Y Z".split()
PLACES = {"second": 1, "third": 2, "fourth": 3}
REPEATS = 60


def make(rng: random.Random) -> list[Item]:
    """From copying a list to sorting one by the alphabet; the length grades the difficulty."""
    makers: tuple[Callable[[random.Random], Item], ...] = (
        _copy, _copy_long, _reverse, _reverse_long, _first, _last, _nth, _after, _without,
        _sorted, _alphabet, _spelled, _pattern,
    )  # fmt: skip
    items = [maker(rng) for _ in range(REPEATS) for maker in makers]
    for kind, order in (("next-day", DAYS), ("next-month", MONTHS), ("next-letter", LETTERS)):
        items += _next(rng, kind, order)
    return items


def _copy(rng: random.Random) -> Item:
    return _copied(rng, 4, "copy")


def _copy_long(rng: random.Random) -> Item:
    return _copied(rng, 8, "copy-long")


def _copied(rng: random.Random, length: int, kind: str) -> Item:
    words = rng.sample(WORDS, length)
    text = ", ".join(words)
    return Item(f"Repeat exactly: {text}\nCopy:", f" {text}", _disordered(rng, words), kind)


def _reverse(rng: random.Random) -> Item:
    return _reversed(rng, 3, "one, two, three", "reverse")


def _reverse_long(rng: random.Random) -> Item:
    return _reversed(rng, 5, "one, two, three, four, five", "reverse-long")


def _reversed(rng: random.Random, length: int, shown: str, kind: str) -> Item:
    words = rng.sample(WORDS, length)
    example = f"List: {shown}\nReversed: {', '.join(reversed(shown.split(', ')))}"
    prompt = f"{example}\nList: {', '.join(words)}\nReversed:"
    right = list(reversed(words))
    return Item(prompt, f" {', '.join(right)}", _disordered(rng, right, words), kind)


def _first(rng: random.Random) -> Item:
    words = rng.sample(WORDS, 4)
    return Item(
        f"List: {', '.join(words)}\nFirst word:", f" {words[0]}", spaced(words[1:]), "first"
    )


def _last(rng: random.Random) -> Item:
    words = rng.sample(WORDS, 4)
    return Item(
        f"List: {', '.join(words)}\nLast word:", f" {words[-1]}", spaced(words[:-1]), "last"
    )


def _nth(rng: random.Random) -> Item:
    words = rng.sample(WORDS, 5)
    name, place = rng.choice(list(PLACES.items()))
    wrong = rng.sample([word for word in words if word != words[place]], 3)
    prompt = f"List: {', '.join(words)}\nThe {name} word of the list is"
    return Item(prompt, f" {words[place]}", spaced(wrong), "nth")


def _after(rng: random.Random) -> Item:
    """The word that followed once follows again: induction."""
    words = rng.sample(WORDS, 6)
    place = rng.randrange(1, 4)
    wrong = rng.sample([w for w in words if w not in (words[place], words[place + 1])], 3)
    prompt = f"{' '.join(words)}. Again: {' '.join(words[: place + 1])}"
    return Item(prompt, f" {words[place + 1]}", spaced(wrong), "after")


def _without(rng: random.Random) -> Item:
    words = rng.sample(WORDS, 4)
    gone = rng.choice(words)
    kept = [word for word in words if word != gone]
    wrong = [[w for w in words if w != other] for other in kept]
    prompt = f"List: {', '.join(words)}\nThe list without {gone}:"
    options = tuple(f" {', '.join(other)}" for other in wrong)
    return Item(prompt, f" {', '.join(kept)}", options, "without")


def _sorted(rng: random.Random) -> Item:
    numbers = rng.sample(range(1, 60), 3)
    right = [str(number) for number in sorted(numbers)]
    prompt = f"Numbers: {', '.join(map(str, numbers))}\nFrom small to large:"
    return Item(prompt, f" {', '.join(right)}", _disordered(rng, right), "sort-numbers")


def _alphabet(rng: random.Random) -> Item:
    words = rng.sample(WORDS, 3)
    while len({word[0] for word in words}) < 3:
        words = rng.sample(WORDS, 3)
    right = sorted(words)
    prompt = f"Words: {', '.join(words)}\nIn alphabetical order:"
    return Item(prompt, f" {', '.join(right)}", _disordered(rng, right), "sort-words")


def _spelled(rng: random.Random) -> Item:
    word = rng.choice(WORDS)
    right = list(word)
    prompt = f"The word stone is spelled s-t-o-n-e. The word {word} is spelled"
    wrong: list[str] = []
    while len(wrong) < 3:
        letters = list(right)
        place = rng.randrange(len(letters) - 1)
        letters[place], letters[place + 1] = letters[place + 1], letters[place]
        text = "-".join(letters)
        if letters != right and text not in wrong:
            wrong.append(text)
    return Item(prompt, f" {'-'.join(right)}", spaced(wrong), "spell")


def _pattern(rng: random.Random) -> Item:
    length = rng.choice([2, 3])
    words = rng.sample(WORDS, length)
    shown = (words * 4)[: 2 * length + rng.randint(1, length)]
    right = words[len(shown) % length]
    others = [word for word in WORDS if word not in words]
    wrong = [*(w for w in words if w != right), *rng.sample(others, 3)][:3]
    return Item(" ".join(shown), f" {right}", spaced(wrong), "pattern")


def _next(rng: random.Random, kind: str, order: Sequence[str]) -> Iterator[Item]:
    for i in range(len(order) - 3):
        right = order[i + 3]
        wrong = rng.sample([w for w in order if w != right and w not in order[i : i + 3]], 3)
        yield Item(", ".join(order[i : i + 3]) + ",", f" {right}", spaced(wrong), kind)


def _disordered(
    rng: random.Random, right: Sequence[str], tempting: Sequence[str] | None = None
) -> tuple[str, ...]:
    """Three other orders of the same words; a tempting one first, where there is one."""
    found = [] if tempting is None or list(tempting) == list(right) else [list(tempting)]
    while len(found) < 3:
        other = list(right)
        a, b = rng.sample(range(len(other)), 2)
        other[a], other[b] = other[b], other[a]
        if len(other) <= 3 and rng.random() < 0.5:
            rng.shuffle(other)
        if other != list(right) and other not in found:
            found.append(other)
    return tuple(f" {', '.join(other)}" for other in found)
