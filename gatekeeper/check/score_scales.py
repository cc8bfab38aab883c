"""Rescue by scale: score one adapter at several scales, and choose the one with the most room.

An adapter that learned its task with room to spare and forgot too much can often be fixed by
scaling its update back (Wortsman et al., "Robust fine-tuning of zero-shot models", 2022, for whole
models; alpha is LoRA's version of that interpolation). The best of five always looks better than it
is, so the choice uses the first part of each capability's draw and the chosen one is checked on the
rest, which has not been looked at.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from gatekeeper.candidate.scaled_copy import scaled_copy
from gatekeeper.check.bench import Bench, set_up
from gatekeeper.check.progress import CheckProgress
from gatekeeper.check.request import Request
from gatekeeper.decision.outcomes import compare_pairs
from gatekeeper.evidence import Sampling
from gatekeeper.scoring.interface import Task
from gatekeeper.verdict import RuleResult
from gatekeeper.verdict.scale_point import ScalePoint

__all__ = ["CHOICE", "final_request", "score_scales"]

CHOICE = 0.4
"""Share of each capability's draw that the choice may use; the final check gets the rest."""


def score_scales(
    request: Request, scales: Sequence[float], progress: CheckProgress, staging: Path
) -> list[ScalePoint]:
    """Score the one candidate of `request` at every scale, on the samples of the choice only.

    Raises AdapterRefused when it cannot be scaled, BaseError and SuiteError as a check does.
    """
    [source] = request.candidates
    chosen = replace(request, sampling=_part(request, 0.0, CHOICE))
    copies = []
    for factor in scales:
        copy = Path(tempfile.mkdtemp(dir=staging)) / f"scale-{factor:g}"
        copies.append((factor, copy, scaled_copy(source, copy, factor)))
    bench = set_up(chosen, progress, staging)
    points = []
    for factor, copy, digest in copies:
        progress.candidate(f"scale {factor:g}")
        points.append(ScalePoint(factor, _scored(bench, copy, digest)))
    return points


def final_request(request: Request, folder: Path) -> Request:
    """The check of the chosen scale, on samples that the choice never saw."""
    return replace(request, candidates=(folder,), sampling=_part(request, CHOICE, 1.0))


def _part(request: Request, first: float, last: float) -> Sampling:
    return request.sampling.model_copy(update={"window": (first, last)})


def _scored(bench: Bench[Task], copy: Path, digest: str) -> tuple[RuleResult, ...]:
    from gatekeeper.check.scoring_loop import SuiteRun, score_suites

    request = bench.request
    bench.engine.attach(copy, digest)
    try:
        runs = (SuiteRun(suite, bench, digest) for suite in request.suites)
        scores = score_suites(runs, request.policy.policy.budget.on_fail)
    finally:
        bench.engine.detach(digest)
    pairs = [pair for score in scores for pair in score.pairs]
    return compare_pairs(pairs, request.policy.policy, request.sampling)
