"""The JSON report: the stable contract for scripts. Within v1 fields are only ever added.

Its schema is `report_schema()`; a script needs `verdict` and `exit_code` and may ignore the rest.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from gatekeeper.errors import ExitCode
from gatekeeper.evidence import CandidatePin, Cost, Environment, Evidence, NoiseFloor, SuitePin
from gatekeeper.report.wording import headline, reason_text
from gatekeeper.verdict import Action, Decision, Outcome, RuleKind, RuleResult, Rung
from gatekeeper.verdict.recorded_check import RecordedCheck

__all__ = ["SCHEMA_ID", "ReportDocument", "build_document", "render_json", "report_schema"]

SCHEMA_ID = "gatekeeper/report/v1"


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ReasonEntry(_Part):
    """One reason; `text` is for people, `code` and `params` for scripts."""

    code: str
    rule: str | None
    outcome: Outcome | None
    policy_line: int | None
    text: str
    params: dict[str, Any]


class Next(_Part):
    """What to do now."""

    action: Action
    text: str
    command: str | None
    rung: Rung | None
    config: dict[str, Any] | None


class BaseEntry(_Part):
    """The frozen base that was checked against."""

    name: str
    source: str
    revision: str | None
    dtype: str
    quantization: str
    digest: str


class PolicyEntry(_Part):
    """The policy that decided."""

    name: str
    digest: str


class EnvironmentEntry(Environment):
    """Versions, machine and the seed for drawing the samples."""

    seed: int


class Flips(_Part):
    """Samples whose correctness changed."""

    lost: int
    gained: int


class RuleEntry(_Part):
    """One rule. Scores are shares in [0, 1]; drift is in nats per token."""

    rule: str
    kind: RuleKind
    suite: str
    capability: str
    n: int
    available: int
    base: float | None
    candidate: float | None
    delta: float | None
    """Candidate minus base; None where the rule compares nothing with the base."""
    estimate: float | None
    ci: tuple[float, float] | None
    """Interval of `estimate`."""
    threshold: float
    margin: float | None
    p: float | None
    p_adjusted: float | None
    outcome: Outcome
    settled_at: int | None
    needed: int | None
    flips: Flips
    policy_line: int | None


class FindingEntry(_Part):
    """One finding of the inspection."""

    code: str
    severity: str
    text: str
    hint: str | None


class Proofs(_Part):
    """Whether the adapter was shown to take effect, and to be off again. None: not measured."""

    changed: bool | None
    finite: bool | None
    detach_identical: bool | None
    detach_method: str | None
    contaminated_samples: int | None
    neutral_text_kl: float | None


class ReportDocument(_Part):
    """One check, for scripts."""

    model_config = ConfigDict(frozen=True, extra="forbid", serialize_by_alias=True)

    schema_id: Literal["gatekeeper/report/v1"] = Field("gatekeeper/report/v1", alias="schema")
    check: str
    created: str
    verdict: Decision
    exit_code: int
    headline: str
    reasons: tuple[ReasonEntry, ...]
    next: Next
    base: BaseEntry
    adapter: CandidatePin
    policy: PolicyEntry
    suites: tuple[SuitePin, ...]
    environment: EnvironmentEntry
    task: tuple[RuleEntry, ...]
    forgetting: tuple[RuleEntry, ...]
    drift: tuple[RuleEntry, ...]
    findings: tuple[FindingEntry, ...]
    proofs: Proofs
    cost: Cost
    noise_floor: NoiseFloor | None
    """Flips of the base against itself; None: no A/A check of this base, dtype and device."""
    scoring_notes: tuple[str, ...]
    """What was unusual during scoring."""
    evidence_digest: str
    artifacts: dict[str, str]


def build_document(
    check: RecordedCheck, artifacts: Mapping[str, str] | None = None
) -> ReportDocument:
    """Make the report of one check. `artifacts` maps a kind (`html`, `samples`) to its path."""
    evidence, verdict = check.evidence, check.verdict
    by_rule = {rule.rule: rule for rule in verdict.rules}
    step, base = verdict.next_step, evidence.base
    return ReportDocument(
        schema="gatekeeper/report/v1",
        check=check.check_id,
        created=evidence.created,
        verdict=verdict.decision,
        exit_code=int(ExitCode(verdict.exit_code)),
        headline=headline(check),
        reasons=tuple(
            ReasonEntry(
                code=reason.code.value,
                rule=reason.rule,
                outcome=by_rule[reason.rule].outcome if reason.rule in by_rule else None,
                policy_line=by_rule[reason.rule].policy_line if reason.rule in by_rule else None,
                text=reason_text(reason),
                params=reason.params,
            )
            for reason in verdict.reasons
        ),
        next=Next(
            action=step.action,
            text=step.text,
            command=step.command,
            rung=step.rung,
            config=step.config,
        ),
        base=BaseEntry(
            name=base.name,
            source=base.source,
            revision=base.revision,
            dtype=base.dtype,
            quantization=base.quantization,
            digest=base.digest,
        ),
        adapter=evidence.candidate,
        policy=PolicyEntry(name=verdict.policy_name, digest=verdict.policy_digest),
        suites=evidence.suites,
        environment=EnvironmentEntry(
            **evidence.environment.model_dump(), seed=evidence.sampling.seed
        ),
        task=_entries(verdict.rules, RuleKind.BAR, RuleKind.MIN_GAIN),
        forgetting=_entries(verdict.rules, RuleKind.FORGETTING, RuleKind.FLIPS),
        drift=_entries(verdict.rules, RuleKind.KL),
        findings=tuple(
            FindingEntry(code=f.code, severity=f.severity.value, text=f.text, hint=f.hint)
            for f in evidence.findings
        ),
        proofs=_proofs(evidence),
        cost=evidence.cost,
        noise_floor=evidence.noise_floor,
        scoring_notes=evidence.scoring_notes,
        evidence_digest=verdict.evidence_digest,
        artifacts=dict(artifacts or {}),
    )


def render_json(document: ReportDocument) -> str:
    """The report as indented JSON with a final newline."""
    return document.model_dump_json(indent=2) + "\n"


def report_schema() -> dict[str, Any]:
    """JSON Schema of the report."""
    schema = ReportDocument.model_json_schema(mode="serialization")
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    schema["title"] = SCHEMA_ID
    return schema


def _entries(rules: Iterable[RuleResult], *kinds: RuleKind) -> tuple[RuleEntry, ...]:
    return tuple(_entry(rule) for rule in rules if rule.kind in kinds)


def _entry(rule: RuleResult) -> RuleEntry:
    both = rule.base_score is not None and rule.candidate_score is not None
    return RuleEntry(
        rule=rule.rule,
        kind=rule.kind,
        suite=rule.suite,
        capability=rule.capability,
        n=rule.samples,
        available=rule.available,
        base=rule.base_score,
        candidate=rule.candidate_score,
        delta=(rule.candidate_score or 0.0) - (rule.base_score or 0.0) if both else None,
        estimate=rule.estimate,
        ci=(rule.low, rule.high) if rule.low is not None and rule.high is not None else None,
        threshold=rule.threshold,
        margin=-rule.threshold if rule.kind is RuleKind.FORGETTING else None,
        p=rule.p_value,
        p_adjusted=rule.p_adjusted,
        outcome=rule.outcome,
        settled_at=rule.settled_at,
        needed=rule.needed,
        flips=Flips(lost=rule.lost, gained=rule.gained),
        policy_line=rule.policy_line,
    )


def _proofs(evidence: Evidence) -> Proofs:
    effect, detach, overlap = evidence.effect, evidence.detach, evidence.contamination
    return Proofs(
        changed=effect.changed if effect else None,
        finite=effect.finite if effect else None,
        detach_identical=detach.identical if detach else None,
        detach_method=detach.method if detach else None,
        contaminated_samples=sum(overlap.overlapping.values()) if overlap else None,
        neutral_text_kl=evidence.neutral_text.kl if evidence.neutral_text else None,
    )
