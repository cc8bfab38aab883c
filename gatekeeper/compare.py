"""Compare: paired samples and a policy in, one outcome per rule out. Pure.

All statistics are on the pairs of one capability. The scorer calls this between looks to learn
which capabilities are settled; the verdict is made from the same function, so that a check can be
recomputed from its evidence. What a verdict makes of the outcomes is in `decision.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING

from gatekeeper.evidence import Evidence, NeutralText, Pairs, Role, Sampling
from gatekeeper.policy import ForgettingRule, LoadedPolicy, Policy, TaskRule
from gatekeeper.verdict import Outcome, RuleKind, RuleResult

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

__all__ = ["compare", "compare_pairs", "horizons", "is_settled", "roles"]

Line = Callable[..., int | None]


def horizons(available: Mapping[str, int], budget: int) -> dict[str, int]:
    """Most samples that each capability may be given, fixed before anything is scored.

    Twice the fair share: finished capabilities free their part for the unfinished ones, but the
    stopping boundary must know its horizon beforehand.
    """
    if not available:
        return {}
    fair = max(1, budget // len(available))
    return {name: min(pool, 2 * fair) for name, pool in available.items()}


def compare(evidence: Evidence, loaded: LoadedPolicy) -> tuple[RuleResult, ...]:
    """Outcomes of every rule of the policy on this evidence, in the policy's order."""
    results = compare_pairs(
        evidence.pairs,
        loaded.policy,
        evidence.sampling,
        candidates=evidence.candidates_compared,
        line=loaded.line,
    )
    if loaded.policy.max_kl is not None and evidence.neutral_text is not None:
        results += (_drift(evidence.neutral_text, loaded.policy.max_kl, loaded.line("max_kl")),)
    return _adjusted(results)


def compare_pairs(
    pairs: Iterable[Pairs],
    policy: Policy,
    sampling: Sampling,
    *,
    candidates: int = 1,
    line: Line = lambda *_: None,
) -> tuple[RuleResult, ...]:
    """Outcomes of the policy's sample-based rules; suites that were not scored give none.

    With several candidates in one check each is held to a stricter alpha, because the best of
    them will be picked.
    """
    from gatekeeper.statistics import best_of_k_alpha

    alpha = best_of_k_alpha(policy.alpha, candidates)
    by_suite: dict[str, list[Pairs]] = {}
    for pair in pairs:
        by_suite.setdefault(pair.suite, []).append(pair)
    results: list[RuleResult] = []
    for index, task in enumerate(policy.task):
        measured = by_suite.get(task.suite, [])
        results += _task_rules(task, measured, sampling, alpha, ("task", index), line)
    for index, forgetting in enumerate(policy.forgetting):
        measured = by_suite.get(forgetting.suite, [])
        results += _forgetting_rules(
            forgetting, measured, sampling, alpha, ("forgetting", index), line
        )
    return tuple(results)


def is_settled(results: Iterable[RuleResult], suite: str, capability: str) -> bool:
    """True when no further sample can be asked for by any rule on this capability.

    A capability without signal on the base is never settled early: signal may still appear.
    """
    mine = [r for r in results if r.suite == suite and r.capability == capability]
    return bool(mine) and all(r.outcome in (Outcome.PASS, Outcome.FAIL) for r in mine)


def _task_rules(
    rule: TaskRule,
    measured: Sequence[Pairs],
    sampling: Sampling,
    alpha: float,
    where: tuple[str, int],
    line: Line,
) -> list[RuleResult]:
    results = []
    limits = _horizons_of(measured, sampling)
    for pairs in measured:
        stem = f"task.{rule.suite}" + (f".{pairs.capability}" if len(measured) > 1 else "")
        if rule.bar is not None:
            results.append(
                _assessed(
                    pairs, f"{stem}.bar", RuleKind.BAR, _array(pairs.candidate), rule.bar,
                    sampling, alpha, limits[pairs.capability], line(*where, "bar"), floor=0.0,
                )
            )  # fmt: skip
        if rule.min_gain is not None:
            results.append(
                _assessed(
                    pairs, f"{stem}.min-gain", RuleKind.MIN_GAIN, _differences(pairs),
                    rule.min_gain, sampling, alpha, limits[pairs.capability],
                    line(*where, "min_gain"),
                )
            )  # fmt: skip
    return results


def _forgetting_rules(
    rule: ForgettingRule,
    measured: Sequence[Pairs],
    sampling: Sampling,
    alpha: float,
    where: tuple[str, int],
    line: Line,
) -> list[RuleResult]:
    from gatekeeper.statistics import has_signal

    results = []
    asked = [pairs for pairs in measured if pairs.capability not in rule.skip]
    limits = _horizons_of(asked, sampling)
    for pairs in asked:
        stem = f"forgetting.{rule.suite}.{pairs.capability}"
        margin_line = line(*where, "margins", pairs.capability) or line(*where, "margin")
        result = _assessed(
            pairs, stem, RuleKind.FORGETTING, _differences(pairs),
            -rule.margin_of(pairs.capability), sampling, alpha, limits[pairs.capability],
            margin_line,
        )  # fmt: skip
        signal = bool(pairs.base) and has_signal(_array(pairs.base), pairs.chance or 0.0, alpha)
        # A loss that was shown was a signal; a pass without one would be "nothing was lost of
        # nothing".
        if pairs.base and not signal and result.outcome is not Outcome.FAIL:
            result = result.model_copy(update={"outcome": Outcome.NO_SIGNAL, "settled_at": None})
        results.append(result)
        if rule.max_lost is not None and result.outcome is not Outcome.NO_SIGNAL:
            results.append(
                _cap_on_lost(
                    pairs, f"{stem}.lost", rule.max_lost, sampling, alpha,
                    limits[pairs.capability], line(*where, "max_lost"),
                )
            )  # fmt: skip
    return results


