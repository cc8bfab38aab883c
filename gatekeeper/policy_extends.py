"""A policy that extends another: own keys over those of its parent. Pure, before validation."""

from __future__ import annotations

from typing import Any

__all__ = ["extend"]


def extend(parent: dict[str, Any], own: dict[str, Any]) -> dict[str, Any]:
    """The document of a policy whose parent is valid; what is wrong with its own keys stays.

    Own keys win; mappings merge key by key; a rule for the same suite merges, others add.
    """
    merged = _merge(parent, own)
    for key in ("task", "forgetting"):
        rules = own.get(key)
        if isinstance(rules, dict):
            rules = [rules]
        if isinstance(rules, list):
            merged[key] = _merge_rules(parent[key], rules)
    return merged


def _merge(parent: dict[str, Any], own: dict[str, Any]) -> dict[str, Any]:
    merged = dict(parent)
    for key, value in own.items():
        before = merged.get(key)
        if isinstance(before, dict) and isinstance(value, dict):
            value = _merge(before, value)
        merged[key] = value
    return merged


def _merge_rules(parent: list[Any], own: list[Any]) -> list[Any]:
    by_suite = {rule["suite"]: rule for rule in parent}
    for rule in own:
        suite = rule.get("suite") if isinstance(rule, dict) else None
        if isinstance(rule, dict) and suite is None and len(parent) == 1:
            suite = parent[0]["suite"]
        if isinstance(rule, dict) and isinstance(suite, str) and suite in by_suite:
            by_suite[suite] = _merge(by_suite[suite], rule)
        else:
            by_suite[str(suite)] = rule
    return list(by_suite.values())
