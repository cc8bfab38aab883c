"""Can the measurement be trusted at all? Reasons to refuse or to hold before any score counts.

Pure. Findings of the inspection, contamination, the proofs that the adapter was on and came off,
and the pins that make the result reproducible.
"""

from __future__ import annotations

from collections.abc import Iterable

from gatekeeper.evidence import Evidence, Finding, Severity
from gatekeeper.policy import Policy
from gatekeeper.verdict import Reason, ReasonCode
from gatekeeper.verdict.blocking import REFUSING

__all__ = ["soundness_reasons", "trust_reasons"]

_FINDING_CODES = {
    "no-effect": ReasonCode.NO_EFFECT,
    "wrong-base": ReasonCode.WRONG_BASE,
    "base-not-pinned": ReasonCode.BASE_NOT_PINNED,
    "not-finite": ReasonCode.NOT_FINITE,
    "not-detachable": ReasonCode.NOT_DETACHABLE,
}


def trust_reasons(evidence: Evidence, policy: Policy) -> list[Reason]:
    """What inspection found, and any overlap of training data and suites."""
    return [*_findings(evidence.findings), *_contamination(evidence, policy)]


def soundness_reasons(evidence: Evidence, policy: Policy) -> list[Reason]:
    """What was not proven about the adapter, and pins that the policy requires but are not set."""
    return [*_effect_and_detach(evidence), *_pins(evidence, policy)]


def _findings(findings: Iterable[Finding]) -> list[Reason]:
    reasons = []
    for finding in findings:
        if finding.severity in (Severity.INFO, Severity.WARN):
            continue
        code = _FINDING_CODES.get(finding.code, ReasonCode.ADAPTER_REFUSED)
        if finding.severity is Severity.REFUSE and code not in REFUSING:
            code = ReasonCode.ADAPTER_REFUSED
        reasons.append(Reason(code=code, params={"text": finding.text, "finding": finding.code}))
    return reasons


def _contamination(evidence: Evidence, policy: Policy) -> list[Reason]:
    found = evidence.contamination
    if found is None:
        if policy.contamination.require and evidence.candidate.kind != "base":
            return [Reason(code=ReasonCode.CONTAMINATION_UNKNOWN)]
        return []
    if found.fraction > policy.contamination.max_overlap:
        return [
            Reason(
                code=ReasonCode.CONTAMINATED,
                params={
                    "samples": sum(found.overlapping.values()),
                    "fraction": found.fraction,
                },
            )
        ]
    return []


def _effect_and_detach(evidence: Evidence) -> list[Reason]:
    if evidence.candidate.kind == "base":
        return []
    reasons = []
    effect, detach = evidence.effect, evidence.detach
    if effect is None:
        reasons.append(Reason(code=ReasonCode.NO_DATA, params={"what": "the effect probe"}))
    else:
        if not effect.finite:
            reasons.append(Reason(code=ReasonCode.NOT_FINITE))
        elif not effect.changed:
            reasons.append(Reason(code=ReasonCode.NO_EFFECT))
        if not effect.off_identical:
            reasons.append(Reason(code=ReasonCode.NOT_DETACHABLE))
    if evidence.candidate.kind == "adapter":
        if detach is None:
            reasons.append(Reason(code=ReasonCode.DETACH_NOT_PROVEN))
        elif not detach.identical:
            reasons.append(Reason(code=ReasonCode.NOT_DETACHABLE))
    return reasons


def _pins(evidence: Evidence, policy: Policy) -> list[Reason]:
    if evidence.candidate.kind == "base":
        return []
    manifest = evidence.training.manifest
    have = {
        "base_digest": bool(manifest and manifest.base_digest),
        "dataset_digest": bool(manifest and manifest.dataset_digest),
        "seed": bool(manifest and manifest.seed is not None),
        "revision": evidence.base.revision is not None,
        "run_manifest": manifest is not None,
    }
    missing = [pin for pin in policy.pins if not have[pin]]
    if not missing:
        return []
    return [Reason(code=ReasonCode.PIN_MISSING, params={"pins": missing})]
