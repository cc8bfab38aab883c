"""Before any run: how many samples each rule of a policy needs, and what that costs. Pure.

The number needed settles a rule four times in five if the adapter is as assumed. The check itself
answers the same question from the samples that it has seen (`decision/one_rule.py`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from gatekeeper.evidence import Evidence
from gatekeeper.policy import Policy
from gatekeeper.statistics.schedule import horizons
from gatekeeper.suite.draw import one_per_group
from gatekeeper.verdict import RuleKind

if TYPE_CHECKING:
    from gatekeeper.scoring.interface import ScoringTask

__all__ = [
    "ASSUMED",
    "CLEAR",
    "USUAL",
    "Asked",
    "Assumed",
    "Past",
    "PlannedRule",
    "asked_of",
    "independent",
    "learn",
    "needed",
    "plan_suite",
    "seconds_of",
    "shortage_of",
]


@dataclass(frozen=True, slots=True)
class Asked:
    """What one rule asks for in one capability: a bar, a gain, a margin or a cap on lost flips."""

    kind: RuleKind
    threshold: float
    """As in the rule's result: a margin is negative."""

    @property
    def text(self) -> str:
        """Completes "to show": `a loss below 5 points`."""
        most = f"{100 * abs(self.threshold):.3g}"
        return {
            RuleKind.BAR: f"a score of {most}%",
            RuleKind.MIN_GAIN: f"a gain of {most} points",
            RuleKind.FORGETTING: f"a loss below {most} points",
            RuleKind.FLIPS: f"fewer than {most}% lost flips",
        }[self.kind]


@dataclass(frozen=True, slots=True)
class Assumed:
    """The adapter that a number of samples is for.

    It loses nothing in a capability that must be kept, and exceeds what is asked of it on its task.
    """

    flips: float
    """Share of samples whose correctness it changes; where nothing is gained, half of them change
    for the worse."""
    better: float
    """How far it is above a bar or a gain, but at most half of what is left up to 100%."""

    def reached(self, asked: Asked) -> float:
        """Its score where a bar is asked for, its gain where a gain is."""
        return min(asked.threshold + self.better, (1 + asked.threshold) / 2)

    def text(self, asked: Asked) -> str:
        """Completes "for an adapter that": `loses nothing and flips 2%`."""
        flips, reached = f"flips {100 * self.flips:.3g}%", self.reached(asked)
        if asked.kind is RuleKind.BAR:
            return f"scores {100 * reached:.3g}%"
        if asked.kind is RuleKind.MIN_GAIN:
            gains = f"gains {100 * reached:.3g} points"
            return f"{gains} and {flips}" if self.flips > reached else gains
        if asked.kind is RuleKind.FLIPS:
            return f"{flips}, half of them lost"
        return f"loses nothing and {flips}"


CLEAR = Assumed(flips=0.02, better=0.10)
"""A clear case. What cannot be shown even for this adapter is a fault of the suite."""
USUAL = Assumed(flips=0.05, better=0.05)
"""What the time estimate is based on."""
ASSUMED = (CLEAR, USUAL, replace(USUAL, flips=0.10), replace(USUAL, flips=0.20))
"""Where nothing was recorded yet: from a clear case to a violent adapter."""

FEWEST_SAMPLES = 50
"""With fewer, even a loss of ten points cannot be distinguished from chance."""


def needed(asked: Asked, assumed: Assumed, alpha: float) -> int | None:
    """Samples that settle a rule for such an adapter; None when no number would."""
    import numpy as np

    from gatekeeper.statistics import MeanTest, samples_needed

    threshold, low, high = asked.threshold, -1.0, 1.0
    if asked.kind is RuleKind.BAR:
        right, low = assumed.reached(asked), 0.0
        shares = {0.0: 1 - right, 1.0: right}
    elif asked.kind is RuleKind.FLIPS:
        lost, threshold, high = assumed.flips / 2, -asked.threshold, 0.0
        shares = {-1.0: lost, 0.0: 1 - lost}
    else:
        gain = 0.0 if asked.kind is RuleKind.FORGETTING else assumed.reached(asked)
        changed = max(assumed.flips, gain)
        lost, gained = (changed - gain) / 2, (changed + gain) / 2
        shares = {-1.0: lost, 0.0: 1 - lost - gained, 1.0: gained}
    values, weights = np.array(list(shares)), np.array(list(shares.values()))
    return samples_needed(values, weights, MeanTest(threshold, alpha, low, high))


