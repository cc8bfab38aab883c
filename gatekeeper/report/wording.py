"""Words and numbers that all formats share: outcomes, points, intervals, durations, the headline.

Rendering only. Scores are shares in [0, 1]; people read them as percentages, differences in points.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from gatekeeper.errors import ExitCode
from gatekeeper.evidence import Evidence
from gatekeeper.report.visible_text import clip, one_line
from gatekeeper.verdict import Decision, Outcome, Reason, ReasonCode, RuleKind, RuleResult, Verdict
from gatekeeper.verdict.blocking import blocks
from gatekeeper.verdict.reason_sentences import DECISION_TEXT, render_reason, still_needed
from gatekeeper.verdict.recorded_check import RecordedCheck

__all__ = [
    "MARKS",
    "deciding_reason",
    "duration",
    "estimate_text",
    "headline",
    "interval_text",
    "limit_text",
    "name_of",
    "noise_text",
    "outcome_word",
    "percent",
    "points",
    "reason_text",
    "reason_texts",
    "rules_of",
    "verdict_word",
    "when",
]

MARKS = {
    Outcome.PASS: "✓",
    Outcome.FAIL: "✗",
    Outcome.INCONCLUSIVE: "?",
    Outcome.NO_SIGNAL: "·",
}

_KEPT = {
    Outcome.PASS: "retained",
    Outcome.FAIL: "lost",
    Outcome.INCONCLUSIVE: "inconclusive",
    Outcome.NO_SIGNAL: "no signal",
}
_REACHED = {**_KEPT, Outcome.PASS: "reached", Outcome.FAIL: "missed"}
_WITHIN = {**_KEPT, Outcome.PASS: "within", Outcome.FAIL: "over"}

_OPEN = frozenset({ReasonCode.INCONCLUSIVE, ReasonCode.NO_SIGNAL})


def outcome_word(rule: RuleResult) -> str:
    """`retained`, `lost`, `reached`, `missed`, ...: the outcome in the words of the rule."""
    if rule.kind in (RuleKind.BAR, RuleKind.MIN_GAIN):
        return _REACHED[rule.outcome]
    if rule.kind is RuleKind.FORGETTING:
        return _KEPT[rule.outcome]
    return _WITHIN[rule.outcome]


def percent(share: float | None) -> str:
    """A score: `87.5%`."""
    return "-" if share is None else f"{100 * share:.1f}%"


def points(difference: float | None) -> str:
    """A difference of scores: `-3.2`, in percentage points."""
    if difference is None:
        return "-"
    rounded = round(100 * difference, 1)
    return f"{rounded + 0.0:+.1f}" if rounded else "0.0"


def _value(rule: RuleResult, value: float | None) -> str:
    if value is None:
        return "-"
    if rule.kind is RuleKind.KL:
        return f"{value:.3f}"
    if rule.kind in (RuleKind.BAR, RuleKind.FLIPS):
        return f"{100 * value:.1f}"
    return points(value)


def estimate_text(rule: RuleResult) -> str:
    """The estimate with its unit: `87.5%`, `-3.2 pts`, `0.041 nats`."""
    if rule.estimate is None:
        return "not measured"
    unit = {RuleKind.BAR: "%", RuleKind.FLIPS: "%", RuleKind.KL: " nats"}.get(rule.kind, " pts")
    return _value(rule, rule.estimate) + unit


def interval_text(rule: RuleResult) -> str:
    """`[-5.1, -1.3]` in the unit of the rule; empty when there is no interval."""
    if rule.low is None or rule.high is None:
        return ""
    return f"[{_value(rule, rule.low)}, {_value(rule, rule.high)}]"


def limit_text(rule: RuleResult) -> str:
    """What the estimate must be shown to reach or keep: `≥ 85.0%`, `> -5.0 pts`, `≤ 2.0%`."""
    sign = "≤" if rule.kind in (RuleKind.FLIPS, RuleKind.KL) else "≥"
    unit = {RuleKind.BAR: "%", RuleKind.FLIPS: "%", RuleKind.KL: " nats"}.get(rule.kind, " pts")
    return f"{sign} {_value(rule, rule.threshold)}{unit}"


def name_of(rule: RuleResult) -> str:
    """What a row about this rule is called."""
    return {
        RuleKind.BAR: f"{rule.suite}: score",
        RuleKind.MIN_GAIN: f"{rule.suite}: gain",
        RuleKind.FORGETTING: rule.capability,
        RuleKind.FLIPS: f"{rule.capability}: lost flips",
        RuleKind.KL: "neutral text: drift",
    }[rule.kind]


def rules_of(rules: Iterable[RuleResult], *kinds: RuleKind) -> tuple[RuleResult, ...]:
    """The rules of these kinds, worst outcome first where it is forgetting."""
    return tuple(rule for rule in rules if rule.kind in kinds)


def reason_text(reason: Reason) -> str:
    """One sentence; a reason whose parameters do not fit is named by its code."""
    try:
        text = render_reason(reason)
    except (KeyError, TypeError, ValueError):
        text = f"{reason.code.value.replace('-', ' ').capitalize()}."
    return clip(one_line(text), 600)


def reason_texts(verdict: Verdict, *, deciding: bool = True) -> list[tuple[str, bool]]:
    """Every reason as a sentence, with whether it blocks; open capabilities share one sentence.

    Without `deciding` the first reason, which is in the headline, is left out.
    """
    first = deciding_reason(verdict)
    kept = {rule.rule for rule in verdict.rules if rule.kind is RuleKind.FORGETTING}
    told: dict[tuple[str, bool], None] = {}
    for reason in verdict.reasons:
        if reason == first:
            if deciding:
                told[reason_text(reason), blocks(reason)] = None
            continue
        alike = [r for r in verdict.reasons if r.code is reason.code and r != first]
        alike = [r for r in alike if r.rule in kept]
        if reason.code in _OPEN and reason in alike and len(alike) > 2:
            told[_group(alike), any(blocks(r) for r in alike)] = None
        else:
            told[reason_text(reason), blocks(reason)] = None
    return list(told)


def _group(reasons: list[Reason]) -> str:
    """Several open capabilities in one sentence."""
    names = ", ".join(clip(one_line(str(r.params.get("capability", r.rule))), 40) for r in reasons)
    if reasons[0].code is ReasonCode.NO_SIGNAL:
        return (
            f"No signal in {len(reasons)} capabilities ({names}): the base does no better than "
            "chance there."
        )
    samples = sorted(int(r.params.get("samples", 0)) for r in reasons)
    span = f"{samples[0]}" if samples[0] == samples[-1] else f"{samples[0]} to {samples[-1]}"
    needed = [still_needed(r.params) for r in reasons]
    known = [each for each in needed if each is not None]
    most = (
        f"; up to {max(known):,} such samples would settle them"
        if len(known) == len(needed)
        else ""
    )
    return f"Not settled in {len(reasons)} capabilities ({names}) after {span} samples each{most}."


def deciding_reason(verdict: Verdict) -> Reason | None:
    """The first reason that made the verdict what it is; what was shown comes before open ones."""
    blocking = [reason for reason in verdict.reasons if blocks(reason)]
    shown = [reason for reason in blocking if reason.code not in _OPEN]
    told = [reason for reason in verdict.reasons if reason.code is not ReasonCode.REPORT_ONLY]
    return next(iter([*shown, *blocking, *told, *verdict.reasons]), None)


def verdict_word(verdict: Verdict) -> str:
    """`HOLD`; an escalation says where to: `ESCALATE to full fine-tuning`."""
    word = DECISION_TEXT[verdict.decision]
    rung = verdict.next_step.rung
    if verdict.decision is not Decision.ESCALATE:
        return word
    if verdict.exit_code is ExitCode.ESCALATE_FULL:
        return f"{word} to full fine-tuning"
    return f"{word} to {one_line(rung.label)}" if rung else word


def headline(check: RecordedCheck) -> str:
    """The whole check in one line: `HOLD support-r8: arithmetic: -6.1 points ... (+2 reasons)`."""
    verdict, name = check.verdict, clip(one_line(check.evidence.candidate.name), 80)
    reason = deciding_reason(verdict)
    others = len(verdict.reasons) - 1
    more = f" (+{others} more)" if reason is not None and others > 0 else ""
    why = f": {reason_text(reason)}{more}" if reason else ""
    return f"{verdict_word(verdict)} {name}{why}"


def duration(seconds: float) -> str:
    """Seconds in the units people read: `0.4 s`, `48 s`, `3 min 12 s`, `1 h 4 min`."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    if minutes < 60:
        return f"{minutes} min {rest} s" if rest else f"{minutes} min"
    return f"{minutes // 60} h {minutes % 60} min"


def when(moment: str) -> str:
    """A moment in UTC as people read it: `2026-11-24 01:02 UTC`; other text stays as it is."""
    found = re.fullmatch(r"(\d{4}-\d\d-\d\d)T(\d\d:\d\d)(:[\d.]+)?Z", moment)
    return f"{found[1]} {found[2]} UTC" if found else one_line(moment)


def noise_text(evidence: Evidence) -> str:
    """How many answers flip through noise alone, as one sentence: the yardstick for flips."""
    floor, where = evidence.noise_floor, f"{evidence.base.dtype} on {evidence.environment.device}"
    if evidence.candidate.kind == "base":
        return "This is the base against itself: every flip is noise."
    if floor is None:
        return (
            f"How many flip through noise alone in {where} has not been measured: "
            "run gate check --aa."
        )
    rate = f" ({100 * floor.flips / floor.samples:.1f}%)" if floor.samples else ""
    return (
        f"Through noise alone, {floor.flips:,} of {floor.samples:,}{rate} flip in {where} "
        f"(A/A check {floor.check})."
    )
