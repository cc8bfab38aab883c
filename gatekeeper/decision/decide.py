"""The decision: evidence, policy and history in, verdict out. Pure.

One blocking reason is enough to block; a code that this module does not know blocks too. Nothing
here reads a clock, a file or a random number, so a verdict can be recomputed on any machine.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from gatekeeper.decision.next_step import aa_step, fix_step, hold_step, promote_step
from gatekeeper.decision.outcomes import compare
from gatekeeper.decision.rule_reasons import coverage_reasons, outcome_reasons
from gatekeeper.decision.trust import soundness_reasons, trust_reasons
from gatekeeper.errors import ExitCode
from gatekeeper.escalation.advice import advise_after_miss, lower_rung_suffices, reduce_forgetting
from gatekeeper.escalation.diagnosis import torn_labels
from gatekeeper.evidence import Evidence
from gatekeeper.policy import LoadedPolicy, Policy, policy_from_text
from gatekeeper.verdict import (
    Action,
    Decision,
    NextStep,
    Outcome,
    PastCheck,
    Reason,
    ReasonCode,
    RuleResult,
    Verdict,
)
from gatekeeper.verdict.blocking import LOST, REFUSING, blocks
from gatekeeper.verdict.rule_summary import missed_rule

__all__ = ["decide", "decide_from", "redecide"]

_ENDING = frozenset({ReasonCode.NO_EFFECT, ReasonCode.NOT_FINITE})
"""When one of these holds, nothing is scored."""


@dataclass(frozen=True, slots=True)
class Case:
    """What is to be decided."""

    evidence: Evidence
    policy: Policy
    history: tuple[PastCheck, ...]
    rules: tuple[RuleResult, ...]
    reasons: tuple[Reason, ...]
    """Everything that was found, each once."""
    trusted: bool
    """Nothing about the candidate, its pins or its data blocks."""

    @property
    def blocking(self) -> list[Reason]:
        """The blocking reasons."""
        return [reason for reason in self.reasons if blocks(reason)]

    def has(self, codes: frozenset[ReasonCode]) -> bool:
        """Is one of these codes among the reasons?"""
        return any(reason.code in codes for reason in self.reasons)


@dataclass(frozen=True, slots=True)
class Ruling:
    """What one question decides, and the reasons that it adds after and before the case's own."""

    decision: Decision
    step: NextStep
    more: tuple[Reason, ...] = ()
    first: tuple[Reason, ...] = ()


def decide(
    evidence: Evidence, loaded: LoadedPolicy, history: tuple[PastCheck, ...] = ()
) -> Verdict:
    """Turn evidence into a verdict under a policy, knowing earlier checks of the lineage."""
    return decide_from(compare(evidence, loaded), evidence, loaded, history)


def decide_from(
    rules: tuple[RuleResult, ...],
    evidence: Evidence,
    loaded: LoadedPolicy,
    history: tuple[PastCheck, ...] = (),
) -> Verdict:
    """`decide` with the outcomes given: `gate policy test` passes declared outcomes here."""
    policy = loaded.policy
    case = _case(rules, evidence, policy, history)
    ruling = next(found for ask in _QUESTIONS if (found := ask(case)) is not None)
    reasons = _unique([*ruling.first, *case.reasons, *ruling.more])
    decision, exit_code = ruling.decision, _exit_code(ruling.decision, ruling.step)
    if policy.mode == "report-only" and decision is not Decision.REFUSED:
        reasons = [Reason(code=ReasonCode.REPORT_ONLY), *reasons]
        decision, exit_code = Decision.HOLD, ExitCode.PROMOTE
    return Verdict(
        decision=decision,
        exit_code=exit_code,
        reasons=tuple(reasons),
        rules=rules,
        next_step=ruling.step,
        policy_name=policy.name,
        policy_digest=policy.digest,
        evidence_digest=evidence.digest,
        history=history,
    )


def redecide(evidence: Evidence, policy_text: str, history: tuple[PastCheck, ...]) -> Verdict:
    """Recompute a verdict from what the registry kept; equal to it except for policy lines."""
    return decide(evidence, policy_from_text(policy_text), history)


def _case(
    rules: tuple[RuleResult, ...],
    evidence: Evidence,
    policy: Policy,
    history: tuple[PastCheck, ...],
) -> Case:
    trust = trust_reasons(evidence, policy)
    soundness = soundness_reasons(evidence, policy)
    measured = [*coverage_reasons(evidence, policy, rules), *outcome_reasons(rules, policy)]
    reasons = _unique(_causes(trust, soundness, measured, scored=bool(evidence.pairs)))
    trusted = not any(blocks(reason) for reason in (*trust, *soundness))
    return Case(evidence, policy, history, rules, tuple(reasons), trusted)


