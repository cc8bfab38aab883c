"""Several candidates in one check: which of those that may be promoted is the one to take? Pure.

Being picked is an advantage, so each candidate was already held to alpha / k (`outcomes.py`). Here
the incumbent has the advantage: what serves today, else the gentlest candidate, is kept unless
another one is shown to be better on the same task samples. A tie is not a reason to move.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gatekeeper.evidence import Evidence, Role
from gatekeeper.verdict import Decision, Verdict
from gatekeeper.verdict.rule_summary import worst_forgetting

__all__ = ["Choice", "choose"]


@dataclass(frozen=True)
class Choice:
    """The candidate to take (its index among the checked ones), and why, in one sentence."""

    index: int
    text: str


def choose(
    checked: Sequence[tuple[Evidence, Verdict]], serving: str | None, alpha: float
) -> Choice | None:
    """Pick among the candidates with verdict promote; None when there is none.

    `serving` is the digest that serves today, None for the base.
    """
    able = [i for i, (_, verdict) in enumerate(checked) if verdict.decision is Decision.PROMOTE]
    if not able:
        return None
    names = [evidence.candidate.name for evidence, _ in checked]
    if len(able) == 1:
        return Choice(able[0], f"{names[able[0]]} is the only one that may be promoted.")
    held = min(able, key=lambda i: _incumbency(*checked[i], serving))
    kept_why = (
        "it is in service today"
        if checked[held][0].candidate.digest == serving
        else "it has the lowest rank or, at equal rank, lost the least"
    )
    rivals = []
    for i in able:
        if i == held:
            continue
        gain, shown = _better(checked[i][0], checked[held][0], alpha / (len(able) - 1))
        if shown:
            rivals.append((gain, i))
    if not rivals:
        return Choice(
            held,
            f"None of the {len(able)} promotable candidates is shown to be better than "
            f"{names[held]}. Take {names[held]}, because {kept_why}.",
        )
    gain, best = max(rivals, key=lambda rival: (rival[0], -rival[1]))
    return Choice(
        best,
        f"{names[best]} is shown to be better than {names[held]} on the task, by "
        f"{100 * gain:.1f} points on the same samples.",
    )


def _incumbency(
    evidence: Evidence, verdict: Verdict, serving: str | None
) -> tuple[bool, int, float, str]:
    """What serves comes first, then the lowest rank, then the smallest loss."""
    candidate = evidence.candidate
    return (
        candidate.digest != serving,
        candidate.rank if candidate.rank is not None else 1 << 30,
        -(worst_forgetting(verdict.rules) or 0.0),
        candidate.digest,
    )


def _better(challenger: Evidence, held: Evidence, alpha: float) -> tuple[float, bool]:
    """Mean gain on the task samples that both were scored on, and whether it is shown."""
    import numpy as np

    from gatekeeper.statistics.null_tail import lattice_step, upper_tail

    mine, theirs = _task_scores(challenger), _task_scores(held)
    common = sorted(mine.keys() & theirs.keys())
    if not common:
        return 0.0, False
    gains = np.array([mine[key] - theirs[key] for key in common])
    values, counts = np.unique(gains, return_counts=True)
    step = lattice_step(np.append(values, (-1.0, 1.0)))
    tail = upper_tail(values, counts[None].astype(np.float64), 0.0, -1.0, step)
    return float(gains.mean()), bool(tail[0] <= alpha)


def _task_scores(evidence: Evidence) -> dict[tuple[str, str], float]:
    return {
        (pairs.suite, sample): score
        for pairs in evidence.pairs
        if pairs.role is Role.TASK
        for sample, score in zip(pairs.sample_ids, pairs.candidate, strict=True)
    }
