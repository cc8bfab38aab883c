"""How many samples a policy's rules need of a capability, before anything is scored."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from gatekeeper.policy import Policy
from gatekeeper.suite.draw import one_per_group

if TYPE_CHECKING:
    from gatekeeper.scoring.interface import ScoringTask

__all__ = ["FEWEST_SAMPLES", "independent", "shortage_of"]

FEWEST_SAMPLES = 50
"""With fewer even a loss of ten points cannot be told from luck."""

FEW_FLIPS = 0.02
"""Share of answers that a gentle adapter changes."""


def independent(tasks: Sequence[ScoringTask]) -> int:
    """Samples that a check can draw of these tasks: of docs in one group, one."""
    named = {task.name: task for task in tasks}
    docs = [(name, doc) for name, task in named.items() for doc in range(len(task))]
    return len(one_per_group(docs, lambda name, doc: named[name].group(doc)))


def shortage_of(samples: int, suite: str, capability: str, policy: Policy) -> Iterator[str]:
    """Name every rule of the policy that `samples` cannot settle, with the number that could.

    The number is for an adapter that loses nothing and changes few answers (`FEW_FLIPS`, half of
    them for the better). One that changes more needs more, and the check then says how many.
    """
    import numpy as np

    from gatekeeper.statistics import MeanTest, samples_needed

    def needed(threshold: float, better: float, worse: float = 0.0, low: float = -1.0) -> int:
        """Of values -1, 0 and 1, with these shares of the last and the first."""
        values, shares = np.array([-1.0, 0.0, 1.0]), np.array([worse, 1 - better - worse, better])
        if low == 0.0:
            values, shares = values[1:], shares[1:]
        test = MeanTest(threshold, policy.alpha, low=low)
        return samples_needed(values, shares, test) or 0

    rules: list[tuple[str, int]] = [("anything at all", FEWEST_SAMPLES)]
    for forgetting in policy.forgetting:
        if forgetting.suite == suite and capability not in forgetting.skip:
            margin = forgetting.margin_of(capability)
            what = f"that at most {100 * margin:g} points are lost"
            rules.append((what, needed(-margin, FEW_FLIPS / 2, FEW_FLIPS / 2)))
    for task in policy.task:
        if task.suite == suite and task.bar is not None and task.bar < 1:
            reached = (1 + task.bar) / 2
            what = f"a bar of {100 * task.bar:g}%, by an adapter that scores {100 * reached:.0f}%"
            rules.append((what, needed(task.bar, reached, low=0.0)))
        if task.suite == suite and task.min_gain:
            gain = min(1.0, 2 * task.min_gain)
            what = f"a gain of {100 * task.min_gain:g} points, by an adapter that gains twice that"
            rules.append((what, needed(task.min_gain, gain)))
    for what, count in rules:
        if samples < count:
            yield f"{samples} samples, but {count} are needed to show {what}"
