"""The next step after a hold, a refusal or a promotion: one action, one sentence, one command.

What to do about a missed task or a loss is decided in `escalation/advice.py`. Pure.
"""

from __future__ import annotations

import shlex

from gatekeeper.evidence import Evidence
from gatekeeper.evidence.noise_floor import flips_of
from gatekeeper.verdict import Action, NextStep, Outcome, Reason, ReasonCode, RuleResult
from gatekeeper.verdict.reason_sentences import render_reason
from gatekeeper.verdict.rule_summary import task_rules

__all__ = ["aa_step", "fix_step", "hold_step", "promote_step"]


_FIRST = (ReasonCode.NO_DATA, ReasonCode.UNSCORED_SAMPLES, ReasonCode.NO_SIGNAL)
"""What was not measured is reported before what was."""


def promote_step(evidence: Evidence) -> NextStep:
    """Every rule passed."""
    return NextStep(
        action=Action.PROMOTE,
        text="Promote it.",
        command=f"gate promote {evidence.check_id}",
    )


def aa_step(evidence: Evidence) -> NextStep:
    """Base against itself: report the noise floor of this dtype and machine."""
    flips, samples = flips_of(evidence)
    rate = flips / samples if samples else 0.0
    where = f"{evidence.base.dtype} on {evidence.environment.device}"
    meaning = (
        "That is the noise floor: a candidate with this many flips has shown nothing."
        if flips
        else "There is no noise here, so every flip comes from the candidate."
    )
    return NextStep(
        action=Action.INVESTIGATE,
        text=f"Base against itself, packed differently: {flips} of {samples} samples flipped "
        f"({100 * rate:.2f}%) in {where}. {meaning} An A/A run measures the noise floor and "
        "promotes nothing.",
    )


def fix_step(blocking: list[Reason]) -> NextStep:
    """Something about the candidate, its pins or its data cannot be trusted."""
    codes = {reason.code for reason in blocking}
    if ReasonCode.CONTAMINATED in codes:
        return NextStep(
            action=Action.FIX_DATA,
            text="Remove the overlapping rows from the training data, or make new held-out "
            "samples, and train again: a score on samples seen in training is not evidence.",
        )
    unpinned = codes & {ReasonCode.PIN_MISSING, ReasonCode.BASE_NOT_PINNED}
    if unpinned and ReasonCode.ADAPTER_REFUSED not in codes:
        return NextStep(
            action=Action.PIN,
            text="Write run.yaml next to the adapter (gatekeeper.training.TrackRun does so during "
            "training; `gate inspect` prints the base_digest), so that the result can be "
            "reproduced.",
        )
    if ReasonCode.CONTAMINATION_UNKNOWN in codes:
        return NextStep(
            action=Action.PIN,
            text="Name the training file in run.yaml and keep it readable, or set "
            "contamination.require: false in the policy.",
        )
    if ReasonCode.NO_EFFECT in codes:
        return NextStep(
            action=Action.FIX_ADAPTER,
            text="Look at the training run: it saved an adapter that was never trained, or one "
            "whose tensors do not match the base's modules.",
        )
    return NextStep(
        action=Action.FIX_ADAPTER,
        text=f"Fix the adapter and check it again. First problem: {render_reason(blocking[0])}",
    )


def hold_step(
    evidence: Evidence, blocking: list[Reason], rules: tuple[RuleResult, ...]
) -> NextStep:
    """The task is not missed and nothing was lost, yet something blocks."""
    codes = {reason.code for reason in blocking}
    if ReasonCode.NO_DATA in codes and not task_rules(rules):
        return NextStep(
            action=Action.INVESTIGATE,
            text="Name your task suite under `task:` in the policy; `gate suite new` makes one "
            "from held-out data.",
        )
    if ReasonCode.INCONCLUSIVE in codes:
        return _more_samples(evidence, rules)
    return NextStep(action=Action.INVESTIGATE, text=_first_said(blocking))


def _first_said(blocking: list[Reason]) -> str:
    """One of several sentences, the same whatever the order of the policy's rules."""
    first = next((code for code in _FIRST if any(r.code is code for r in blocking)), None)
    return min(render_reason(r) for r in blocking if first is None or r.code is first)


def _more_samples(evidence: Evidence, rules: tuple[RuleResult, ...]) -> NextStep:
    open_rules = [rule for rule in rules if rule.outcome is Outcome.INCONCLUSIVE]
    short = [rule for rule in open_rules if (rule.needed or 0) > rule.available]
    exhausted = [rule for rule in open_rules if rule.samples >= rule.available]
    if short or exhausted:
        names = ", ".join(sorted({rule.capability for rule in (short or exhausted)}))
        return NextStep(
            action=Action.MORE_SAMPLES,
            text=f"The suite is too small for this margin in {names}: add samples, or widen the "
            "margin in the policy.",
        )
    wanted = max(max(rule.needed or 0, 5 * rule.samples // 4) for rule in open_rules)
    suites = {rule.suite for rule in open_rules}
    widest = max(len({rule.capability for rule in rules if rule.suite == s}) for s in suites)
    return NextStep(
        action=Action.MORE_SAMPLES,
        text=f"About {wanted} samples per unsettled capability would decide it, if the rest are "
        "like those scored. Scores so far are reused; repeat the other flags of this check.",
        command=f"gate check {shlex.quote(evidence.candidate.source)} "
        f"--max-samples {wanted * widest}",
    )
