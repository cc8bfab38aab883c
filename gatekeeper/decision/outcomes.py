"""Compare: paired samples and a policy in, one outcome per rule out. Pure.

All statistics are on the pairs of one capability. The scorer calls this between looks to find out
which capabilities are settled; the verdict is made by the same function, so that a check can be
recomputed from its evidence. How outcomes become a verdict is in `decide.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable

from gatekeeper.decision.one_rule import (
    Terms,
    bar,
    cap_on_lost,
    drift,
    forgetting,
    min_gain,
    terms_of,
)
from gatekeeper.evidence import Evidence, Pairs, Sampling
from gatekeeper.policy import ForgettingRule, LoadedPolicy, Policy, TaskRule
from gatekeeper.verdict import Outcome, RuleKind, RuleResult

__all__ = ["compare", "compare_pairs", "is_settled"]

Line = Callable[..., int | None]


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
        results += (drift(evidence.neutral_text, loaded.policy.max_kl, loaded.line("max_kl")),)
    return _adjusted(results)


def compare_pairs(
    pairs: Iterable[Pairs],
    policy: Policy,
    sampling: Sampling,
    *,
    candidates: int = 1,
    line: Line = lambda *_: None,
    intervals: bool = True,
    settled: Collection[str] = (),
) -> tuple[RuleResult, ...]:
    """Outcomes of the policy's sample-based rules; suites that were not scored give none.

    Capabilities named as `settled` count for the budget and are not assessed again.

    With several candidates in one check each is held to a stricter alpha, because the best of
    them will be picked. Without `intervals` only the outcomes count: what a look needs.
    """
    from gatekeeper.statistics import best_of_k_alpha

    alpha = best_of_k_alpha(policy.alpha, candidates)
    by_suite: dict[str, list[Pairs]] = {}
    for pair in pairs:
        by_suite.setdefault(pair.suite, []).append(pair)
    results: list[RuleResult] = []
    for index, task in enumerate(policy.task):
        measured = by_suite.get(task.suite, [])
        terms = terms_of(measured, sampling, alpha, intervals)
        several = len(measured) > 1
        asked = [p for p in measured if p.capability not in settled]
        results += _task_rules(task, asked, several, terms, ("task", index), line)
    for index, kept in enumerate(policy.forgetting):
        measured = [p for p in by_suite.get(kept.suite, []) if p.capability not in kept.skip]
        terms = terms_of(measured, sampling, alpha, intervals)
        asked = [p for p in measured if p.capability not in settled]
        results += _forgetting_rules(kept, asked, terms, ("forgetting", index), line)
    return tuple(results)


def is_settled(results: Iterable[RuleResult], suite: str, capability: str) -> bool:
    """True when no rule on this capability can ask for another sample.

    A capability without signal on the base is never settled early: signal may still appear.
    """
    mine = [r for r in results if r.suite == suite and r.capability == capability]
    return bool(mine) and all(r.outcome in (Outcome.PASS, Outcome.FAIL) for r in mine)


def _task_rules(
    rule: TaskRule,
    measured: list[Pairs],
    several: bool,
    terms: Terms,
    where: tuple[str, int],
    line: Line,
) -> list[RuleResult]:
    results = []
    for pairs in measured:
        stem = f"task.{rule.suite}" + (f".{pairs.capability}" if several else "")
        if rule.bar is not None:
            at = line(*where, "bar")
            results.append(bar(pairs, rule.bar, terms, f"{stem}.bar", at))
        if rule.min_gain is not None:
            at = line(*where, "min_gain")
            results.append(min_gain(pairs, rule.min_gain, terms, f"{stem}.min-gain", at))
    return results


def _forgetting_rules(
    rule: ForgettingRule, measured: list[Pairs], terms: Terms, where: tuple[str, int], line: Line
) -> list[RuleResult]:
    results = []
    for pairs in measured:
        stem = f"forgetting.{rule.suite}.{pairs.capability}"
        at = line(*where, "margins", pairs.capability) or line(*where, "margin")
        result = forgetting(pairs, rule.margin_of(pairs.capability), terms, stem, at)
        results.append(result)
        if rule.max_lost is not None and result.outcome is not Outcome.NO_SIGNAL:
            at = line(*where, "max_lost")
            results.append(cap_on_lost(pairs, rule.max_lost, terms, f"{stem}.lost", at))
    return results


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