def asked_of(policy: Policy, suite: str, capability: str) -> Iterator[Asked]:
    """Every rule of the policy on one capability of a suite."""
    for task in policy.task:
        if task.suite == suite and task.bar is not None:
            yield Asked(RuleKind.BAR, task.bar)
        if task.suite == suite and task.min_gain is not None:
            yield Asked(RuleKind.MIN_GAIN, task.min_gain)
    for kept in policy.forgetting:
        if kept.suite == suite and capability not in kept.skip:
            yield Asked(RuleKind.FORGETTING, -kept.margin_of(capability))
            if kept.max_lost is not None:
                yield Asked(RuleKind.FLIPS, kept.max_lost)


def independent(tasks: Sequence[ScoringTask]) -> int:
    """Samples that a check can draw from these tasks: one from each group of docs."""
    named = {task.name: task for task in tasks}
    docs = [(name, doc) for name, task in named.items() for doc in range(len(task))]
    return len(one_per_group(docs, lambda name, doc: named[name].group(doc)))


def shortage_of(samples: int, suite: str, capability: str, policy: Policy) -> Iterator[str]:
    """Name every rule of the policy that `samples` cannot settle even in a clear case."""
    if samples < FEWEST_SAMPLES:
        yield f"{samples} samples; any conclusion needs at least {FEWEST_SAMPLES}"
    for asked in asked_of(policy, suite, capability):
        wanted = needed(asked, CLEAR, policy.alpha)
        if wanted is None:
            yield f"no number of samples can show {asked.text}"
        elif samples < wanted:
            yield (
                f"{samples} samples; showing {asked.text} needs at least {wanted}, for an adapter "
                f"that {CLEAR.text(asked)}"
            )


@dataclass(frozen=True)
class Past:
    """What earlier checks saw of one capability."""

    samples: int = 0
    flips: int = 0
    checks: int = 0

    @property
    def rate(self) -> float | None:
        """Share of samples whose correctness changed; one flip is added, so "none" is not 0."""
        return (self.flips + 1) / (self.samples + 1) if self.samples else None


@dataclass(frozen=True)
class PlannedRule:
    """One rule on one capability, and the samples that it will need for one assumed adapter."""

    suite: str
    capability: str
    asked: Asked
    assumed: Assumed
    seen_in: int
    """Checks that the flip rate comes from; 0 when it is assumed."""
    needed: int | None
    """None when no number of samples settles it."""
    available: int | None
    horizon: int | None
    """The most samples that the budget allows; None when the size of the suite is unknown."""

    @property
    def enough(self) -> bool | None:
        """Do budget and suite suffice? None when the suite's size is unknown."""
        if self.needed is None:
            return False
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
    policy: Policy, suite: str, sizes: Mapping[str, int | None], past: Mapping[str, Past]
) -> list[PlannedRule]:
    """Every rule of the policy on a suite, one entry per capability and assumed adapter.

    `sizes` gives the samples of each capability, None where they are not known. Where earlier
    checks saw the capability, its flips are theirs.
    """
    most = horizons({n: size or policy.budget.max_samples for n, size in sizes.items()},
                    policy.budget.max_samples)  # fmt: skip
    planned: list[PlannedRule] = []
    for name, size in sizes.items():
        seen = past.get(name, Past())
        adapters = ASSUMED if seen.rate is None else (replace(USUAL, flips=seen.rate),)
        for asked in asked_of(policy, suite, name):
            # Adapters that make no difference to this rule count once.
            different = {adapter.text(asked): adapter for adapter in reversed(adapters)}
            for assumed in reversed(different.values()):
                planned.append(
                    PlannedRule(
                        suite=suite,
                        capability=name,
                        asked=asked,
                        assumed=assumed,
                        seen_in=seen.checks,
                        needed=needed(asked, assumed, policy.alpha),
                        available=size,
                        horizon=None if size is None else most[name],
                    )
                )
    return planned


def seconds_of(evidences: Iterable[Evidence]) -> float | None:
    """Seconds per score, from the recorded costs of checks that scored at least 100 samples.

    None when nothing was recorded.
    """
    costs = [e.cost for e in evidences if e.cost.samples_scored >= 100]
    scored = sum(cost.samples_scored for cost in costs)
    return sum(cost.seconds for cost in costs) / scored if scored else None
