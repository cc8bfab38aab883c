"""A suite measured on a base: score, interval, signal and cost of each capability.

Kept as `measured.json` beside `suite.yaml`; it describes the suite and is no part of it, so the
suite's digest does not cover it. A file that was measured on other data is not shown.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from gatekeeper.errors import SuiteError
from gatekeeper.evidence import BasePin, Environment
from gatekeeper.evidence.frozen import Frozen
from gatekeeper.suite.suite import MEASURED_NAME, Suite, content_digest

if TYPE_CHECKING:
    from gatekeeper.scoring.interface import Engine, SampleScore, ScoringTask

__all__ = [
    "CapabilityMeasure",
    "SuiteMeasure",
    "measure_suite",
    "read_measure",
    "wilson_interval",
    "write_measure",
]

ALPHA = 0.05
PILOT = 24
"""Docs per task that are scored first; their speed predicts the rest."""


class CapabilityMeasure(Frozen):
    """One capability on one base."""

    name: str
    samples: int
    score: float
    low: float
    high: float
    """95% interval of the score (Wilson)."""
    chance: float | None
    signal: bool
    """Whether the base is shown to be above chance, by the same test as in a check."""
    seconds: float
    tokens: int
    kinds: dict[str, tuple[int, float]] = {}
    """Where docs carry a `kind`: samples and score of each."""


class SuiteMeasure(Frozen):
    """`measured.json`."""

    suite: str
    content: str
    """Digest of the suite's settings, tasks and data."""
    base: str
    base_digest: str
    dtype: str
    quantization: str
    environment: Environment
    seconds: float
    """Of scoring alone, without loading the base; see `_clock`."""
    predicted_seconds: float
    """From a pilot of a few docs per task, before the rest was scored."""
    cached: int
    """Scores that came from the cache: the times are only meaningful when this is 0."""
    capabilities: tuple[CapabilityMeasure, ...]

    @property
    def samples(self) -> int:
        """Samples of all capabilities."""
        return sum(capability.samples for capability in self.capabilities)


def measure_suite(
    suite: Suite,
    tasks: Mapping[str, Sequence[ScoringTask]],
    engine: Engine,
    pin: BasePin,
    progress: Callable[[str, int, int], None] | None = None,
) -> SuiteMeasure:
    """Score every doc of the suite with the base.

    `progress` is told (capability, docs done, docs of the capability). Raises SuiteError and
    EngineError as the engine does.
    """
    from gatekeeper.machine import describe_environment

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
                if kind := _kind(task, doc):
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

    On an idle machine that is the time on the wall. A GPU is timed by the wall.
    """
    if environment.device != "cpu":
        return time.monotonic
    return lambda: time.process_time() / environment.threads


def _spread(size: int, count: int) -> list[int]:
    """`count` docs evenly spread over a task."""
    return sorted({round(i * (size - 1) / max(1, count - 1)) for i in range(min(size, count))})


def _whole(
    task: ScoringTask,
    pilot: Sequence[SampleScore],
    engine: Engine,
    name: str,
    progress: Callable[[str, int, int], None] | None,
) -> list[SampleScore]:
    """Scores of every doc, in order; those of the pilot are not paid twice."""
    done = dict(zip(_spread(len(task), PILOT), pilot, strict=True))
    rest = [doc for doc in range(len(task)) if doc not in done]

    def tell(so_far: int, _: int) -> None:
        if progress is not None:
            progress(f"{name}: {task.name}", so_far, len(rest))

    done |= dict(zip(rest, engine.score(task, rest, None, tell), strict=True))
    return [done[doc] for doc in range(len(task))]


def _kind(task: Any, doc: int) -> str | None:
    content = task.docs[doc] if hasattr(task, "docs") else None
    kind = content.get("kind") if isinstance(content, dict) else None
    return kind if isinstance(kind, str) else None


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
    low, high = wilson_interval(mean, len(values))
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


def wilson_interval(mean: float, samples: int) -> tuple[float, float]:
    """95% score interval of a share (Wilson 1927); for scores between 0 and 1 it is conservative.

    Raises ValueError for no samples.
    """
    if samples < 1:
        raise ValueError("an interval needs at least one sample")
    z2 = 1.959964**2
    middle = (mean + z2 / (2 * samples)) / (1 + z2 / samples)
    spread = (z2 * (mean * (1 - mean) / samples + z2 / (4 * samples**2))) ** 0.5
    half = spread / (1 + z2 / samples)
    return max(0.0, middle - half), min(1.0, middle + half)


def write_measure(measure: SuiteMeasure, folder: Path) -> Path:
    """Write `measured.json` into the folder.

    Raises SuiteError when the folder is not writable.
    """
    path = folder / MEASURED_NAME
    try:
        path.write_text(measure.model_dump_json(indent=1) + "\n", encoding="utf-8")
    except OSError as problem:
        raise SuiteError(
            f"{path} cannot be written ({problem.strerror}).", "Give another folder with --out."
        ) from problem
    return path


def read_measure(suite: Suite) -> SuiteMeasure | None:
    """The measure beside the suite; None when there is none, or it is of other data."""
    if suite.folder is None:
        return None
    try:
        text = (suite.folder / MEASURED_NAME).read_text(encoding="utf-8")
        found = SuiteMeasure.model_validate_json(text)
    except (OSError, ValueError, ValidationError):
        return None
    return found if found.content == content_digest(suite) else None
