"""Run the model: everything that is measured for one candidate, in the order of a check.

Contamination first (a score on seen samples is not evidence), then the proof that the adapter takes
effect, then the suites, drift and the train probe, and last the proof that the base came back.
"""

from __future__ import annotations

import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from gatekeeper.check.bench import Bench
from gatekeeper.check.intake import Candidate
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
from gatekeeper.scoring.interface import Task

if TYPE_CHECKING:
    from gatekeeper.check.scoring_loop import SuiteScores

__all__ = ["Measured", "measure"]

NOTHING = Cost(seconds=0.0, samples_scored=0, samples_cached=0, samples_saved=0, tokens=0)


@dataclass(frozen=True)
class Measured:
    """What running the model gave; empty for a candidate that was refused earlier."""

    contamination: Contamination | None = None
    effect: EffectProbe | None = None
    detach: DetachProof | None = None
    pairs: tuple[Pairs, ...] = ()
    records: tuple[SampleRecord, ...] = ()
    neutral_text: NeutralText | None = None
    training: TrainingEvidence | None = None
    cost: Cost = NOTHING
    notes: tuple[str, ...] = ()


def measure(candidate: Candidate, bench: Bench[Task]) -> Measured:
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
            bench.engine.detach(candidate.arm)


def _on_the_base(
    candidate: Candidate, bench: Bench[Task], contamination: Contamination | None
) -> Measured:
    arm, effect = candidate.arm, _effect(candidate, bench)
    if effect is not None and not (effect.changed and effect.finite):
        proof = _proof(candidate, bench)
        return Measured(contamination=contamination, effect=effect, detach=proof)
    scores = _score(arm, bench)
    pairs = tuple(pair for score in scores for pair in score.pairs)
    neutral = _neutral_text(arm, bench)
    training = candidate.training
    missed = None if arm is None else _missed_suite(bench.request, pairs)
    if arm is not None and missed is not None:
        training = _with_probe(candidate, arm, bench, missed)
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


def _contamination(candidate: Candidate, bench: Bench[Task]) -> Contamination | None:
    """Overlap with every doc of every suite, not just those that will be drawn."""
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


def _effect(candidate: Candidate, bench: Bench[Task]) -> EffectProbe | None:
    if candidate.snapshot is None:
        return None
    with bench.progress.stage("proving that the adapter switches on and off"):
        bench.engine.attach(candidate.snapshot, candidate.pin.digest)
        return bench.engine.prove_effect(candidate.pin.digest)


def _score(arm: str | None, bench: Bench[Task]) -> list[SuiteScores]:
    from gatekeeper.check.scoring_loop import SuiteRun, score_suites

    runs = (SuiteRun(suite, bench, arm) for suite in bench.request.suites)
    return score_suites(runs, bench.request.policy.policy.budget.on_fail)


def _neutral_text(arm: str | None, bench: Bench[Task]) -> NeutralText | None:
    """Drift on the text of the first suite that has one."""
    from gatekeeper.suite.neutral_texts import read_texts

    for suite in bench.request.suites:
        if suite.neutral_text and suite.folder and arm is not None:
            with bench.progress.stage("drift on neutral text"):
                texts = read_texts(suite.folder / suite.neutral_text)
                return bench.engine.drift(arm, texts)
    return None


def _missed_suite(request: Request, pairs: tuple[Pairs, ...]) -> str | None:
    """The suite of the missed task; only that is worth the cost of scoring training data."""
    from gatekeeper.decision.outcomes import compare_pairs
    from gatekeeper.verdict.rule_summary import missed_rule

    results = compare_pairs(
        pairs,
        request.policy.policy,
        request.sampling,
        candidates=request.competing,
        intervals=False,
    )
    missed = missed_rule(results)
    return None if missed is None else missed.suite


def _with_probe(
    candidate: Candidate, arm: str, bench: Bench[Task], missed: str
) -> TrainingEvidence:
    """The training evidence with a sample of the training set scored like the missed suite."""
    from gatekeeper.check.train_probe import probe_suite, score_probe

    with bench.progress.stage("scoring a sample of the training data"):
        folder = Path(tempfile.mkdtemp(dir=bench.staging))
        asked_by = next(suite for suite in bench.request.suites if suite.name == missed)
        seed = bench.request.sampling.seed
        suite = probe_suite(candidate.rows or (), seed, folder, asked_by)
        if suite is None:
            return candidate.training
        [[task]] = bench.engine.tasks(suite).values()
        probe = score_probe(task, bench.engine, arm)
        return candidate.training.model_copy(update={"probe": probe})


def _proof(candidate: Candidate, bench: Bench[Task]) -> DetachProof | None:
    if candidate.pin.kind != "adapter":
        return None
    with bench.progress.stage("proving that the base comes back bit for bit"):
        return bench.engine.prove_detach()
