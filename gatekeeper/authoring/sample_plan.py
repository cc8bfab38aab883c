"""Before any run: how many samples each rule will need, and what that costs in time. Pure.

Needed is what settles a rule four times in five, were the candidate as assumed: for forgetting an
adapter that loses nothing and flips as many samples as earlier ones did; for a bar or a gain one
that is five points better than asked.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from gatekeeper.evidence import Evidence, Role
from gatekeeper.policy import Policy
from gatekeeper.statistics.schedule import horizons
from gatekeeper.verdict import RuleKind

__all__ = ["USUAL_FLIPS", "Past", "PlannedRule", "learn", "plan_suite", "seconds_of"]

ASSUMED_FLIPS = (0.02, 0.05, 0.10, 0.20)
"""Where nothing was recorded yet: from a gentle adapter to a violent one."""

USUAL_FLIPS = 0.05
"""The one among them that the estimate of time goes by."""

BETTER = 0.05
"""How much better than asked a candidate is assumed to be on its task."""


@dataclass(frozen=True)
class Past:
    """What earlier checks saw of one capability."""

    samples: int = 0
    flips: int = 0
    checks: int = 0

    @property
    def rate(self) -> float | None:
        """Share of samples whose correctness changed; one flip is added, so none is not never."""
        return (self.flips + 1) / (self.samples + 1) if self.samples else None


@dataclass(frozen=True)
class PlannedRule:
    """One rule on one capability, and the samples that it will need at one flip rate."""

    suite: str
    capability: str
    kind: RuleKind
    threshold: float
    flips: float | None
    """None for a bar, which has no flips."""
    seen_in: int
    """Checks that the flip rate comes from; 0 when it is assumed."""
    needed: int
    available: int | None
    horizon: int | None
    """Most samples that the budget gives; None when the size of the suite is unknown."""

    @property
    def enough(self) -> bool | None:
        """Do budget and suite suffice? None when the suite's size is unknown."""
        return None if self.horizon is None else self.needed <= self.horizon


def learn(evidences: Iterable[Evidence], suite: str) -> dict[str, Past]:
    """Flips of every capability of a suite, over all recorded checks of real candidates."""
    found: dict[str, Past] = {}
    for evidence in evidences:
        if evidence.candidate.kind == "base":
            continue
        for pairs in evidence.pairs:
            if pairs.suite != suite or not pairs.base:
                continue
            past = found.get(pairs.capability, Past())
            found[pairs.capability] = Past(
                past.samples + len(pairs.base), past.flips + pairs.flips, past.checks + 1
            )
    return found


def plan_suite(
    policy: Policy,
    suite: str,
    role: Role,
    sizes: Mapping[str, int | None],
    past: Mapping[str, Past],
) -> list[PlannedRule]:
    """Every rule of the policy on a suite, one entry per capability and flip rate.

    `sizes` gives the samples of each capability, None where they are not known. A suite that the
    policy does not name is planned as if it stood there with the policy's own margin.
    """
    most = horizons({n: size or policy.budget.max_samples for n, size in sizes.items()},
                    policy.budget.max_samples)  # fmt: skip
    planned: list[PlannedRule] = []
    for name, size in sizes.items():
        seen = past.get(name, Past())
        rates = ASSUMED_FLIPS if seen.rate is None else (seen.rate,)
        limit = None if size is None else most[name]
        for kind, threshold in _rules(policy, suite, role, name):
            for flips in (None,) if kind is RuleKind.BAR else rates:
                planned.append(
                    PlannedRule(
                        suite=suite,
                        capability=name,
                        kind=kind,
                        threshold=threshold,
                        flips=flips,
                        seen_in=seen.checks,
                        needed=_needed(kind, threshold, flips, policy.alpha),
                        available=size,
                        horizon=limit,
                    )
                )
    return planned


def seconds_of(evidences: Iterable[Evidence], base_digest: str | None = None) -> float | None:
    """Seconds per score, from the recorded costs of checks that scored at least 100 samples.

    Of checks of this base, when there are any. None when nothing was recorded.
    """
    costs = [(e.base.digest, e.cost) for e in evidences if e.cost.samples_scored >= 100]
    mine = [cost for digest, cost in costs if digest == base_digest] or [c for _, c in costs]
    scored = sum(cost.samples_scored for cost in mine)
    return sum(cost.seconds for cost in mine) / scored if scored else None


def _rules(policy: Policy, suite: str, role: Role, name: str) -> list[tuple[RuleKind, float]]:
    rules: list[tuple[RuleKind, float]] = []
    for task in policy.task:
        if task.suite == suite and role is Role.TASK:
            rules += [(RuleKind.BAR, task.bar)] if task.bar is not None else []
            rules += [(RuleKind.MIN_GAIN, task.min_gain)] if task.min_gain is not None else []
    for kept in policy.forgetting:
        if kept.suite == suite and name not in kept.skip:
            rules.append((RuleKind.FORGETTING, -kept.margin_of(name)))
            if kept.max_lost is not None:
                rules.append((RuleKind.FLIPS, kept.max_lost))
    return rules


def _needed(kind: RuleKind, threshold: float, flips: float | None, alpha: float) -> int:
    """Samples for one rule."""
    import numpy as np

    from gatekeeper.statistics import MeanTest, samples_needed

    low, high = -1.0, 1.0
    if kind is RuleKind.BAR:
        score = min(threshold + BETTER, (1 + threshold) / 2)
        values, shares, low = np.array([0.0, 1.0]), np.array([1 - score, score]), 0.0
    elif kind is RuleKind.FLIPS:
        lost = (flips or 0.0) / 2
        values, shares, high = np.array([-1.0, 0.0]), np.array([lost, 1 - lost]), 0.0
        threshold = -threshold
    else:
        gain = 0.0 if kind is RuleKind.FORGETTING else threshold + BETTER
        changed = max(flips or 0.0, abs(gain))
        lost, gained = (changed - gain) / 2, (changed + gain) / 2
        values = np.array([-1.0, 0.0, 1.0])
        shares = np.array([lost, 1 - lost - gained, gained])
    return samples_needed(values, shares, MeanTest(threshold, alpha, low, high)) or 0
