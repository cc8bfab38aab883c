"""What a capability's rows must satisfy before they are written. Raises, so no build can skip it.

A model must not be able to answer without reading the question: not by the place of the right
answer, and not by its length. Nor may one choice begin with another: the beginning is always at
least as likely, whatever the question.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

__all__ = ["FEWEST", "audit", "require_apart"]

FEWEST = 200
MOST_PLACE_GAP = 0.08
"""Largest gap between the shares of two answer places."""
MOST_LENGTH_ADVANTAGE = 0.15
"""How much more often than chance "take the longest" (or the shortest) may be right."""


def audit(name: str, rows: Sequence[Mapping[str, Any]]) -> None:
    """Check one multiple-choice capability.

    Raises ValueError with the capability, the rule and the number that broke it.
    """
    if len(rows) < FEWEST:
        raise ValueError(f"{name}: {len(rows)} samples, at least {FEWEST} are needed")
    for row in rows:
        right = row["choices"][row["gold"]]
        for choice in row["choices"]:
            if choice != right and (choice.startswith(right) or right.startswith(choice)):
                raise ValueError(
                    f"{name}: {choice!r} and {right!r} begin alike in {row['prompt']!r}"
                )
    by_places: dict[int, list[int]] = {}
    for row in rows:
        by_places.setdefault(len(row["choices"]), []).append(row["gold"])
    for places, golds in by_places.items():
        counts = [Counter(golds)[place] / len(golds) for place in range(places)]
        if len(golds) >= 40 and max(counts) - min(counts) > MOST_PLACE_GAP:
            raise ValueError(f"{name}: right answers stand at uneven places: {counts}")
    chance = sum(1 / len(row["choices"]) for row in rows) / len(rows)
    for rule, pick in (("longest", max), ("shortest", min)):
        right = sum(_hit(row, pick) for row in rows) / len(rows)
        if right > chance + MOST_LENGTH_ADVANTAGE:
            raise ValueError(
                f"{name}: the {rule} choice is right in {right:.0%} of samples, chance {chance:.0%}"
            )


def _hit(row: Mapping[str, Any], pick: Any) -> float:
    """Expected score of picking by length, ties shared."""
    lengths = [len(choice) for choice in row["choices"]]
    best = pick(lengths)
    return (lengths[row["gold"]] == best) / lengths.count(best)


def require_apart(capabilities: Mapping[str, Sequence[Mapping[str, Any]]]) -> None:
    """No prompt may stand in two capabilities.

    Raises ValueError with the prompt.
    """
    owner: dict[str, str] = {}
    for name, rows in capabilities.items():
        for row in rows:
            prompt = " ".join(str(row["prompt"]).casefold().split())
            if prompt and owner.setdefault(prompt, name) != name:
                raise ValueError(f"{name} and {owner[prompt]} both ask {row['prompt']!r}")