def _causes(
    trust: list[Reason], soundness: list[Reason], measured: list[Reason], *, scored: bool
) -> list[Reason]:
    """Drop what merely follows from another reason: a check that was ended measured nothing."""
    if any(reason.code in REFUSING for reason in trust):
        return [r for r in trust if r.code in REFUSING or "finding" in r.params]
    ended = any(reason.code in _ENDING for reason in (*trust, *soundness))
    return [*trust, *soundness] if ended and not scored else [*trust, *soundness, *measured]


def _refused(case: Case) -> Ruling | None:
    """Nothing that was measured can be trusted."""
    return Ruling(Decision.REFUSED, fix_step(case.blocking)) if case.has(REFUSING) else None


def _base_against_itself(case: Case) -> Ruling | None:
    base = case.evidence.candidate.kind == "base"
    return Ruling(Decision.HOLD, aa_step(case.evidence)) if base else None


def _not_trusted(case: Case) -> Ruling | None:
    """The candidate, its pins or its data are in question."""
    return None if case.trusted else Ruling(Decision.HOLD, fix_step(case.blocking))


def _task_missed(case: Case) -> Ruling | None:
    missed = missed_rule(case.rules)
    if missed is None:
        return None
    advice = advise_after_miss(
        case.evidence, missed, case.policy, case.history, forgot=case.has(LOST)
    )
    decision = Decision.ESCALATE if advice.escalates else Decision.HOLD
    return Ruling(decision, advice.next_step, advice.reasons)


def _something_lost(case: Case) -> Ruling | None:
    if not case.has(LOST):
        return None
    advice = reduce_forgetting(case.evidence, case.rules, case.history)
    return Ruling(Decision.HOLD, advice.next_step, (*advice.reasons, *_data(case)))


def _not_settled(case: Case) -> Ruling | None:
    """The task is not missed and nothing was lost, yet something blocks."""
    if not case.blocking:
        return None
    return Ruling(Decision.HOLD, hold_step(case.evidence, case.blocking, case.rules), _data(case))


def _nothing_blocks(case: Case) -> Ruling:
    """All rules passed; a lower rung that does as well may be the better one to serve."""
    passed = sum(rule.outcome is Outcome.PASS for rule in case.rules)
    first = (Reason(code=ReasonCode.ALL_RULES_PASS, params={"rules": passed}),)
    lower = lower_rung_suffices(case.evidence.candidate, case.rules, case.history)
    if lower is None:
        return Ruling(Decision.PROMOTE, promote_step(case.evidence), first=first)
    return Ruling(Decision.PROMOTE, lower.next_step, lower.reasons, first)


_QUESTIONS: tuple[Callable[[Case], Ruling | None], ...] = (
    _refused,
    _base_against_itself,
    _not_trusted,
    _task_missed,
    _something_lost,
    _not_settled,
    _nothing_blocks,
)
"""Asked in this order; the first that answers decides, and the last always answers."""


def _data(case: Case) -> tuple[Reason, ...]:
    """What is wrong with the data is reported with whatever else holds the candidate."""
    torn = torn_labels(case.evidence.training, case.policy)
    return () if torn is None else (torn,)


def _exit_code(decision: Decision, step: NextStep) -> ExitCode:
    if decision is Decision.ESCALATE:
        full = step.action is Action.FULL_FINE_TUNING
        return ExitCode.ESCALATE_FULL if full else ExitCode.ESCALATE_RUNG
    return {
        Decision.PROMOTE: ExitCode.PROMOTE,
        Decision.HOLD: ExitCode.HOLD,
        Decision.REFUSED: ExitCode.REFUSED,
    }[decision]


def _unique(reasons: Iterable[Reason]) -> list[Reason]:
    """Each code once per rule."""
    seen: dict[tuple[str, str], Reason] = {}
    for reason in reasons:
        key = (reason.code, reason.rule or reason.params.get("finding") or str(reason.params))
        seen.setdefault(key, reason)
    no_effect = ReasonCode.NO_EFFECT
    kept: list[Reason] = []
    for reason in seen.values():
        if reason.code is no_effect and any(r.code is no_effect for r in kept):
            continue
        kept.append(reason)
    return kept
