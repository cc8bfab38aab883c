"""A policy that extends another: its own keys override its parent's. Pure, before validation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

__all__ = ["Places", "extend", "own_location"]

Location = tuple[str | int, ...]
Places = Mapping[Location, Location | None]
"""Where each rule of the whole document is in the file itself; None where it is the parent's."""


def extend(parent: dict[str, Any], own: dict[str, Any]) -> tuple[dict[str, Any], Places]:
    """The document of a policy whose parent is valid; faults in its own keys are kept.

    Own keys win; mappings merge key by key; a rule for the same suite merges, others add.
    """
    merged = _merge(parent, own)
    places: dict[Location, Location | None] = {}
    for key in ("task", "forgetting"):
        rules, alone = own.get(key), isinstance(own.get(key), dict)
        if alone:
            rules = [rules]
        if not isinstance(rules, list):
            continue
        merged[key], indices = _merge_rules(parent[key], rules)
        for index, place in enumerate(indices):
            mine: Location = (key,) if alone else (key, place or 0)
            places[key, index] = None if place is None else mine
    return merged, places


def own_location(location: Location, places: Places) -> Location | None:
    """A location in the whole document as one in the file itself; None inside a parent's rule."""
    if location[:2] not in places:
        return location
    rule = places[location[:2]]
    return None if rule is None else (*rule, *location[2:])


def _merge(parent: dict[str, Any], own: dict[str, Any]) -> dict[str, Any]:
    merged = dict(parent)
    for key, value in own.items():
        before = merged.get(key)
        if isinstance(before, dict) and isinstance(value, dict):
            value = _merge(before, value)
        merged[key] = value
    return merged


def _merge_rules(parent: list[Any], own: list[Any]) -> tuple[list[Any], list[int | None]]:
    """All rules, the parent's first, and the index of each among its own."""
    by_suite = {rule["suite"]: rule for rule in parent}
    places: dict[str, int | None] = dict.fromkeys(by_suite)
    named: set[str] = set()
    for index, rule in enumerate(own):
        suite = rule.get("suite") if isinstance(rule, dict) else None
        if isinstance(rule, dict) and suite is None and len(parent) == 1:
            suite = parent[0]["suite"]
        entry = str(suite)
        if entry in named:  # its second own rule for one suite: kept, so that it is refused
            entry = f"{entry} {index}"
        named.add(entry)
        if isinstance(rule, dict) and isinstance(suite, str) and entry in by_suite:
            by_suite[entry] = _merge(by_suite[entry], rule)
        else:
            by_suite[entry] = rule
        places[entry] = index
    return list(by_suite.values()), list(places.values())
