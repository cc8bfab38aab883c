"""One rule on one capability: paired samples in, an outcome with its estimate and interval out.

Pure. Which rules there are is in `outcomes.py`; the tests themselves are in `statistics/`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gatekeeper.evidence import NeutralText, Pairs, Sampling
from gatekeeper.verdict import Outcome, RuleKind, RuleResult

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from gatekeeper.statistics import Looks, MeanTest

__all__ = ["Terms", "bar", "cap_on_lost", "drift", "forgetting", "min_gain", "terms_of"]


@dataclass(frozen=True)
class Terms:
    """The terms on which the capabilities of one suite are looked at; shared by all its rules."""

    look_every: int
    alpha: float
    horizons: Mapping[str, int]
    """Maximum number of samples for each capability."""
    exhausted: bool
    """The suite's budget is spent, so what is open now stays open."""
    intervals: bool = True


@dataclass(frozen=True)
class Question:
    """One rule on one capability: is a mean above its threshold? Values in [lowest, highest]."""

    rule: str
    kind: RuleKind
    threshold: float
    line: int | None
    """In the policy's file."""
    lowest: float = -1.0
    highest: float = 1.0

    def test(self, alpha: float) -> MeanTest:
        """The question as `statistics` takes it."""
        from gatekeeper.statistics import MeanTest

        return MeanTest(self.threshold, alpha, self.lowest, self.highest)


def terms_of(measured: Iterable[Pairs], sampling: Sampling, alpha: float, intervals: bool) -> Terms:
    """The terms of one suite, from how its samples were drawn."""
    from gatekeeper.statistics import horizons

    measured = tuple(measured)
    most = horizons({p.capability: p.available for p in measured}, sampling.max_samples)
    used = sum(len(p.base) + p.errors for p in measured)
    return Terms(
        look_every=sampling.look_every,
        alpha=alpha,
        horizons=most,
        exhausted=used >= min(sampling.max_samples, sum(most.values())),
        intervals=intervals,
    )


def bar(pairs: Pairs, limit: float, terms: Terms, rule: str, line: int | None) -> RuleResult:
    """The candidate's own score must be shown to reach the bar."""
    question = Question(rule, RuleKind.BAR, limit, line, lowest=0.0)
    return _assessed(pairs, _array(pairs.candidate), question, terms)


def min_gain(pairs: Pairs, gain: float, terms: Terms, rule: str, line: int | None) -> RuleResult:
    """The candidate must be shown to beat the base by this much."""
    question = Question(rule, RuleKind.MIN_GAIN, gain, line)
    return _assessed(pairs, _differences(pairs), question, terms)


def forgetting(
    pairs: Pairs, margin: float, terms: Terms, rule: str, line: int | None
) -> RuleResult:
    """The loss must be shown to be smaller than the margin, where there is something to lose."""
    from gatekeeper.statistics import has_signal

    question = Question(rule, RuleKind.FORGETTING, -margin, line)
    result = _assessed(pairs, _differences(pairs), question, terms)
    signal = bool(pairs.base) and has_signal(_array(pairs.base), pairs.chance or 0.0, terms.alpha)
    # A loss that was shown was a signal; a pass without one would be "nothing was lost of
    # nothing".
    if pairs.base and not signal and result.outcome is not Outcome.FAIL:
        return result.model_copy(update={"outcome": Outcome.NO_SIGNAL, "settled_at": None})
    return result


def cap_on_lost(pairs: Pairs, most: float, terms: Terms, rule: str, line: int | None) -> RuleResult:
    """Share of samples that flipped from right to wrong, shown to be under a cap."""
    lost = (_array(pairs.base) >= 0.5) & (_array(pairs.candidate) < 0.5)
    question = Question(rule, RuleKind.FLIPS, -most, line, highest=0.0)
    result = _assessed(pairs, -lost.astype(float), question, terms)

    def turned(value: float | None) -> float | None:
        return None if value is None else -value + 0.0

    return result.model_copy(
        update={
            "estimate": turned(result.estimate),
            "low": turned(result.high),
            "high": turned(result.low),
            "threshold": most,
        }
    )


def drift(text: NeutralText, most: float, line: int | None) -> RuleResult:
    """KL on neutral text against its cap: a point estimate over thousands of tokens."""
    return RuleResult(
        rule="neutral-text.kl", kind=RuleKind.KL, suite="neutral-text",
        capability="neutral text",
        outcome=Outcome.PASS if text.kl <= most else Outcome.FAIL,
        estimate=text.kl, low=None, high=None, threshold=most, base_score=None,
        candidate_score=None, samples=text.tokens, available=text.tokens, policy_line=line,
    )  # fmt: skip


def _assessed(
    pairs: Pairs, values: NDArray[np.float64], question: Question, terms: Terms
) -> RuleResult:
    """One mean against one threshold."""
    from gatekeeper.statistics import assess

    if not len(values):
        return RuleResult(
            rule=question.rule, kind=question.kind, suite=pairs.suite, capability=pairs.capability,
            outcome=Outcome.INCONCLUSIVE, estimate=None, low=None, high=None,
            threshold=question.threshold, base_score=None, candidate_score=None, samples=0,
            available=pairs.available, policy_line=question.line,
        )  # fmt: skip
    test = question.test(terms.alpha)
    found = assess(values, test, _looks(pairs, len(values), terms), intervals=terms.intervals)
    before, after = _array(pairs.base) >= 0.5, _array(pairs.candidate) >= 0.5
    return RuleResult(
        rule=question.rule,
        kind=question.kind,
        suite=pairs.suite,
        capability=pairs.capability,
        outcome=Outcome(found.outcome),
        estimate=found.estimate,
        low=found.low,
        high=found.high,
        threshold=question.threshold,
        base_score=float(_array(pairs.base).mean()),
        candidate_score=float(_array(pairs.candidate).mean()),
        samples=len(values),
        available=pairs.available,
        settled_at=found.settled_at,
        p_value=found.p_value,
        lost=int((before & ~after).sum()),
        gained=int((~before & after).sum()),
        needed=_needed(values, test) if found.outcome == "inconclusive" else None,
        policy_line=question.line,
    )


def _needed(values: NDArray[np.float64], test: MeanTest) -> int | None:
    """Total samples that would settle it if the rest were like those seen so far."""
    import numpy as np

    from gatekeeper.statistics import samples_needed

    distinct, counts = np.unique(values, return_counts=True)
    return samples_needed(distinct, counts / len(values), test)


def _looks(pairs: Pairs, samples: int, terms: Terms) -> Looks:
    """The looks that were taken, from how the samples were drawn."""
    from gatekeeper.statistics import Looks, look_schedule

    horizon = max(terms.horizons[pairs.capability], samples)
    # Samples that could not be scored count as used: they will not be replaced.
    ended = terms.exhausted or samples + pairs.errors >= horizon
    planned = look_schedule(horizon, terms.look_every)
    at = tuple(look for look in planned if look <= samples)
    last = (samples,) if ended and samples not in at else ()
    return Looks((*at, *last), horizon, ended)


def _differences(pairs: Pairs) -> NDArray[np.float64]:
    return _array(pairs.candidate) - _array(pairs.base)


def _array(values: Sequence[float]) -> NDArray[np.float64]:
    import numpy as np

    return np.asarray(values, dtype=np.float64)
