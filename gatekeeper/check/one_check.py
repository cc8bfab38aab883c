"""One check, read top to bottom: inspect, pin, score, compare, diagnose, decide, record.

The straight line of the whole tool. It contains no rules and no statistics; it passes each room
what the previous one made, and returns one result per candidate.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from gatekeeper.candidate.finding_codes import FindingCode, refused
from gatekeeper.check.bench import Bench, set_up
from gatekeeper.check.intake import Candidate, base_itself, inspect_candidate
from gatekeeper.check.measure import Measured, measure
from gatekeeper.check.progress import CheckProgress, Silent
from gatekeeper.check.request import Request
from gatekeeper.decision.decide import decide
from gatekeeper.errors import AdapterRefused
from gatekeeper.evidence import Evidence, SampleRecord
from gatekeeper.machine import describe_environment
from gatekeeper.scoring.interface import Task
from gatekeeper.suite import pin_suite
from gatekeeper.verdict import Verdict

__all__ = ["CheckResult", "check"]


@dataclass(frozen=True)
class CheckResult:
    """One candidate's evidence and verdict, the samples as people read them, its snapshot."""

    evidence: Evidence
    verdict: Verdict
    samples: tuple[SampleRecord, ...]
    snapshot: Path | None


def check(
    request: Request, progress: CheckProgress | None = None, *, now: str, staging: Path
) -> list[CheckResult]:
    """Check every candidate on one load of the base.

    `staging` receives the snapshots. Raises GateError for everything a user can fix; a candidate
    that cannot be trusted is not an error but a refused verdict.
    """
    progress = progress or Silent()
    with progress.stage("reading files"):
        candidates = (
            [base_itself(request)]
            if request.against_itself
            else [inspect_candidate(request, folder, staging) for folder in request.candidates]
        )
    if all(candidate.refused for candidate in candidates):
        return [_decided(request, candidate, Measured(), now) for candidate in candidates]
    bench = set_up(request, progress, staging)
    results = []
    for candidate in candidates:
        progress.candidate(candidate.pin.name)
        for text in _foreseen(request, candidate):
            progress.note(text)
        results.append(_decided(request, *_measured(candidate, bench), now))
    return results


def _foreseen(request: Request, candidate: Candidate) -> Iterator[str]:
    """What will hold the candidate whatever it scores: worth knowing before the time is spent."""
    if candidate.refused or candidate.pin.kind == "base":
        return
    if not request.policy.policy.task:
        yield "The policy names no task suite. This check will end in a hold, whatever is measured."
    if request.policy.policy.contamination.require and candidate.rows is None:
        yield (
            "The training data is not available, so overlap with the suites cannot be ruled out. "
            "This check will end in a hold."
        )


def _measured(candidate: Candidate, bench: Bench[Task]) -> tuple[Candidate, Measured]:
    """Measure a candidate; one that PEFT cannot attach is refused, and the others continue."""
    if candidate.refused:
        return candidate, Measured()
    try:
        return candidate, measure(candidate, bench)
    except AdapterRefused as refusal:
        found = refused(FindingCode.CANNOT_ATTACH, refusal.message, hint=refusal.hint)
        return replace(candidate, findings=(*candidate.findings, found)), Measured()


def _decided(request: Request, candidate: Candidate, measured: Measured, now: str) -> CheckResult:
    wanted = request.policy.policy.roles
    evidence = Evidence(
        created=now,
        base=request.base,
        candidate=candidate.pin,
        suites=tuple(pin_suite(suite) for suite in request.suites if suite.name in wanted),
        sampling=request.sampling,
        findings=candidate.findings,
        effect=measured.effect,
        detach=measured.detach,
        pairs=measured.pairs,
        neutral_text=measured.neutral_text,
        training=measured.training or candidate.training,
        contamination=measured.contamination,
        weights=candidate.weights,
        environment=describe_environment(),
        cost=measured.cost,
        candidates_compared=request.competing,
        scoring_notes=measured.notes,
        noise_floor=None if request.against_itself else request.noise_floor,
    )
    history = request.history(candidate.pin, evidence.training)
    return CheckResult(
        evidence=evidence,
        verdict=decide(evidence, request.policy, history),
        samples=measured.records,
        snapshot=candidate.snapshot,
    )