def _assessed(
    pairs: Pairs,
    rule: str,
    kind: RuleKind,
    values: NDArray[np.float64],
    threshold: float,
    sampling: Sampling,
    alpha: float,
    horizon: int,
    line: int | None,
    floor: float = -1.0,
) -> RuleResult:
    """One mean against one threshold. Values lie in [floor, 1]."""
    from gatekeeper.statistics import assess, samples_needed

    lost, gained = _flips(pairs)
    if not len(values):
        return RuleResult(
            rule=rule, kind=kind, suite=pairs.suite, capability=pairs.capability,
            outcome=Outcome.INCONCLUSIVE, estimate=None, low=None, high=None,
            threshold=threshold, base_score=None, candidate_score=None, samples=0,
            available=pairs.available, policy_line=line,
        )  # fmt: skip
    found = assess(
        values,
        threshold,
        looks=_looks(len(values), horizon, sampling),
        horizon=max(horizon, len(values)),
        alpha=alpha,
        low=floor,
        high=1.0,
    )
    outcome = Outcome(found.outcome)
    needed = None
    if outcome is Outcome.INCONCLUSIVE:
        needed = samples_needed(
            threshold, found.estimate, variance=float(values.var()), alpha=alpha
        )
    return RuleResult(
        rule=rule,
        kind=kind,
        suite=pairs.suite,
        capability=pairs.capability,
        outcome=outcome,
        estimate=found.estimate,
        low=found.low,
        high=found.high,
        threshold=threshold,
        base_score=float(_array(pairs.base).mean()),
        candidate_score=float(_array(pairs.candidate).mean()),
        samples=len(values),
        available=pairs.available,
        settled_at=found.settled_at,
        p_value=found.p_value,
        lost=lost,
        gained=gained,
        needed=needed,
        policy_line=line,
    )


def _cap_on_lost(
    pairs: Pairs,
    rule: str,
    most: float,
    sampling: Sampling,
    alpha: float,
    horizon: int,
    line: int | None,
) -> RuleResult:
    """Share of samples that flipped from right to wrong, shown to be under a cap."""
    lost = (_array(pairs.base) >= 0.5) & (_array(pairs.candidate) < 0.5)
    result = _assessed(
        pairs, rule, RuleKind.FLIPS, -lost.astype(float), -most, sampling, alpha, horizon, line
    )

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


def _drift(text: NeutralText, most: float, line: int | None) -> RuleResult:
    """KL on neutral text against its cap: a point estimate over thousands of tokens."""
    return RuleResult(
        rule="neutral-text.kl", kind=RuleKind.KL, suite="neutral-text",
        capability="neutral text",
        outcome=Outcome.PASS if text.kl <= most else Outcome.FAIL,
        estimate=text.kl, low=None, high=None, threshold=most, base_score=None,
        candidate_score=None, samples=text.tokens, available=text.tokens, policy_line=line,
    )  # fmt: skip


def _adjusted(results: tuple[RuleResult, ...]) -> tuple[RuleResult, ...]:
    """Holm over the forgetting rules: for claims of regression in reports, not for passing."""
    from gatekeeper.statistics import holm

    rules = [r.rule for r in results if r.kind is RuleKind.FORGETTING and r.p_value is not None]
    values = [r.p_value for r in results if r.rule in rules and r.p_value is not None]
    adjusted = dict(zip(rules, holm(values), strict=True))
    return tuple(
        r.model_copy(update={"p_adjusted": adjusted[r.rule]}) if r.rule in adjusted else r
        for r in results
    )


def _horizons_of(measured: Iterable[Pairs], sampling: Sampling) -> dict[str, int]:
    return horizons({pairs.capability: pairs.available for pairs in measured}, sampling.max_samples)


def _looks(samples: int, horizon: int, sampling: Sampling) -> tuple[int, ...]:
    from gatekeeper.statistics import look_schedule

    planned = [
        look
        for look in look_schedule(max(horizon, samples), sampling.look_every)
        if look <= samples
    ]
    return tuple(planned) if planned and planned[-1] == samples else (*planned, samples)


def _flips(pairs: Pairs) -> tuple[int, int]:
    before, after = _array(pairs.base) >= 0.5, _array(pairs.candidate) >= 0.5
    return int((before & ~after).sum()), int((~before & after).sum())


def _differences(pairs: Pairs) -> NDArray[np.float64]:
    return _array(pairs.candidate) - _array(pairs.base)


def _array(values: Sequence[float]) -> NDArray[np.float64]:
    import numpy as np

    return np.asarray(values, dtype=np.float64)


def roles(policy: Policy) -> dict[str, Role]:
    """Suites that the policy names, with their purpose."""
    return {rule.suite: Role.TASK for rule in policy.task} | {
        rule.suite: Role.FORGETTING for rule in policy.forgetting
    }
