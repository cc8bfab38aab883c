"""Score suites in looks: base and candidate on the same docs, until every rule is settled.

The only loop of a check. It owns the order of the docs and when to stop; what a score is belongs
to the engine, what settles a rule to `decision/outcomes.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Generic, Literal

from gatekeeper.check.bench import Bench
from gatekeeper.decision.outcomes import compare_pairs, is_settled
from gatekeeper.evidence import Pairs, SampleRecord, Sampling
from gatekeeper.scoring.interface import Engine, SampleScore, Task
from gatekeeper.statistics.schedule import horizons
from gatekeeper.suite import Capability, Suite
from gatekeeper.suite.draw import draw, one_per_group, window
from gatekeeper.verdict import Outcome, RuleKind, RuleResult

__all__ = ["SuiteRun", "SuiteScores", "score_suites"]


@dataclass
class _Column(Generic[Task]):
    """One capability while it is being scored."""

    capability: Capability
    tasks: Mapping[str, Task]
    order: list[tuple[str, int]]
    horizon: int
    base: list[SampleScore] = field(default_factory=list)
    candidate: list[SampleScore] = field(default_factory=list)
    settled: bool = False

    @property
    def done(self) -> int:
        return len(self.base)


@dataclass(frozen=True)
class SuiteScores:
    """What scoring one suite gave."""

    pairs: tuple[Pairs, ...]
    records: tuple[SampleRecord, ...]
    tokens: int
    cached: int
    scored: int
    saved: int
    """Samples (both arms) that early stopping saved."""


class SuiteRun(Generic[Task]):
    """One suite being scored for one candidate (None: the base against itself), look by look."""

    def __init__(self, suite: Suite, bench: Bench[Task], candidate: str | None) -> None:
        self.suite = suite
        self.failed = False
        """Whether a rule has failed for certain."""
        self._request, self._progress = bench.request, bench.progress
        self._engines, self._candidate = bench.engines, candidate
        self._policy, sampling = bench.request.policy.policy, bench.request.sampling
        rules = [rule for rule in self._policy.forgetting if rule.suite == suite.name]
        skipped = {name for rule in rules for name in rule.skip}
        self._columns = [
            _column(capability, bench.tasks[suite.name][capability.name], sampling)
            for capability in suite.capabilities
            if capability.name not in skipped
        ]
        sizes = {column.capability.name: len(column.order) for column in self._columns}
        limits = horizons(sizes, sampling.max_samples)
        for column in self._columns:
            column.horizon = limits[column.capability.name]
        self._budget = min(sampling.max_samples, sum(limits.values()))
        self._used = 0
        self._progress.suite(suite.name, self._budget)

    def look(self) -> bool:
        """Score the next samples of every open capability; False when there was nothing to do.

        A capability is closed when all its rules are settled, the suite at the sample budget.
        """
        open_columns = [c for c in self._columns if not c.settled and c.done < c.horizon]
        if not open_columns or self._used >= self._budget:
            return False
        for column in open_columns:
            every = self._request.sampling.look_every
            step = min(every, column.horizon - column.done, self._budget - self._used)
            if step <= 0:
                continue
            for scored in _extend(column, self._engines, self._candidate, step):
                self._tell(self._used + scored)
            self._used += step
            self._tell(self._used)
        results = compare_pairs(
            [_pairs(self.suite, column) for column in self._columns],
            self._policy,
            self._request.sampling,
            candidates=self._request.competing,
            intervals=False,
            settled=[c.capability.name for c in self._columns if c.settled],
        )
        for column in self._columns:
            name = column.capability.name
            column.settled = column.settled or is_settled(results, self.suite.name, name)
        self._tell(self._used)
        self.failed = self.failed or _certain_failure(results, self.suite.name)
        return True

    def end(self) -> SuiteScores:
        """What was scored; there will be no further looks."""
        self._progress.suite_done(self.suite.name)
        both = [score for c in self._columns for score in (*c.base, *c.candidate)]
        return SuiteScores(
            pairs=tuple(_pairs(self.suite, column) for column in self._columns),
            records=tuple(r for column in self._columns for r in _records(self.suite, column)),
            tokens=sum(score.tokens for score in both if not score.cached),
            cached=sum(score.cached for score in both),
            scored=sum(not score.cached for score in both),
            saved=2 * (self._budget - self._used),
        )

    def _tell(self, used: int) -> None:
        pairs = [pair for column in self._columns for pair in _scored(column)]
        differences = [candidate.score - base.score for base, candidate in pairs]
        self._progress.scored(
            self.suite.name,
            used,
            sum(column.settled for column in self._columns),
            len(self._columns),
            sum(differences) / len(differences) if differences else 0.0,
        )


def score_suites(
    runs: Iterable[SuiteRun[Task]], on_fail: Literal["complete", "stop"]
) -> list[SuiteScores]:
    """Score suites to their end, one after the other.

    To "stop" at the first certain failure they are looked at in turn instead: the loss that ends
    the check need not wait until a task is settled. Each suite gets at least one look.
    """
    if on_fail == "stop":
        started = list(runs)
        going = started
        while going and not any(run.failed for run in started):
            going = [run for run in going if run.look()]
        return [run.end() for run in started]
    scores = []
    for run in runs:
        while run.look():
            pass
        scores.append(run.end())
    return scores


def _column(capability: Capability, tasks: Sequence[Task], sampling: Sampling) -> _Column[Task]:
    named = {task.name: task for task in tasks}
    order = draw({name: len(task) for name, task in named.items()}, sampling.seed)
    alone = one_per_group(order, lambda name, doc: named[name].group(doc))
    return _Column(
        capability=capability, tasks=named, order=window(alone, sampling.window), horizon=0
    )


def _extend(
    column: _Column[Task],
    engines: tuple[Engine[Task], Engine[Task]],
    candidate: str | None,
    step: int,
) -> Iterator[int]:
    """Score the next docs with both arms, task by task, in the same packing.

    Yields the pairs so far after each task and arm: a score of one arm is half a pair.
    """
    chosen = column.order[column.done : column.done + step]
    by_arm: list[dict[tuple[str, int], SampleScore]] = []
    for engine, arm in zip(engines, (None, candidate), strict=True):
        found: dict[tuple[str, int], SampleScore] = {}
        for name, task in column.tasks.items():
            docs = [doc for task_name, doc in chosen if task_name == name]
            if docs:
                scores = engine.score(task, docs, arm)
                found.update({(name, doc): s for doc, s in zip(docs, scores, strict=True)})
                yield (len(found) + sum(map(len, by_arm))) // 2
        by_arm.append(found)
    column.base += [by_arm[0][key] for key in chosen]
    column.candidate += [by_arm[1][key] for key in chosen]


def _scored(column: _Column[Task]) -> list[tuple[SampleScore, SampleScore]]:
    """Pairs without an error on either side."""
    pairs = zip(column.base, column.candidate, strict=True)
    return [(b, c) for b, c in pairs if b.error is None and c.error is None]


def _pairs(suite: Suite, column: _Column[Task]) -> Pairs:
    scored = _scored(column)
    chances = [task.chance for task in column.capability.tasks]
    known = [chance for chance in chances if chance is not None]
    return Pairs(
        suite=suite.name,
        role=suite.role,
        capability=column.capability.name,
        metric=", ".join(sorted({task.metric for task in column.capability.tasks})),
        chance=sum(known) / len(known) if len(known) == len(chances) else None,
        available=len(column.order),
        sample_ids=tuple(base.sample_id for base, _ in scored),
        base=tuple(base.score for base, _ in scored),
        candidate=tuple(candidate.score for _, candidate in scored),
        errors=len(column.base) - len(scored),
    )


def _records(suite: Suite, column: _Column[Task]) -> list[SampleRecord]:
    return [
        SampleRecord(
            suite=suite.name,
            capability=column.capability.name,
            task=base.sample_id.rsplit("/", 1)[0],
            sample_id=base.sample_id,
            question=base.question,
            gold=base.gold,
            base_answer=base.answer,
            candidate_answer=candidate.answer,
            base_score=base.score,
            candidate_score=candidate.score,
            error=base.error or candidate.error,
        )
        for base, candidate in zip(column.base, column.candidate, strict=True)
    ]


def _certain_failure(results: tuple[RuleResult, ...], suite: str) -> bool:
    return any(
        r.suite == suite and r.outcome is Outcome.FAIL and r.kind is not RuleKind.KL
        for r in results
    )
