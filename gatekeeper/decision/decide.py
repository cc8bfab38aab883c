"""The decision: evidence, policy and history in, verdict out. Pure.

Every blocking reason blocks alone; a code that this module does not know blocks too. Nothing here
reads a clock, a file or a random number, so a verdict can be recomputed on any machine.
"""

from __future__ import annotations

from collections.abc import Iterable

from gatekeeper.decision.next_step import aa_step, fix_step, hold_step, promote_step
from gatekeeper.decision.outcomes import compare
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
    RuleKind,
    RuleResult,
    Verdict,
)
from gatekeeper.verdict.blocking import LOST, REFUSING, blocks
from gatekeeper.verdict.reason_sentences import rule_text
from gatekeeper.verdict.rule_summary import missed_rule

__all__ = ["decide", "decide_from", "redecide"]

_ENDING = frozenset({ReasonCode.NO_EFFECT, ReasonCode.NOT_FINITE})
"""With these nothing is scored."""


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
    """`decide` with the outcomes given: what `gate policy test` feeds with declared outcomes."""
    policy = loaded.policy
    trust = trust_reasons(evidence, policy)
    soundness = soundness_reasons(evidence, policy)
    measured = [*_coverage(evidence, policy, rules), *_outcomes(rules, policy)]
    reasons = _unique(_causes(trust, soundness, measured, scored=bool(evidence.pairs)))

    if any(reason.code in REFUSING for reason in reasons):
        decision, step = Decision.REFUSED, fix_step([r for r in reasons if blocks(r)])
    elif evidence.candidate.kind == "base":
        decision, step = Decision.HOLD, aa_step(evidence)
    elif any(blocks(reason) for reason in soundness + trust):
        decision, step = Decision.HOLD, fix_step([r for r in reasons if blocks(r)])
    elif missed_rule(rules) is not None:
        forgot = any(r.code in LOST for r in reasons)
        advice = advise_after_miss(evidence, rules, policy, history, forgot=forgot)
        reasons = _unique([*reasons, *advice.reasons])
        decision = Decision.ESCALATE if advice.escalates else Decision.HOLD
        step = advice.next_step
    elif any(reason.code in LOST for reason in reasons):
        advice = reduce_forgetting(evidence, rules, history)
        reasons = _unique([*reasons, *advice.reasons, *_data(evidence, policy)])
        decision, step = Decision.HOLD, advice.next_step
    elif any(blocks(reason) for reason in reasons):
        decision, step = (
            Decision.HOLD,
            hold_step(evidence, [r for r in reasons if blocks(r)], rules),
        )
        reasons = [*reasons, *_data(evidence, policy)]
    else:
        lower = lower_rung_suffices(evidence.candidate, rules, history)
        decision, step = Decision.PROMOTE, lower.next_step if lower else promote_step(evidence)
        reasons = [
            Reason(code=ReasonCode.ALL_RULES_PASS, params={"rules": _passed(rules)}),
            *reasons,
            *(lower.reasons if lower else ()),
        ]

    exit_code = _exit_code(decision, step)
    if policy.mode == "report-only" and decision is not Decision.REFUSED:
        reasons = [Reason(code=ReasonCode.REPORT_ONLY), *reasons]
        decision, exit_code = Decision.HOLD, ExitCode.PROMOTE
    return Verdict(
        decision=decision,
        exit_code=exit_code,
        reasons=tuple(reasons),
        rules=rules,
        next_step=step,
        policy_name=policy.name,
        policy_digest=policy.digest,
        evidence_digest=evidence.digest,
        history=history,
    )


def redecide(evidence: Evidence, policy_text: str, history: tuple[PastCheck, ...]) -> Verdict:
    """Recompute a verdict from what the registry kept; equal to it but for policy lines."""
    return decide(evidence, policy_from_text(policy_text), history)


def _causes(
    trust: list[Reason], soundness: list[Reason], measured: list[Reason], *, scored: bool
) -> list[Reason]:
    """Without what only follows from another reason: a check that was ended measured nothing."""
    if any(reason.code in REFUSING for reason in trust):
        return [r for r in trust if r.code in REFUSING or "finding" in r.params]
    ended = any(reason.code in _ENDING for reason in (*trust, *soundness))
    return [*trust, *soundness] if ended and not scored else [*trust, *soundness, *measured]


