"""The verdict as plain ASCII lines for pipes, logs and grep. Stable: keys are never renamed."""

from __future__ import annotations

from collections.abc import Iterator

from gatekeeper.digests import short
from gatekeeper.report.terminal.strip import scale_of, strip
from gatekeeper.report.visible_text import one_line
from gatekeeper.report.wording import (
    duration,
    estimate_text,
    interval_text,
    limit_text,
    outcome_word,
    reason_text,
    rules_of,
)
from gatekeeper.verdict import RuleKind, Verdict
from gatekeeper.verdict.recorded_check import RecordedCheck

__all__ = ["plain_verdict"]


def plain_verdict(check: RecordedCheck, report_path: str | None = None) -> Iterator[str]:
    """Give the lines: facts as `key: value`, then one aligned line per rule."""
    evidence, verdict = check.evidence, check.verdict
    step, cost, candidate = verdict.next_step, evidence.cost, evidence.candidate
    yield _fact("verdict", verdict.decision.value)
    yield _fact("exit_code", str(int(verdict.exit_code)))
    yield _fact("candidate", candidate.name)
    yield _fact("digest", short(candidate.digest))
    yield _fact("base", f"{evidence.base.name} {short(evidence.base.digest)}")
    yield _fact("policy", verdict.policy_name)
    yield _fact("check", check.check_id)
    for reason in verdict.reasons:
        yield _fact("reason", f"{reason.code.value}: {reason_text(reason)}")
    yield _fact("next", f"{step.action.value}: {step.text}")
    if step.command:
        yield _fact("command", step.command)
    yield _fact(
        "cost",
        f"{duration(cost.seconds)}, {cost.samples_scored} scored, {cost.samples_cached} cached, "
        f"{cost.samples_saved} saved",
    )
    if report_path:
        yield _fact("report", report_path)
    yield from _table(verdict)


def _table(verdict: Verdict) -> Iterator[str]:
    if not verdict.rules:
        return
    scale = scale_of(rules_of(verdict.rules, RuleKind.FORGETTING))
    names = max(len(one_line(rule.rule)) for rule in verdict.rules)
    yield ""
    for rule in verdict.rules:
        drawn = strip(rule, scale, 21).rstrip() if rule.kind is RuleKind.FORGETTING else ""
        yield (
            f"{one_line(rule.rule):<{names}}  {outcome_word(rule):<12}  "
            f"{_ascii(estimate_text(rule)):>12}  {_ascii(interval_text(rule)):<16}  "
            f"{_ascii(limit_text(rule)):<12}  n={rule.samples:<6}{drawn}"
        ).rstrip()


def _fact(key: str, value: str) -> str:
    return f"{key + ':':<11}{one_line(value)}"


def _ascii(text: str) -> str:
    return text.replace("≥", ">=").replace("≤", "<=")
