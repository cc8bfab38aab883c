"""From a finished check to its event. Pure apart from parsing the policy."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gatekeeper.errors import PolicyError, RegistryError
from gatekeeper.evidence import Evidence, Role
from gatekeeper.registry.check_summaries import run_record, suites_of, summarise
from gatekeeper.registry.events import CheckRecorded
from gatekeeper.verdict import Decision, Verdict

__all__ = ["check_event", "refuse_mismatch"]


def refuse_mismatch(evidence: Evidence, verdict: Verdict, policy_text: str) -> None:
    """Raise RegistryError unless evidence, verdict and policy belong together."""
    from gatekeeper.policy import policy_from_text

    try:
        evidence_digest = evidence.digest
    except ValueError as problem:
        raise RegistryError(
            f"The evidence cannot be written as JSON ({problem}).",
            "It contains a number that is not finite; measure again.",
        ) from problem
    if verdict.evidence_digest != evidence_digest:
        raise RegistryError(
            "The verdict is about different evidence.", "Decide again from this evidence."
        )
    try:
        digest = policy_from_text(policy_text).policy.digest
    except PolicyError as problem:
        raise RegistryError(
            f"The policy to be recorded cannot be read back: {problem.message}", problem.hint
        ) from problem
    if digest != verdict.policy_digest:
        raise RegistryError(
            "The verdict was made under a different policy from the one to be recorded.",
            "Decide again under this policy.",
        )


def check_event(
    evidence: Evidence,
    verdict: Verdict,
    files: Mapping[str, str],
    manifest: str | None,
    name: str,
    stamp: dict[str, Any],
) -> CheckRecorded:
    """The event of a check. Raises RegistryError when a promote verdict has no snapshot."""
    candidate = evidence.candidate
    if verdict.decision is Decision.PROMOTE and manifest is None:
        raise RegistryError(
            f"The candidate {candidate.name} has a promote verdict but no snapshot here.",
            "Store the snapshot first; a verdict without its bytes cannot promote anything.",
        )
    summary = summarise(evidence, verdict)
    return CheckRecorded(
        **stamp,
        check_id=evidence.check_id,
        name=name.encode("utf-8", "backslashreplace").decode(),
        candidate_kind=candidate.kind,
        candidate=candidate.digest,
        object_manifest=manifest,
        rung=summary.rung if summary else None,
        base_name=evidence.base.name,
        base_digest=evidence.base.digest,
        decision=verdict.decision,
        exit_code=int(verdict.exit_code),
        policy_name=verdict.policy_name,
        policy_digest=verdict.policy_digest,
        evidence_digest=evidence.digest,
        task_suites=suites_of(evidence, Role.TASK),
        forgetting_suites=suites_of(evidence, Role.FORGETTING),
        run=run_record(evidence),
        files=dict(files),
        summary=summary,
    )
