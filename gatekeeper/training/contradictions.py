"""Contradictions: training rows that say different things about the same input. Pure.

Two inputs are the same when they differ only in case, punctuation, spacing, words of courtesy, or
in typing errors (doubled or swapped letters, vowels) inside longer words. They are never
the same when a number or a short word differs: "3 apples" and "4 apples", "is" and "is not" may
well have different answers. Only short targets can contradict each other; two long answers to one
question can both be right.
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Sequence

from gatekeeper.evidence import Contradictions

__all__ = ["find_contradictions", "same_input_key"]

LONGEST_TARGET_WORDS = 8
"""Targets with more words are free text and are not compared."""
FEWEST_WORDS_FOR_SLIPS = 8
"""Inputs with fewer words of their own are compared letter by letter."""
EXAMPLES = 5

_WORD = re.compile(r"\w+")
_COURTESY = frozenset(
    {"hi", "hello", "hey", "dear", "greetings", "good", "morning", "afternoon", "evening"}
    | {"please", "kindly", "thanks", "thank", "you", "thx", "cheers", "regards", "best", "many"}
)
_VOWELS = frozenset("aeiouy")


def find_contradictions(rows: Iterable[tuple[str, str]]) -> Contradictions:
    """Count the rows whose input also appears with a different target, and show a few of them.

    Linear in the rows. A row with an empty or long target is counted but never in conflict.
    """
    inputs: list[str] = []
    targets: list[str] = []
    for text, target in rows:
        inputs.append(text)
        targets.append(_target_key(target))
    common = _words_of_the_template(inputs)
    groups: dict[tuple[str, ...], list[int]] = defaultdict(list)
    for row, (text, target) in enumerate(zip(inputs, targets, strict=True)):
        if target and len(target.split()) <= LONGEST_TARGET_WORDS:
            groups[same_input_key(text, common)].append(row)
    torn = [
        members for members in groups.values() if len({targets[member] for member in members}) > 1
    ]
    return Contradictions(
        rows=len(inputs),
        conflicting_rows=sum(len(members) for members in torn),
        groups=len(torn),
        examples=tuple(_example(members, inputs, targets) for members in torn[:EXAMPLES]),
    )


def same_input_key(text: str, common: frozenset[str] = frozenset()) -> tuple[str, ...]:
    """What is left of an input when everything that does not count is removed.

    `common` are the words of the prompt's template, which say nothing about one row.
    """
    words = [word for word in _words(text) if word not in _COURTESY]
    own = sum(word not in common for word in words)
    if own < FEWEST_WORDS_FOR_SLIPS:
        return tuple(words)
    return tuple(word if word in common else _skeleton(word) for word in words)


def _words(text: str) -> list[str]:
    plain = unicodedata.normalize("NFKC", text).casefold().replace("'", "").replace("’", "")
    return _WORD.findall(plain)


def _skeleton(word: str) -> str:
    """The first letter and the other consonants, each once, in alphabetical order."""
    if len(word) < 5 or not word.isalpha():
        return word
    return word[0] + "".join(sorted(set(word[1:]) - _VOWELS))


def _target_key(target: str) -> str:
    return " ".join(_words(target)) or target.strip()


def _words_of_the_template(inputs: Sequence[str]) -> frozenset[str]:
    """Words that appear in more than half of the inputs."""
    if len(inputs) < 4:
        return frozenset()
    counts: dict[str, int] = defaultdict(int)
    for text in inputs:
        for word in set(_words(text)):
            counts[word] += 1
    return frozenset(word for word, count in counts.items() if 2 * count > len(inputs))


def _example(
    members: Sequence[int], inputs: Sequence[str], targets: Sequence[str]
) -> tuple[str, str, str]:
    first = members[0]
    other = next(member for member in members if targets[member] != targets[first])
    return inputs[first], targets[first], targets[other]
