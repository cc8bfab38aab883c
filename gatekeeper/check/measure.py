"""Run the model: everything that is measured of one candidate, in the order of a check.

Contamination first (a score on seen samples is no evidence), then the proof that the adapter is
on, then the suites, drift and the train probe, and last the proof that the base came back.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from gatekeeper.check.intake import Candidate
from gatekeeper.check.progress import CheckProgress
from gatekeeper.check.request import Request
from gatekeeper.evidence import (
    Contamination,
    Cost,
    DetachProof,
    EffectProbe,
    NeutralText,
    Pairs,
    SampleRecord,
    TrainingEvidence,
)

if TYPE_CHECKING:
    from gatekeeper.check.scoring_loop import SuiteScores
    from gatekeeper.scoring.interface import Engine, ScoringTask
    from gatekeeper.scoring.model.loaded_base import LoadedBase

__all__ = ["Bench", "Measured", "measure", "set_up"]

OTHER_PACKING = 200
"""Tokens of a batch in an A/A run's second arm; no engine's own budget."""

NOTHING = Cost(seconds=0.0, samples_scored=0, samples_cached=0, samples_saved=0, tokens=0)


@dataclass(frozen=True)
class Measured:
    """What running the model gave; empty for a candidate that was refused before."""

    contamination: Contamination | None = None
    effect: EffectProbe | None = None
    detach: DetachProof | None = None
    pairs: tuple[Pairs, ...] = ()
    records: tuple[SampleRecord, ...] = ()
    neutral_text: NeutralText | None = None
    training: TrainingEvidence | None = None
    cost: Cost = NOTHING
    notes: tuple[str, ...] = ()


@dataclass
class Bench:
    """One loaded base, its engine and its tasks: where all candidates of a check are measured."""

    request: Request
    loaded: LoadedBase
    engine: Engine
    tasks: Mapping[str, Mapping[str, Sequence[ScoringTask]]]
    """Suite -> capability -> tasks."""
    progress: CheckProgress
    staging: Path
    started: float = field(default_factory=time.monotonic)

    @cached_property
    def packed_differently(self) -> Engine:
        """An engine for A/A: other batches, and nothing remembered, so the noise is real."""
        from gatekeeper.scoring.engine import PackedEngine

        return PackedEngine(self.loaded, token_budget=OTHER_PACKING)


def set_up(request: Request, progress: CheckProgress, staging: Path) -> Bench:
    """Load the base and every task. Raises BaseError and SuiteError."""
    from gatekeeper.scoring.engine import PackedEngine
    from gatekeeper.scoring.model.loaded_base import load_base
    from gatekeeper.scoring.score_cache import default_cache
    from gatekeeper.scoring.tasks.loaded_task import load_tasks

    with progress.stage("loading the base"):
        loaded = load_base(request.base_folder, request.base)
    with progress.stage("preparing the tasks"):
        tasks = {suite.name: load_tasks(suite, loaded.tokenizer) for suite in request.suites}
    engine = PackedEngine(loaded, default_cache(), tell=progress.note)
    return Bench(request, loaded, engine, tasks, progress, staging)


def measure(candidate: Candidate, bench: Bench) -> Measured:
    """Measure one candidate; whatever happens, it is off the base afterwards."""
    from gatekeeper.scoring.out_of_memory import within_memory

    bench.started = time.monotonic()
    with bench.progress.stage("comparing training data and suites"):
        contamination = _contamination(candidate, bench)
    allowed = bench.request.policy.policy.contamination.max_overlap
    if contamination is not None and contamination.fraction > allowed:
        return Measured(contamination=contamination)
    try:
        with within_memory(f"measuring {candidate.pin.name}"):
            return _on_the_base(candidate, bench, contamination)
    finally:
        if candidate.arm is not None:
            bench.loaded.detach(candidate.arm)


def _on_the_base(
    candidate: Candidate, bench: Bench, contamination: Contamination | None
) -> Measured:
    arm, effect = candidate.arm, _effect(candidate, bench)
    if effect is not None and not (effect.changed and effect.finite):
        proof = _proof(candidate, bench)
        return Measured(contamination=contamination, effect=effect, detach=proof)
    scores = _score(arm, bench)
    pairs = tuple(pair for score in scores for pair in score.pairs)
    neutral = _neutral_text(arm, bench)
    training = candidate.training
    if arm is not None and _task_missed(bench.request, pairs):
        training = _with_probe(candidate, arm, bench)
    return Measured(
        contamination=contamination,
        effect=effect,
        detach=_proof(candidate, bench),
        pairs=pairs,
        records=tuple(record for score in scores for record in score.records),
        neutral_text=neutral,
        training=training,
        cost=Cost(
            seconds=round(time.monotonic() - bench.started, 1),
            samples_scored=sum(score.scored for score in scores),
            samples_cached=sum(score.cached for score in scores),
            samples_saved=sum(score.saved for score in scores),
            tokens=sum(score.tokens for score in scores),
        ),
        notes=tuple(bench.engine.notes),
    )


def _contamination(candidate: Candidate, bench: Bench) -> Contamination | None:
    """Overlap with every doc of every suite, not only with those that will be drawn."""
    from gatekeeper.training.contamination import find_overlap

    if candidate.rows is None:
        return None
    samples = {
        suite: [
            (task.sample_id(doc), task.question(doc))
            for own in capabilities.values()
            for task in own
            for doc in range(len(task))
        ]
        for suite, capabilities in bench.tasks.items()
    }
    return find_overlap([prompt for prompt, _ in candidate.rows], samples)


def _effect(candidate: Candidate, bench: Bench) -> EffectProbe | None:
    from gatekeeper.scoring.model.proofs import probe_effect

    if candidate.snapshot is None:
        return None
    with bench.progress.stage("proving that the adapter is on, then off"):
        bench.loaded.attach(candidate.snapshot, candidate.pin.digest)
        return probe_effect(bench.loaded, candidate.pin.digest)


def _score(arm: str | None, bench: Bench) -> list[SuiteScores]:
    from gatekeeper.check.scoring_loop import SuiteRun, score_suites

    request = bench.request
    runs = (
        SuiteRun(
            suite,
            bench.tasks[suite.name],
            bench.engine,
            arm,
            request.policy.policy,
            request.sampling,
            bench.progress,
            candidates=request.competing,
            second=bench.packed_differently if request.against_itself else None,
        )
        for suite in request.suites
    )
    return score_suites(runs, request.policy.policy.budget.on_fail)


def _neutral_text(arm: str | None, bench: Bench) -> NeutralText | None:
    """Drift on the text of the first suite that brings one."""
    from gatekeeper.scoring.neutral_text import read_texts

    for suite in bench.request.suites:
        if suite.neutral_text and suite.folder and arm is not None:
            with bench.progress.stage("drift on neutral text"):
                texts = read_texts(suite.folder / suite.neutral_text)
                return bench.engine.drift(arm, texts)
    return None


def _task_missed(request: Request, pairs: tuple[Pairs, ...]) -> bool:
    """Only a missed task is worth the cost of scoring training data."""
    from gatekeeper.decision.outcomes import compare_pairs
    from gatekeeper.verdict.rule_summary import missed_rule

    results = compare_pairs(
        pairs,
        request.policy.policy,
        request.sampling,
        candidates=request.competing,
        intervals=False,
    )
    return missed_rule(results) is not None


def _with_probe(candidate: Candidate, arm: str, bench: Bench) -> TrainingEvidence:
    """The training evidence with a sample of the training set scored like the task suite."""
    from gatekeeper.check.train_probe import probe_suite, score_probe
    from gatekeeper.scoring.tasks.loaded_task import load_tasks

    with bench.progress.stage("scoring a sample of the training data"):
        folder = Path(tempfile.mkdtemp(dir=bench.staging))
        wanted = {rule.suite for rule in bench.request.policy.policy.task}
        asked_by = next(suite for suite in bench.request.suites if suite.name in wanted)
        seed = bench.request.sampling.seed
        suite = probe_suite(candidate.rows or (), seed, folder, asked_by)
        if suite is None:
            return candidate.training
        [[task]] = load_tasks(suite, bench.loaded.tokenizer).values()
        probe = score_probe(task, bench.engine, arm)
        return candidate.training.model_copy(update={"probe": probe})


def _proof(candidate: Candidate, bench: Bench) -> DetachProof | None:
    from gatekeeper.scoring.model.proofs import prove_detach

    if candidate.pin.kind != "adapter":
        return None
    with bench.progress.stage("proving that the base comes back bit for bit"):
        return prove_detach(bench.loaded)
