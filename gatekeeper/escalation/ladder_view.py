"""The ladder as one picture: each rung's result, the evidence, and what is missing. Pure.

Made for people by `gate escalate`; it decides nothing that `advice.py` has not decided.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from gatekeeper.escalation.advice import before_full
from gatekeeper.escalation.diagnosis import Cause, diagnose, probe_interval
from gatekeeper.escalation.lower_rungs import lower_rungs
from gatekeeper.evidence import Evidence
from gatekeeper.policy import Policy
from gatekeeper.verdict import Decision, PastCheck, RuleResult, Rung, TaskResult, Verdict
from gatekeeper.verdict.reason_sentences import render_reason
from gatekeeper.verdict.rule_summary import (
    missed_rule,
    result_before,
    task_bar,
    task_result,
    task_rule,
    task_rules,
    worst_forgetting,
)
from gatekeeper.verdict.rungs import rung_height, rung_of

__all__ = ["Indication", "LadderView", "RungRow", "view_ladder"]

Strength = Literal["strong", "moderate", "weak", "missing"]


@dataclass(frozen=True, slots=True)
class RungRow:
    """One rung and one check of it; without a check, the rung was not tried."""

    rung: Rung
    place: Literal["here", "next", "checked", "untried"]
    check_id: str | None = None
    score: float | None = None
    low: float | None = None
    high: float | None = None
    worst_forgetting: float | None = None
    decision: Decision | None = None
    sound: bool | None = None
    """Data and training faults were excluded for that check."""


@dataclass(frozen=True, slots=True)
class Indication:
    """One piece of evidence about the cause, and how far it can be trusted."""

    name: str
    strength: Strength
    text: str


@dataclass(frozen=True, slots=True)
class LadderView:
    """Everything that `gate escalate` shows besides the verdict itself."""

    rows: tuple[RungRow, ...]
    bar: float | None
    indications: tuple[Indication, ...]
    before_full: tuple[str, ...]
    """What is missing before full fine-tuning may be recommended; empty when nothing is."""


def view_ladder(
    evidence: Evidence, verdict: Verdict, policy: Policy, history: Sequence[PastCheck]
) -> LadderView:
    """Lay out the policy's ladder with every check of this lineage on it, lowest rung first."""
    speaks = task_rule(verdict.rules)
    rows = [
        _past_row(past, past.rung, speaks)
        for past in history
        if past.rung is not None and past.check_id != evidence.check_id
    ]
    here = _here(evidence, verdict, speaks)
    if here is not None:
        rows.append(here)
    seen = {row.rung for row in rows}
    following = verdict.next_step.rung if verdict.decision is Decision.ESCALATE else None
    rows += [
        RungRow(rung, "next" if rung == following else "untried")
        for rung in policy.escalation.rungs
        if _sorted(rung) not in {_sorted(other) for other in seen}
    ]
    return LadderView(
        rows=tuple(sorted(rows, key=lambda row: (rung_height(row.rung), row.place == "here"))),
        bar=task_bar(verdict.rules),
        indications=_indications(evidence, speaks, history),
        before_full=_before_full(evidence, verdict, policy, history),
    )


def _past_row(past: PastCheck, rung: Rung, speaks: RuleResult | None) -> RungRow:
    task = None if speaks is None else result_before(past, speaks.rule)
    return RungRow(
        rung, "checked", past.check_id, *_ends(task),
        past.worst_forgetting, past.decision, past.training_sound,
    )  # fmt: skip


def _here(evidence: Evidence, verdict: Verdict, speaks: RuleResult | None) -> RungRow | None:
    rung = rung_of(evidence.candidate)
    if rung is None or not task_rules(verdict.rules):
        return None
    task = None if speaks is None else task_result(speaks)
    return RungRow(
        rung, "here", evidence.check_id, *_ends(task),
        worst_forgetting(verdict.rules), verdict.decision,
    )  # fmt: skip


def _ends(task: TaskResult | None) -> tuple[float | None, float | None, float | None]:
    return (None, None, None) if task is None else (task.score, task.low, task.high)


def _sorted(rung: Rung) -> Rung:
    if isinstance(rung.targets, str):
        return rung
    return rung.model_copy(update={"targets": tuple(sorted(rung.targets))})


def _indications(
    evidence: Evidence, speaks: RuleResult | None, history: Sequence[PastCheck]
) -> tuple[Indication, ...]:
    training, weights = evidence.training, evidence.weights
    found = []
    torn = training.contradictions
    if torn is None:
        found.append(Indication("contradictions", "missing", "the training data is not available"))
    else:
        text = f"{torn.conflicting_rows} of {torn.rows} rows ({100 * torn.fraction:.1f}%)"
        found.append(Indication("contradictions", "strong", text))
    probe = training.probe
    if probe is None:
        text = "not scored: needs a missed task and available training rows"
        found.append(Indication("train probe", "missing", text))
    else:
        low, high = probe_interval(probe)
        text = (
            f"{100 * probe.candidate_score:.1f}% [{100 * low:.1f}, {100 * high:.1f}] on "
            f"{probe.samples} training rows (base: {100 * probe.base_score:.1f}%)"
        )
        found.append(Indication("train probe", "strong", text))
    curve: Strength = "moderate" if training.curve else "missing"
    found.append(Indication("curve", curve, training.shape_text or training.shape.value))
    below = () if speaks is None else lower_rungs(evidence, speaks.rule, history)
    if below:
        best = max(lower.task.score for lower in below)
        text = f"the best lower rung scored {100 * best:.1f}%"
        found.append(Indication("history", "strong", text))
    else:
        found.append(Indication("history", "missing", "no lower rung has a sound check"))
    if weights is not None and weights.rank_used is not None:
        text = f"{100 * weights.rank_used:.0f}% of r carries 90% of the update"
        dead = len(weights.dead_modules)
        text += f"; {dead} of {len(weights.modules)} modules are dead" if dead else ""
        found.append(Indication("rank used", "weak", text))
    return tuple(found)


def _before_full(
    evidence: Evidence, verdict: Verdict, policy: Policy, history: Sequence[PastCheck]
) -> tuple[str, ...]:
    missed = missed_rule(verdict.rules)
    if missed is None:
        return ("the task is not known to be missed",)
    missing = before_full(evidence, missed, policy, history)
    cause = diagnose(evidence, missed, policy)
    if cause.cause is not Cause.CAPACITY:
        return (f"the cause is not a lack of capacity: {render_reason(cause.reason)}", *missing)
    return missing
