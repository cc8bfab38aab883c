"""A policy that extends another: own keys over those of its parent. Pure, before validation."""

from __future__ import annotations

from typing import Any

__all__ = ["extend"]


def extend(parent: dict[str, Any], own: dict[str, Any]) -> dict[str, Any]:
    """The document of a policy whose parent is valid; what is wrong with its own keys stays."""
    return _merge(parent, _listed(own))


def _listed(own: dict[str, Any]) -> dict[str, Any]:
    """One rule is a list of one."""
    data = dict(own)
    for key in ("task", "forgetting"):
        if isinstance(data.get(key), dict):
            data[key] = [data[key]]
    return data


def _merge(parent: dict[str, Any], own: dict[str, Any]) -> dict[str, Any]:
    """Own keys win; mappings merge key by key; a rule for the same suite merges, others add."""
    merged = dict(parent)
    for key, value in own.items():
        before = merged.get(key)
        if isinstance(before, dict) and isinstance(value, dict):
            merged[key] = _merge(before, value)
        elif key in ("task", "forgetting") and isinstance(value, list):
            merged[key] = _merge_rules(before or [], value)
        else:
            merged[key] = value
    return merged


def _merge_rules(parent: list[Any], own: list[Any]) -> list[Any]:
    by_suite = {rule["suite"]: rule for rule in parent}
    for rule in own:
        suite = rule.get("suite") if isinstance(rule, dict) else None
        if suite in by_suite:
            by_suite[suite] = _merge(by_suite[suite], rule)
        elif isinstance(rule, dict) and suite is None and len(parent) == 1:
            only = parent[0]["suite"]
            by_suite[only] = _merge(by_suite[only], rule)
        else:
            by_suite[str(suite)] = rule
    return list(by_suite.values())
