"""Measure a suite on a base: every doc scored once, with score, signal and cost per capability."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence

from gatekeeper.evidence import Environment
from gatekeeper.scoring.interface import Engine, SampleScore, Task
from gatekeeper.statistics.wilson import wilson
from gatekeeper.suite import Suite, content_digest
from gatekeeper.suite.measured import CapabilityMeasure, SuiteMeasure

__all__ = ["PILOT", "measure_suite"]

ALPHA = 0.05
PILOT = 24
"""Docs per task that are scored first; their speed predicts the rest."""


def measure_suite(
    suite: Suite,
    engine: Engine[Task],
    progress: Callable[[str, int, int], None] | None = None,
) -> SuiteMeasure:
    """Load the suite's tasks and score every doc with the engine's base.

    `progress` receives (capability, docs done, docs in the capability). Raises SuiteError and
    EngineError as the engine does.
    """
    from gatekeeper.machine import describe_environment

    tasks, pin = engine.tasks(suite), engine.pin
    environment = describe_environment()
    clock = _clock(environment)
    known = {capability.name: capability for capability in suite.capabilities}
    predicted = 0.0
    first: dict[str, tuple[float, dict[str, list[SampleScore]]]] = {}
    for turn, (name, own) in enumerate(tasks.items()):
        if progress is not None:
            progress("a few of each task", turn, len(tasks))
        started = clock()
        scores = {}
        for task in own:
            few = _spread(len(task), PILOT)
            scores[task.name] = engine.score(task, few, None)
        seconds = clock() - started
        scored = sum(len(found) for found in scores.values())
        predicted += seconds * sum(len(task) for task in own) / max(1, scored)
        first[name] = (seconds, scores)
    measures, cached = [], 0
    for name, own in tasks.items():
        started = clock()
        all_scores: list[SampleScore] = []
        kinds: dict[str, list[float]] = {}
        for task in own:
            found = _whole(task, first[name][1][task.name], engine, name, progress)
            all_scores += found
            for doc, score in enumerate(found):
                if kind := task.kind(doc):
                    kinds.setdefault(kind, []).append(score.score)
        cached += sum(score.cached for score in all_scores)
        seconds = first[name][0] + clock() - started
        chances = [task.chance for task in known[name].tasks]
        measures.append(_measured(name, all_scores, chances, seconds, kinds))
    return SuiteMeasure(
        suite=suite.name,
        content=content_digest(suite),
        base=pin.name,
        base_digest=pin.digest,
        dtype=pin.dtype,
        quantization=pin.quantization,
        environment=environment,
        seconds=round(sum(m.seconds for m in measures), 1),
        predicted_seconds=round(predicted, 1),
        cached=cached,
        capabilities=tuple(measures),
    )


def _clock(environment: Environment) -> Callable[[], float]:
    """Seconds that other programs on the machine do not stretch: processor time per thread.

    On an idle machine that equals wall time. A GPU is timed by wall time.
    """
    if environment.device != "cpu":
        return time.monotonic
    return lambda: time.process_time() / environment.threads


def _spread(size: int, count: int) -> list[int]:
    """`count` docs evenly spread over a task."""
    return sorted({round(i * (size - 1) / max(1, count - 1)) for i in range(min(size, count))})


def _whole(
    task: Task,
    pilot: Sequence[SampleScore],
    engine: Engine[Task],
    name: str,
    progress: Callable[[str, int, int], None] | None,
) -> list[SampleScore]:
    """Scores of every doc, in order; those of the pilot are not computed twice."""
    done = dict(zip(_spread(len(task), PILOT), pilot, strict=True))
    rest = [doc for doc in range(len(task)) if doc not in done]

    def tell(so_far: int, _: int) -> None:
        if progress is not None:
            progress(f"{name}: {task.name}", so_far, len(rest))

    done |= dict(zip(rest, engine.score(task, rest, None, tell), strict=True))
    return [done[doc] for doc in range(len(task))]


def _measured(
    name: str,
    scores: Sequence[SampleScore],
    chances: Sequence[float | None],
    seconds: float,
    kinds: Mapping[str, Sequence[float]],
) -> CapabilityMeasure:
    import numpy as np

    from gatekeeper.statistics import has_signal

    values = np.array([score.score for score in scores])
    known = [chance for chance in chances if chance is not None]
    chance = sum(known) / len(known) if known and len(known) == len(chances) else None
    mean = float(values.mean())
    low, high = wilson(mean, len(values))
    return CapabilityMeasure(
        name=name,
        samples=len(values),
        score=round(mean, 4),
        low=round(low, 4),
        high=round(high, 4),
        chance=chance,
        signal=has_signal(values, chance or 0.0, ALPHA),
        seconds=round(seconds, 1),
        tokens=sum(score.tokens for score in scores),
        kinds={
            kind: (len(own), round(sum(own) / len(own), 3)) for kind, own in sorted(kinds.items())
        },
    )
