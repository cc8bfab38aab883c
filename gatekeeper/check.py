"""One check, read top to bottom: inspect, pin, score, compare, diagnose, decide, record.

The straight line of the whole tool. It holds no rule and no statistics; it hands each room what
the room before it made, and gives back one result per candidate.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from gatekeeper.compare import roles
from gatekeeper.decision import decide
from gatekeeper.errors import PolicyError
from gatekeeper.evidence import (
    BasePin,
    CandidatePin,
    Contamination,
    Cost,
    DetachProof,
    EffectProbe,
    Evidence,
    Finding,
    NeutralText,
    Pairs,
    Role,
    SampleRecord,
    Sampling,
    Severity,
    TrainingEvidence,
    WeightEvidence,
)
from gatekeeper.progress import CheckProgress, Silent
from gatekeeper.suite import Suite, load_suite, pin_suite
from gatekeeper.verdict import Outcome, PastCheck, RuleKind, Verdict

if TYPE_CHECKING:
    from gatekeeper.policy import LoadedPolicy
    from gatekeeper.scoring.interface import Engine, ScoringTask
    from gatekeeper.scoring.model import LoadedBase

__all__ = ["CheckResult", "Request", "check", "suites_of"]


@dataclass(frozen=True)
class Request:
    """What to check, against what, under which policy. Everything here is pinned by the check."""

    candidates: tuple[Path, ...]
    base_folder: Path
    base: BasePin
    policy: LoadedPolicy
    suites: tuple[Suite, ...]
    sampling: Sampling
    history: Callable[[CandidatePin, TrainingEvidence], tuple[PastCheck, ...]]
    """Earlier checks of the same lineage."""
    against_itself: bool = False
    """A/A: score the base against itself instead of candidates."""


@dataclass(frozen=True)
class CheckResult:
    """One candidate's evidence and verdict, the samples as people read them, its snapshot."""

    evidence: Evidence
    verdict: Verdict
    samples: tuple[SampleRecord, ...]
    snapshot: Path | None


@dataclass(frozen=True)
class _Inspected:
    """A candidate after reading its files; what is loaded later is the snapshot, not the source."""

    pin: CandidatePin
    findings: tuple[Finding, ...]
    snapshot: Path | None
    training: TrainingEvidence
    rows: Sequence[tuple[str, str]] | None
    """Training rows as (prompt, target); None when they are not at hand."""
    weights: WeightEvidence | None

    @property
    def refused(self) -> bool:
        return any(finding.severity is Severity.REFUSE for finding in self.findings)


def check(
    request: Request, progress: CheckProgress | None = None, *, now: str, staging: Path
) -> list[CheckResult]:
    """Check every candidate on one load of the base.

    `staging` receives the snapshots. Raises GateError for everything a user can mend; a candidate
    that cannot be trusted is no error but a refused verdict.
    """
    progress = progress or Silent()
    with progress.stage("reading files"):
        inspected = (
            [_base_itself(request)]
            if request.against_itself
            else [_inspect(request, folder, staging) for folder in request.candidates]
        )
    if all(candidate.refused for candidate in inspected):
        return [_decided(request, c, _Measured(), now) for c in inspected]
    loaded, engine, tasks = _load(request, progress)
    results = []
    for candidate in inspected:
        progress.candidate(candidate.pin.name)
        measured = _Measured()
        if not candidate.refused:
            measured = _measure(request, candidate, loaded, engine, tasks, progress, staging)
        results.append(_decided(request, candidate, measured, now))
    return results


NOTHING = Cost(seconds=0.0, samples_scored=0, samples_cached=0, samples_saved=0, tokens=0)


@dataclass(frozen=True)
class _Measured:
    """What running the model gave; empty for a candidate that was refused before."""

    contamination: Contamination | None = None
    effect: EffectProbe | None = None
    detach: DetachProof | None = None
    pairs: tuple[Pairs, ...] = ()
    records: tuple[SampleRecord, ...] = ()
    neutral_text: NeutralText | None = None
    training: TrainingEvidence | None = None
    cost: Cost = NOTHING


