"""What a check leaves behind for later ones: its summary, and the run that it came from. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from gatekeeper.digests import digest_json
from gatekeeper.evidence import Evidence, Role, TrainingShape
from gatekeeper.registry.events import CheckRecorded, RunRecord
from gatekeeper.verdict import Outcome, PastCheck, ReasonCode, RuleKind, Verdict
from gatekeeper.verdict.rule_summary import (
    task_bar,
    task_result,
    task_results,
    task_rule,
    worst_forgetting,
)
from gatekeeper.verdict.rungs import rung_of

__all__ = ["past_checks", "run_record", "suites_of", "summarise"]

_TRAINING_FAULTS = frozenset(
    {
        ReasonCode.CONTAMINATED,
        ReasonCode.CONTRADICTORY_LABELS,
        ReasonCode.LABELS_SUSPECT,
        ReasonCode.OVER_FIT,
        ReasonCode.FITTED_NOT_REACHED,
        ReasonCode.NOTHING_LEARNED,
        ReasonCode.UNDER_TRAINED,
        ReasonCode.DIVERGED,
        ReasonCode.NOT_BEST_CHECKPOINT,
        ReasonCode.CAUSE_UNKNOWN,
    }
)


def summarise(evidence: Evidence, verdict: Verdict) -> PastCheck | None:
    """Reduce a check to what later checks of its lineage ask about; None when it scored no task."""
    speaks = task_rule(verdict.rules)
    if speaks is None or evidence.candidate.kind == "base":
        return None
    task = task_result(speaks)
    forgetting = [rule for rule in verdict.rules if rule.kind is RuleKind.FORGETTING]
    kept = {Outcome.PASS, Outcome.NO_SIGNAL}
    return PastCheck(
        check_id=evidence.check_id,
        candidate_digest=evidence.candidate.digest,
        rung=rung_of(evidence.candidate),
        decision=verdict.decision,
        task_score=task.score,
        task_low=task.low,
        task_high=task.high,
        bar=task_bar(verdict.rules),
        forgetting_passed=bool(forgetting) and all(r.outcome in kept for r in forgetting),
        worst_forgetting=worst_forgetting(verdict.rules),
        training_sound=_training_sound(evidence, verdict),
        tasks=task_results(verdict.rules),
    )


def _training_sound(evidence: Evidence, verdict: Verdict) -> bool:
    codes = {reason.code for reason in verdict.reasons}
    if codes & _TRAINING_FAULTS:
        return False
    training = evidence.training
    return ReasonCode.LACKS_CAPACITY in codes or (
        training.manifest is not None
        and training.shape is TrainingShape.CONVERGED
        and training.contradictions is not None
    )


def run_record(evidence: Evidence) -> RunRecord | None:
    """The run behind the candidate; None without a manifest."""
    manifest = evidence.training.manifest
    if manifest is None:
        return None
    return RunRecord(
        name=manifest.name,
        digest=digest_json(manifest.model_dump(mode="json")),
        method=manifest.method,
        seed=manifest.seed,
        dataset=manifest.dataset,
        dataset_digest=manifest.dataset_digest,
        parent=manifest.parent,
        escalated_from=manifest.escalated_from,
        rescaled_from=manifest.rescaled_from,
    )


def past_checks(
    checks: Iterable[CheckRecorded],
    base_digest: str,
    task_suite_digests: Collection[str],
    dataset_digest: str | None,
) -> tuple[PastCheck, ...]:
    """Earlier checks of the same base, task suites and dataset, oldest first.

    Without a dataset digest nothing is known to be of the same lineage, so there are none.
    """
    if dataset_digest is None:
        return ()
    wanted = set(task_suite_digests)
    return tuple(
        check.summary
        for check in checks
        if check.summary is not None
        and check.base_digest == base_digest
        and check.run is not None
        and check.run.dataset_digest == dataset_digest
        and set(check.task_suites.values()) == wanted
    )


def suites_of(evidence: Evidence, role: Role) -> dict[str, str]:
    """Suite name -> digest, of one role."""
    return {suite.name: suite.digest for suite in evidence.suites if suite.role is role}
