"""Reasons from the rules and their samples: what was not measured, and each rule. Pure."""

from __future__ import annotations

from gatekeeper.evidence import Evidence
from gatekeeper.policy import Policy
from gatekeeper.verdict import Outcome, Reason, ReasonCode, RuleKind, RuleResult
from gatekeeper.verdict.reason_sentences import rule_text

__all__ = ["coverage_reasons", "outcome_reasons"]

_FAIL_CODE = {
    RuleKind.BAR: ReasonCode.BELOW_BAR,
    RuleKind.MIN_GAIN: ReasonCode.GAIN_TOO_SMALL,
    RuleKind.FORGETTING: ReasonCode.FORGOT,
    RuleKind.FLIPS: ReasonCode.TOO_MANY_FLIPS,
    RuleKind.KL: ReasonCode.DRIFTED,
}


def coverage_reasons(
    evidence: Evidence, policy: Policy, rules: tuple[RuleResult, ...]
) -> list[Reason]:
    """Missing data never counts as a pass: every suite and capability asked about must be there."""
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


def outcome_reasons(rules: tuple[RuleResult, ...], policy: Policy) -> list[Reason]:
    """One reason for every rule that did not pass."""
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