def _base_itself(request: Request) -> _Inspected:
    pin = CandidatePin(
        kind="base", name="base (A/A)", source=request.base.source, digest=request.base.digest
    )
    return _Inspected(pin, (), None, TrainingEvidence(), None, None)


def _inspect(request: Request, folder: Path, staging: Path) -> _Inspected:
    from gatekeeper.adapter import inspect_static, snapshot
    from gatekeeper.training import read_run, training_texts
    from gatekeeper.weights import weigh

    copy = snapshot(folder, Path(tempfile.mkdtemp(dir=staging)) / "adapter")
    training = read_run(folder)
    manifest = training.manifest
    pin, findings = inspect_static(
        copy,
        base_pin=request.base,
        base_folder=request.base_folder,
        manifest_base_digest=manifest.base_digest if manifest else None,
        source=folder,
    )
    refused = any(finding.severity is Severity.REFUSE for finding in findings)
    weighable = pin.kind == "adapter" and not refused
    return _Inspected(
        pin=pin,
        findings=findings,
        snapshot=copy,
        training=training,
        rows=None if refused else training_texts(folder, manifest),
        weights=weigh(copy, request.base_folder) if weighable else None,
    )


def _load(
    request: Request, progress: CheckProgress
) -> tuple[LoadedBase, Engine, Mapping[str, Mapping[str, Sequence[ScoringTask]]]]:
    from gatekeeper.scoring.cache import default_cache
    from gatekeeper.scoring.engine import PackedEngine
    from gatekeeper.scoring.model import load_base
    from gatekeeper.scoring.tasks import load_tasks

    with progress.stage("loading the base"):
        loaded = load_base(request.base_folder, request.base)
    with progress.stage("preparing the tasks"):
        tasks = {suite.name: load_tasks(suite, loaded.tokenizer) for suite in request.suites}
    return loaded, PackedEngine(loaded, default_cache()), tasks


def _measure(
    request: Request,
    candidate: _Inspected,
    loaded: LoadedBase,
    engine: Engine,
    tasks: Mapping[str, Mapping[str, Sequence[ScoringTask]]],
    progress: CheckProgress,
    staging: Path,
) -> _Measured:
    from gatekeeper.looks import score_suite
    from gatekeeper.scoring.neutral import compare_on_neutral_text, read_texts
    from gatekeeper.scoring.probe import probe_effect

    started = time.monotonic()
    with progress.stage("comparing training data and suites"):
        contamination = _contamination(candidate, tasks)
    if _is_contaminated(request, contamination):
        return _Measured(contamination=contamination)
    arm: str | None = None
    effect: EffectProbe | None = None
    if candidate.snapshot is not None:
        with progress.stage("proving that the adapter is on, then off"):
            arm = candidate.pin.digest
            loaded.attach(candidate.snapshot, arm)
            effect = probe_effect(loaded, arm)
        if not (effect.changed and effect.finite):
            proof = _proof(request, loaded, candidate, progress)
            return _Measured(contamination=contamination, effect=effect, detach=proof)
    scores = [
        score_suite(
            suite,
            tasks[suite.name],
            engine,
            arm,
            request.policy.policy,
            request.sampling,
            progress,
            candidates=len(request.candidates) or 1,
        )
        for suite in request.suites
    ]
    neutral = None
    for suite in request.suites:
        if suite.neutral_text and suite.folder and arm is not None and neutral is None:
            with progress.stage("drift on neutral text"):
                texts = read_texts(suite.folder / suite.neutral_text)
                neutral = compare_on_neutral_text(loaded, arm, texts)
    pairs = tuple(pair for score in scores for pair in score.pairs)
    training = candidate.training
    if arm is not None and _task_missed(request, pairs):
        with progress.stage("scoring a sample of the training data"):
            training = _with_probe(request, candidate, loaded, engine, arm, staging)
    return _Measured(
        contamination=contamination,
        effect=effect,
        detach=_proof(request, loaded, candidate, progress),
        pairs=pairs,
        records=tuple(record for score in scores for record in score.records),
        neutral_text=neutral,
        training=training,
        cost=Cost(
            seconds=round(time.monotonic() - started, 1),
            samples_scored=sum(score.scored for score in scores),
            samples_cached=sum(score.cached for score in scores),
            samples_saved=sum(score.saved for score in scores),
            tokens=sum(score.tokens for score in scores),
        ),
    )


