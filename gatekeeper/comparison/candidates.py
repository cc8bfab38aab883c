"""Two candidates on the samples that both were scored on: what differs, and is it shown? Pure.

The same statistics as in a check, between two candidates instead of base and candidate. Where the
number of samples was fixed in advance (a whole pool, or the files of a finished run) and scores
are right or wrong, McNemar's exact test is used; where a check may have stopped early, the tests
that are valid at every look.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Literal

from gatekeeper.errors import ConfigError
from gatekeeper.evidence import Evidence, Pairs
from gatekeeper.evidence.frozen import Frozen
from gatekeeper.statistics.schedule import horizons

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = [
    "Advantage",
    "Comparison",
    "Contrast",
    "SharedSamples",
    "compare_candidates",
    "contrasts",
    "shared_samples",
]


class Advantage(StrEnum):
    """Of the second candidate over the first, in one capability."""

    BETTER = "better"
    WORSE = "worse"
    OPEN = "open"
    """No difference is shown; the interval says how large one could still be."""


@dataclass(frozen=True, slots=True)
class SharedSamples:
    """Scores of two candidates on the same samples of one capability, in [0, 1]."""

    suite: str
    capability: str
    metric: str
    first: tuple[float, ...]
    second: tuple[float, ...]
    looks: tuple[int, ...] = ()
    """Sample counts of the looks; empty when the number was fixed in advance."""
    horizon: int = 0
    left_out: int = 0
    """Samples that only one of the two was scored on."""


class Contrast(Frozen):
    """One capability: second minus first, as shares."""

    suite: str
    capability: str
    metric: str
    samples: int
    first_score: float
    second_score: float
    estimate: float
    low: float
    high: float
    """Ends of the 1 - alpha interval of `estimate`."""
    p_value: float
    p_adjusted: float
    """Holm-adjusted over all capabilities of the comparison, two-sided."""
    only_first: int
    """Samples that only the first got right."""
    only_second: int
    method: Literal["exact", "any-time"]
    advantage: Advantage
    left_out: int = 0


class Comparison(Frozen):
    """Two candidates, capability by capability."""

    schema_id: str = "gatekeeper/comparison/v1"
    first: str
    second: str
    alpha: float
    contrasts: tuple[Contrast, ...]
    notes: tuple[str, ...] = ()


def compare_candidates(
    first: Evidence, second: Evidence, names: tuple[str, str], *, alpha: float = 0.05
) -> Comparison:
    """Compare two checked candidates. Raises ConfigError when they share no sample."""
    shared, notes = shared_samples(first, second)
    return Comparison(
        first=names[0],
        second=names[1],
        alpha=alpha,
        contrasts=contrasts(shared, alpha=alpha),
        notes=tuple(notes),
    )


def shared_samples(first: Evidence, second: Evidence) -> tuple[list[SharedSamples], list[str]]:
    """Samples that both were scored on, and what the reader must know about the rest.

    Only suites with the same digest are shared: the same name with other data is a different suite.
    Raises ConfigError when nothing is left.
    """
    mine = {suite.name: suite.digest for suite in first.suites}
    theirs = {suite.name: suite.digest for suite in second.suites}
    notes = [
        f"Suite {name} is not compared: its files differ between the two checks."
        for name in mine
        if name in theirs and mine[name] != theirs[name]
    ]
    if first.base.digest != second.base.digest:
        notes.append(
            f"The two have different bases ({first.base.name}, {second.base.name}), so the "
            "difference is that of base and adapter together."
        )
    elif first.environment != second.environment:
        notes.append(
            "The two were scored on different machines or versions, so near-ties may flip."
        )
    others = {(pairs.suite, pairs.capability): pairs for pairs in second.pairs}
    found = []
    for pairs in first.pairs:
        other = others.get((pairs.suite, pairs.capability))
        if other is None or mine.get(pairs.suite) != theirs.get(pairs.suite):
            continue
        joined = _joined(pairs, other, _horizon(first, pairs), first.sampling.look_every)
        if joined.first:
            found.append(joined)
    if not found:
        raise ConfigError(
            "The two checks have no samples in common.",
            "Check both with the same policy and seed." + (f" {notes[0]}" if notes else ""),
        )
    return found, notes


def contrasts(shared: Iterable[SharedSamples], *, alpha: float) -> tuple[Contrast, ...]:
    """Contrast every capability; claims are Holm-adjusted over all of them."""
    from gatekeeper.statistics import holm

    rows = [_contrast(each, alpha) for each in shared]
    adjusted = holm([row.p_value for row in rows])
    return tuple(
        row.model_copy(update={"p_adjusted": p, "advantage": _advantage(row, p, alpha)})
        for row, p in zip(rows, adjusted, strict=True)
    )


def _advantage(row: Contrast, p_adjusted: float, alpha: float) -> Advantage:
    if p_adjusted > alpha or row.estimate == 0:
        return Advantage.OPEN
    return Advantage.BETTER if row.estimate > 0 else Advantage.WORSE


def _horizon(evidence: Evidence, pairs: Pairs) -> int:
    pools = {p.capability: p.available for p in evidence.pairs if p.suite == pairs.suite}
    return horizons(pools, evidence.sampling.max_samples)[pairs.capability]


def _joined(first: Pairs, second: Pairs, horizon: int, look_every: int) -> SharedSamples:
    """Join by sample id, in the order in which the first was drawn."""
    from gatekeeper.statistics import look_schedule

    theirs = dict(zip(second.sample_ids, second.candidate, strict=True))
    both = [
        (score, theirs[sample])
        for sample, score in zip(first.sample_ids, first.candidate, strict=True)
        if sample in theirs
    ]
    count = len(both)
    looks: tuple[int, ...] = ()
    if count < first.available:
        horizon = max(horizon, count)
        planned = (look for look in look_schedule(horizon, look_every) if look < count)
        looks = (*planned, count)
    return SharedSamples(
        suite=first.suite,
        capability=first.capability,
        metric=first.metric,
        first=tuple(a for a, _ in both),
        second=tuple(b for _, b in both),
        looks=looks,
        horizon=horizon,
        left_out=len(first.sample_ids) + len(second.sample_ids) - 2 * count,
    )


def _contrast(shared: SharedSamples, alpha: float) -> Contrast:
    import numpy as np

    first, second = np.asarray(shared.first), np.asarray(shared.second)
    only_first = int(((first >= 0.5) & (second < 0.5)).sum())
    only_second = int(((first < 0.5) & (second >= 0.5)).sum())
    exact = not shared.looks and bool(np.isin(np.concatenate([first, second]), (0.0, 1.0)).all())
    low, high, p_value = (
        _exact(only_first, only_second, len(first), alpha)
        if exact
        else _any_time(second - first, shared, alpha)
    )
    return Contrast(
        suite=shared.suite,
        capability=shared.capability,
        metric=shared.metric,
        samples=len(first),
        first_score=float(first.mean()),
        second_score=float(second.mean()),
        estimate=float((second - first).mean()),
        low=low,
        high=high,
        p_value=p_value,
        p_adjusted=p_value,
        only_first=only_first,
        only_second=only_second,
        method="exact" if exact else "any-time",
        advantage=Advantage.OPEN,
        left_out=shared.left_out,
    )


def _exact(
    only_first: int, only_second: int, samples: int, alpha: float
) -> tuple[float, float, float]:
    from gatekeeper.statistics.mcnemar import mcnemar

    found = mcnemar(only_first, only_second, samples, alpha=alpha)
    return found.low, found.high, found.p_value


def _any_time(
    differences: NDArray[np.float64], shared: SharedSamples, alpha: float
) -> tuple[float, float, float]:
    """Two one-sided tests at half of alpha each; the p-value is twice the smaller one."""
    from gatekeeper.statistics import Looks, MeanTest, assess

    samples = len(differences)
    looks = Looks(shared.looks or (samples,), max(shared.horizon, samples))
    test = MeanTest(threshold=0.0, alpha=alpha / 2)
    worse, better = assess(differences, test, looks), assess(-differences, test, looks)
    return worse.low, worse.high, min(1.0, 2.0 * min(worse.p_value, better.p_value))
