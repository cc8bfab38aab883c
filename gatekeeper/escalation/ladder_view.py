"""The ladder as one picture: what each rung showed, what speaks for what, what is missing. Pure.

Made for people by `gate escalate`; it decides nothing that `advice.py` has not decided.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from gatekeeper.escalation.advice import before_full
from gatekeeper.escalation.diagnosis import Cause, diagnose, probe_interval
from gatekeeper.evidence import Evidence
from gatekeeper.policy import Policy
from gatekeeper.verdict import Decision, PastCheck, RuleKind, Rung, Verdict
from gatekeeper.verdict.reason_sentences import render_reason
from gatekeeper.verdict.rule_summary import missed_rule
from gatekeeper.verdict.rungs import is_above, rung_of

__all__ = ["Indication", "LadderView", "RungRow", "view_ladder"]

Strength = Literal["strong", "moderate", "weak", "missing"]


@dataclass(frozen=True, slots=True)
class RungRow:
    """One rung and one check of it; without a check it was not tried."""

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
    """Everything that `gate escalate` shows beside the verdict itself."""

    rows: tuple[RungRow, ...]
    bar: float | None
    indications: tuple[Indication, ...]
    before_full: tuple[str, ...]
    """What is missing before full fine-tuning may be recommended; empty when nothing is."""


def view_ladder(
    evidence: Evidence, verdict: Verdict, policy: Policy, history: Sequence[PastCheck]
) -> LadderView:
    """Lay out the policy's ladder with every check of this lineage on it, lowest rung first."""
    bar = next((r.threshold for r in verdict.rules if r.kind is RuleKind.BAR), None)
    rows = [
        _past_row(past, past.rung)
        for past in history
        if past.rung is not None and past.check_id != evidence.check_id
    ]
    here = _here(evidence, verdict)
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
        rows=tuple(sorted(rows, key=lambda row: (_height(row.rung), row.place == "here"))),
        bar=bar,
        indications=_indications(evidence, verdict, history),
        before_full=_before_full(evidence, verdict, policy, history),
    )


def _past_row(past: PastCheck, rung: Rung) -> RungRow:
    return RungRow(
        rung, "checked", past.check_id, past.task_score, past.task_low, past.task_high,
        past.worst_forgetting, past.decision, past.training_sound,
    )  # fmt: skip


def _here(evidence: Evidence, verdict: Verdict) -> RungRow | None:
    rung = rung_of(evidence.candidate)
    task = next((r for r in verdict.rules if r.kind in (RuleKind.BAR, RuleKind.MIN_GAIN)), None)
    if rung is None or task is None:
        return None
    shift = (task.candidate_score or 0.0) - (task.estimate or 0.0)
    losses = [r.estimate for r in verdict.rules if r.kind is RuleKind.FORGETTING]
    return RungRow(
        rung, "here", evidence.check_id, task.candidate_score,
        None if task.low is None else task.low + shift,
        None if task.high is None else task.high + shift,
        min((loss for loss in losses if loss is not None), default=None),
        verdict.decision,
    )  # fmt: skip


def _sorted(rung: Rung) -> Rung:
    if isinstance(rung.targets, str):
        return rung
    return rung.model_copy(update={"targets": tuple(sorted(rung.targets))})


def _height(rung: Rung) -> tuple[bool, int, int]:
    modules = 99 if isinstance(rung.targets, str) else len(rung.targets)
    return rung.method == "full", rung.r or 0, modules


def _indications(
    evidence: Evidence, verdict: Verdict, history: Sequence[PastCheck]
) -> tuple[Indication, ...]:
    training, weights = evidence.training, evidence.weights
    found = []
    torn = training.contradictions
    if torn is None:
        found.append(Indication("contradictions", "missing", "the training data is not at hand"))
    else:
        text = f"{torn.conflicting_rows} of {torn.rows} rows ({100 * torn.fraction:.1f}%)"
        found.append(Indication("contradictions", "strong", text))
    probe = training.probe
    if probe is None:
        text = "not scored: only asked when the task is missed and its rows are at hand"
        found.append(Indication("train probe", "missing", text))
    else:
        low, high = probe_interval(probe)
        text = (
            f"{100 * probe.candidate_score:.1f}% [{100 * low:.1f}, {100 * high:.1f}] of "
            f"{probe.samples} training rows, {100 * probe.base_score:.1f}% by the base"
        )
        found.append(Indication("train probe", "strong", text))
    curve: Strength = "moderate" if training.curve else "missing"
    found.append(Indication("curve", curve, training.shape_text or training.shape.value))
    mine = rung_of(evidence.candidate)
    below = [
        past.task_score
        for past in history
        if mine and past.rung and past.training_sound and is_above(mine, past.rung)
    ]
    if below:
        text = f"the best lower rung scored {100 * max(below):.1f}%"
        found.append(Indication("history", "strong", text))
    else:
        found.append(Indication("history", "missing", "no lower rung was soundly checked"))
    if weights is not None and weights.rank_used is not None:
        text = f"{100 * weights.rank_used:.0f}% of r holds nine tenths of the update"
        dead = len(weights.dead_modules)
        text += f"; {dead} of {len(weights.modules)} modules are dead" if dead else ""
        found.append(Indication("rank used", "weak", text))
    return tuple(found)


def _before_full(
    evidence: Evidence, verdict: Verdict, policy: Policy, history: Sequence[PastCheck]
) -> tuple[str, ...]:
    missed = missed_rule(verdict.rules)
    if missed is None:
        return ("the task is not shown to be missed",)
    missing = before_full(evidence, missed, policy, history)
    cause = diagnose(evidence, missed, policy)
    if cause.cause is not Cause.CAPACITY:
        return (f"the cause is not lack of capacity: {render_reason(cause.reason)}", *missing)
    return missing
