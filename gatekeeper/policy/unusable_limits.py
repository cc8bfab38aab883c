"""Limits that no check can use: those that every candidate keeps, and one that none can show.

Asked of policies that people write. Policies that a registry recorded are read as they are.
"""

from __future__ import annotations

from collections.abc import Iterator

from gatekeeper.policy.policy import Policy

__all__ = ["LEAST_ALPHA", "unusable_limits"]

LEAST_ALPHA = 1e-6
"""Below it no suite is large enough to show anything, and quantiles lose their digits."""

Location = tuple[str | int, ...]


def unusable_limits(policy: Policy) -> Iterator[tuple[Location, str]]:
    """Where each such limit is, and what is wrong with it, in one clause."""
    if policy.alpha < LEAST_ALPHA:
        yield ("alpha",), f"below {LEAST_ALPHA:g} no number of samples shows anything"
    for index, task in enumerate(policy.task):
        if task.bar == 0:
            yield ("task", index, "bar"), "every candidate reaches a bar of 0, so it cannot fail"
    for index, rule in enumerate(policy.forgetting):
        where: Location = ("forgetting", index)
        everything = "a margin of 1 tolerates the loss of everything, so it cannot fail"
        for name, margin in rule.margins.items():
            if margin == 1:
                yield (*where, "margins", name), everything
        if rule.margin == 1:
            yield (*where, "margin"), everything
        if rule.max_lost == 1:
            yield (*where, "max_lost"), "every sample may be lost, so it cannot fail"
    if policy.contamination.max_overlap == 1:
        yield (
            ("contamination", "max_overlap"),
            "suites that were trained on entirely are accepted, so it cannot fail",
        )