def _contamination(
    candidate: _Inspected, tasks: Mapping[str, Mapping[str, Sequence[ScoringTask]]]
) -> Contamination | None:
    """Overlap with every doc of every suite, not only with those that will be drawn."""
    from gatekeeper.contamination import find_overlap

    if candidate.rows is None:
        return None
    samples = {
        suite: [
            (task.sample_id(doc), task.question(doc))
            for own in capabilities.values()
            for task in own
            for doc in range(len(task))
        ]
        for suite, capabilities in tasks.items()
    }
    return find_overlap([prompt for prompt, _ in candidate.rows], samples)


def _is_contaminated(request: Request, found: Contamination | None) -> bool:
    """More overlap than the policy allows: a score would be no evidence, so none is made."""
    return found is not None and found.fraction > request.policy.policy.contamination.max_overlap


def _with_probe(
    request: Request,
    candidate: _Inspected,
    loaded: LoadedBase,
    engine: Engine,
    arm: str,
    staging: Path,
) -> TrainingEvidence:
    from gatekeeper.scoring.tasks import load_tasks
    from gatekeeper.train_probe import probe_suite, score_probe

    folder = Path(tempfile.mkdtemp(dir=staging))
    suite = probe_suite(candidate.rows or (), request.sampling.seed, folder)
    if suite is None:
        return candidate.training
    [[task]] = load_tasks(suite, loaded.tokenizer).values()
    probe = score_probe(task, engine, arm)
    return candidate.training.model_copy(update={"probe": probe})


def _task_missed(request: Request, pairs: tuple[Pairs, ...]) -> bool:
    """Only a missed task is worth the cost of scoring training data."""
    from gatekeeper.compare import compare_pairs

    results = compare_pairs(pairs, request.policy.policy, request.sampling)
    return any(
        r.kind in (RuleKind.BAR, RuleKind.MIN_GAIN) and r.outcome is Outcome.FAIL for r in results
    )


def _proof(
    request: Request, loaded: LoadedBase, candidate: _Inspected, progress: CheckProgress
) -> DetachProof | None:
    from gatekeeper.scoring.probe import prove_detach

    if candidate.pin.kind != "adapter":
        return None
    with progress.stage("proving that the base comes back bit for bit"):
        return prove_detach(loaded, request.base_folder)


def _decided(request: Request, candidate: _Inspected, measured: _Measured, now: str) -> CheckResult:
    from gatekeeper.environment import describe_environment

    wanted = roles(request.policy.policy)
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
        candidates_compared=len(request.candidates) or 1,
    )
    history = request.history(candidate.pin, evidence.training)
    return CheckResult(
        evidence=evidence,
        verdict=decide(evidence, request.policy, history),
        samples=measured.records,
        snapshot=candidate.snapshot,
    )


def suites_of(policy: LoadedPolicy, search: Sequence[Path]) -> tuple[Suite, ...]:
    """Load every suite that the policy names, task suites first.

    Raises SuiteError when one is missing, PolicyError when its role is not the one it is used in.
    """
    suites = []
    for name, role in roles(policy.policy).items():
        suite = load_suite(name, search)
        if suite.role is not role:
            raise PolicyError(
                f"{policy.source}: suite {name} is a {suite.role.value} suite, used here as a "
                f"{role.value} suite.",
                f"Name it under {suite.role.value}.",
            )
        suites.append(suite)
    return tuple(sorted(suites, key=lambda suite: suite.role is not Role.TASK))
