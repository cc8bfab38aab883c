"""Two checks side by side: what differs in their inputs, and in their outcomes. Pure.

When a verdict has changed, this is where to look: a different adapter, base, suite, policy, seed or
machine, or none of them. Whether one candidate is better than another is in `candidates.py`.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping

from gatekeeper.evidence.frozen import Frozen
from gatekeeper.verdict import Outcome, RuleResult, Verdict
from gatekeeper.verdict.recorded_check import RecordedCheck

__all__ = ["Change", "CheckDifference", "RuleChange", "difference"]


class Change(Frozen):
    """One thing that differs; None where one check has nothing of the kind."""

    what: str
    before: str | None
    after: str | None


class RuleChange(Frozen):
    """One rule whose outcome, estimate or limit differs."""

    rule: str
    before: RuleResult | None
    after: RuleResult | None

    @property
    def turned(self) -> bool:
        """The outcome changed, or only one of the policies has the rule."""
        return _outcome(self.before) is not _outcome(self.after)


class CheckDifference(Frozen):
    """Everything that differs between two checks."""

    schema_id: str = "gatekeeper/difference/v1"
    before: str
    after: str
    inputs: tuple[Change, ...]
    """Pins, draw and environment."""
    outcomes: tuple[Change, ...]
    """Decision, exit code, next step, reasons."""
    rules: tuple[RuleChange, ...]
    same_rules: int
    policy: tuple[str, ...]
    """Lines of a unified diff of the resolved policies."""


def difference(before: RecordedCheck, after: RecordedCheck) -> CheckDifference:
    """Compare two checks."""
    rules, same = _rules(before.verdict, after.verdict)
    return CheckDifference(
        before=before.check_id,
        after=after.check_id,
        inputs=tuple(_changes(_inputs(before), _inputs(after))),
        outcomes=tuple(_changes(_outcomes(before.verdict), _outcomes(after.verdict))),
        rules=rules,
        same_rules=same,
        policy=tuple(
            line.rstrip("\n")
            for line in difflib.unified_diff(
                before.policy_text.splitlines(),
                after.policy_text.splitlines(),
                before.check_id,
                after.check_id,
                n=1,
                lineterm="",
            )
        ),
    )


def _inputs(check: RecordedCheck) -> dict[str, str | None]:
    evidence, verdict = check.evidence, check.verdict
    base, candidate, manifest = evidence.base, evidence.candidate, evidence.training.manifest
    here = evidence.environment
    return {
        "candidate": candidate.name,
        "candidate digest": candidate.digest,
        "rank": None if candidate.rank is None else str(candidate.rank),
        "target modules": ", ".join(candidate.target_modules) or None,
        "base": base.name,
        "base digest": base.digest,
        "dtype": base.dtype,
        "quantization": base.quantization,
        **{f"suite {suite.name}": suite.digest for suite in evidence.suites},
        "policy": f"{verdict.policy_name} {verdict.policy_digest}",
        "training data": manifest.dataset_digest if manifest else None,
        "training seed": str(manifest.seed) if manifest else None,
        "seed of the draw": str(evidence.sampling.seed),
        "maximum samples": str(evidence.sampling.max_samples),
        "candidates at once": str(evidence.candidates_compared),
        "device": here.device,
        "platform": here.platform,
        "python": here.python,
        "gatekeeper": here.gatekeeper,
        **here.versions,
    }


def _outcomes(verdict: Verdict) -> dict[str, str | None]:
    return {
        "verdict": verdict.decision.value,
        "exit code": str(int(verdict.exit_code)),
        "next": verdict.next_step.action.value,
        "reasons": ", ".join(dict.fromkeys(reason.code.value for reason in verdict.reasons)),
    }


def _changes(before: Mapping[str, str | None], after: Mapping[str, str | None]) -> Iterator[Change]:
    for what in dict.fromkeys([*before, *after]):
        if before.get(what) != after.get(what):
            yield Change(what=what, before=before.get(what), after=after.get(what))


def _rules(before: Verdict, after: Verdict) -> tuple[tuple[RuleChange, ...], int]:
    """Rules that changed, those with a new outcome first, and how many did not change."""
    mine, theirs = ({r.rule: r for r in verdict.rules} for verdict in (before, after))
    names = list(dict.fromkeys([*mine, *theirs]))
    changed = [
        RuleChange(rule=name, before=mine.get(name), after=theirs.get(name))
        for name in names
        if _told(mine.get(name)) != _told(theirs.get(name))
    ]
    return tuple(sorted(changed, key=lambda each: not each.turned)), len(names) - len(changed)


def _told(rule: RuleResult | None) -> tuple[object, ...] | None:
    if rule is None:
        return None
    return rule.outcome, rule.estimate, rule.low, rule.high, rule.threshold, rule.samples


def _outcome(rule: RuleResult | None) -> Outcome | None:
    return rule.outcome if rule else None