def _data(evidence: Evidence, policy: Policy) -> tuple[Reason, ...]:
    """What is wrong with the data is said beside whatever else holds the candidate."""
    torn = torn_labels(evidence.training, policy)
    return () if torn is None else (torn,)


def _coverage(evidence: Evidence, policy: Policy, rules: tuple[RuleResult, ...]) -> list[Reason]:
    """No data is never a pass: every suite and capability that is asked about must be there."""
    reasons = []
    if not policy.task and evidence.candidate.kind != "base":
        reasons.append(
            Reason(code=ReasonCode.NO_DATA, params={"what": "the task (no task suite is named)"})
        )
    if not policy.forgetting:
        reasons.append(
            Reason(
                code=ReasonCode.NO_DATA,
                params={"what": "forgetting (no forgetting suite is named)"},
            )
        )
    for suite in policy.roles:
        mine = [rule for rule in rules if rule.suite == suite]
        if not mine:
            reasons.append(Reason(code=ReasonCode.NO_DATA, params={"what": f"suite {suite}"}))
        elif all(rule.outcome is Outcome.NO_SIGNAL for rule in mine):
            reasons.append(
                Reason(
                    code=ReasonCode.NO_DATA,
                    params={"what": f"suite {suite} (no capability has signal on this base)"},
                )
            )
    asked = {name for rule in policy.forgetting for name in rule.margins}
    measured = {rule.capability for rule in rules}
    reasons += [
        Reason(code=ReasonCode.NO_DATA, params={"what": f"capability {name}"})
        for name in sorted(asked - measured)
    ]
    if policy.max_kl is not None and not any(r.kind is RuleKind.KL for r in rules):
        reasons.append(
            Reason(code=ReasonCode.NO_DATA, params={"what": "drift on neutral text (max_kl)"})
        )
    reasons += [
        Reason(
            code=ReasonCode.UNSCORED_SAMPLES,
            params={"capability": pairs.capability, "errors": pairs.errors},
        )
        for pairs in evidence.pairs
        if pairs.errors
    ]
    return reasons


_FAIL_CODE = {
    RuleKind.BAR: ReasonCode.BELOW_BAR,
    RuleKind.MIN_GAIN: ReasonCode.GAIN_TOO_SMALL,
    RuleKind.FORGETTING: ReasonCode.FORGOT,
    RuleKind.FLIPS: ReasonCode.TOO_MANY_FLIPS,
    RuleKind.KL: ReasonCode.DRIFTED,
}


def _outcomes(rules: tuple[RuleResult, ...], policy: Policy) -> list[Reason]:
    strict_signal = {r.suite for r in policy.forgetting if r.on_no_signal == "hold"}
    reasons = []
    for rule in rules:
        facts = {
            "suite": rule.suite,
            "capability": rule.capability,
            "estimate": rule.estimate,
            "threshold": rule.threshold,
            "samples": rule.samples,
            "available": rule.available,
            "needed": rule.needed,
            "lost": rule.lost,
            "gained": rule.gained,
            "rule_text": rule_text(rule),
        }
        if rule.outcome is Outcome.PASS:
            continue
        if rule.samples == 0:
            reasons.append(
                Reason(code=ReasonCode.NO_DATA, rule=rule.rule, params={"what": rule.rule})
            )
        elif rule.outcome is Outcome.FAIL:
            reasons.append(Reason(code=_FAIL_CODE[rule.kind], rule=rule.rule, params=facts))
        elif rule.outcome is Outcome.NO_SIGNAL:
            blocking = rule.suite in strict_signal
            reasons.append(
                Reason(
                    code=ReasonCode.NO_SIGNAL,
                    rule=rule.rule,
                    params={"capability": rule.capability, "blocking": blocking},
                )
            )
        else:
            reasons.append(Reason(code=ReasonCode.INCONCLUSIVE, rule=rule.rule, params=facts))
    return reasons


def _passed(rules: tuple[RuleResult, ...]) -> int:
    return sum(rule.outcome is Outcome.PASS for rule in rules)


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
    """The same code for the same rule says the same thing once."""
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
