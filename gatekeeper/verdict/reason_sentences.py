"""Reasons as sentences. Rendering only: nothing branches on what is written here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from gatekeeper.phrases import count
from gatekeeper.verdict.verdict import Decision, Reason, ReasonCode, RuleKind, RuleResult

__all__ = ["DECISION_TEXT", "render_reason", "rule_text", "still_needed"]

DECISION_TEXT: Mapping[Decision, str] = {
    Decision.PROMOTE: "PROMOTE",
    Decision.HOLD: "HOLD",
    Decision.ESCALATE: "ESCALATE",
    Decision.REFUSED: "REFUSED",
}

_Params = Mapping[str, Any]


def _share(value: Any) -> str:
    return f"{100 * float(value):.1f}%"


def _points(value: Any) -> str:
    return f"{100 * float(value):+.1f} points"


def still_needed(params: _Params) -> int | None:
    """Samples that would settle an open rule; None when as many were scored and did not."""
    needed = params.get("needed")
    return int(needed) if needed and int(needed) > int(params["samples"]) else None


def _names(value: Any) -> str:
    return ", ".join(str(name) for name in value)


_TEXT: Mapping[ReasonCode, Callable[[_Params], str]] = {
    ReasonCode.ALL_RULES_PASS: lambda p: (
        f"All {p['rules']} rules are shown to hold."
        if p["rules"] != 1
        else "The policy's one rule is shown to hold."
    ),
    ReasonCode.BELOW_BAR: lambda p: (
        f"{p['suite']}: {_share(p['estimate'])} is shown to be below the bar of "
        f"{_share(p['threshold'])}."
    ),
    ReasonCode.GAIN_TOO_SMALL: lambda p: (
        f"{p['suite']}: a gain of {_points(p['estimate'])} over the base is shown to be below "
        f"the {_points(p['threshold'])} that the policy asks for."
    ),
    ReasonCode.FORGOT: lambda p: (
        f"{p['capability']}: {_points(p['estimate'])} against the base is shown to be a larger "
        f"loss than the tolerated {_points(p['threshold'])} ({count(p['lost'], 'sample')} lost, "
        f"{p['gained']} gained)."
    ),
    ReasonCode.TOO_MANY_FLIPS: lambda p: (
        f"{p['capability']}: {_share(p['estimate'])} of the samples flipped from right to wrong; "
        f"the policy allows {_share(p['threshold'])}."
    ),
    ReasonCode.DRIFTED: lambda p: (
        f"On neutral text the candidate drifted by {float(p['estimate']):.3f} nats per token; "
        f"the policy allows {float(p['threshold']):.3f}."
    ),
    ReasonCode.INCONCLUSIVE: lambda p: (
        f"{p['rule_text']}: not settled after {count(p['samples'], 'sample')}"
        + (f"; about {p['needed']} such samples would settle it." if still_needed(p) else ".")
    ),
    ReasonCode.NO_SIGNAL: lambda p: (
        f"{p['capability']}: the base is no better than chance here, so nothing can be shown to "
        "be kept."
    ),
    ReasonCode.NO_DATA: lambda p: f"Nothing was measured for {p['what']}: no data is never a pass.",
    ReasonCode.UNSCORED_SAMPLES: lambda p: (
        f"{count(p['errors'], 'sample')} of {p['capability']} could not be scored."
    ),
    ReasonCode.ADAPTER_REFUSED: lambda p: str(p["text"]),
    ReasonCode.NO_EFFECT: lambda p: (
        "The adapter changes nothing: with it on, the logits of the fixed prompts are those of "
        "the base."
    ),
    ReasonCode.NOT_FINITE: lambda p: "The adapter's output is not finite (NaN or infinity).",
    ReasonCode.NOT_DETACHABLE: lambda p: (
        "Detaching the adapter does not give the base back bit for bit."
    ),
    ReasonCode.DETACH_NOT_PROVEN: lambda p: "It was not proven that the adapter can be detached.",
    ReasonCode.WRONG_BASE: lambda p: (
        "The adapter was trained on another base than the one it is checked against."
    ),
    ReasonCode.BASE_NOT_PINNED: lambda p: (
        "Nothing says by digest which base the adapter was trained on."
    ),
    ReasonCode.PIN_MISSING: lambda p: (
        f"Pins that the policy requires are missing: {_names(p['pins'])}."
    ),
    ReasonCode.CONTAMINATED: lambda p: (
        f"{p['samples']} suite samples ({_share(p['fraction'])}) also stand in the training data."
    ),
    ReasonCode.CONTAMINATION_UNKNOWN: lambda p: (
        "The training data is not at hand, so its overlap with the suites is unknown."
    ),
    ReasonCode.CONTRADICTORY_LABELS: lambda p: (
        f"{p['conflicting']} of {p['rows']} training rows have an input that also stands with "
        "another target; no rank learns that."
    ),
    ReasonCode.LABELS_SUSPECT: lambda p: (
        f"Held-out samples are answered to {_share(p['held_out'])}, the training rows themselves "
        f"only to {_share(p['train_score'])}: the training labels disagree with what was learned."
    ),
    ReasonCode.OVER_FIT: lambda p: str(p["text"]),
    ReasonCode.FITTED_NOT_REACHED: lambda p: (
        f"The training data is fitted to {_share(p['train_score'])} and the held-out task is at "
        f"{_share(p['held_out'])}: capacity is not what lacks."
    ),
    ReasonCode.NOTHING_LEARNED: lambda p: str(p["text"]),
    ReasonCode.UNDER_TRAINED: lambda p: str(p["text"]),
    ReasonCode.DIVERGED: lambda p: str(p["text"]),
    ReasonCode.NOT_BEST_CHECKPOINT: lambda p: (
        f"The submitted step {p['submitted']} is not the best one by validation loss "
        f"(step {p['best']})."
    ),
    ReasonCode.LACKS_CAPACITY: lambda p: (
        f"The training data itself is only fitted to {_share(p['train_score'])}"
        + (f" (at most {_share(p['train_high'])})" if p.get("train_high") is not None else "")
        + f", the loss is flat and the data shows no fault: {p['rung']} lacks the capacity."
    ),
    ReasonCode.RANK_DOES_NOT_HELP: lambda p: (
        f"{p['rung']} scores {_share(p['score'])} where {p['below']} scored "
        f"{_share(p['score_below'])} (check {p['check']}): more rank did not help."
    ),
    ReasonCode.LADDER_EXHAUSTED: lambda p: (
        f"{p['rung']} is the top LoRA rung and is shown to be below the bar, with data and "
        "training sound."
    ),
    ReasonCode.LOWER_RUNG_SUFFICES: lambda p: (
        f"{p['rung']} (check {p['check']}) already meets the bar and forgets less"
        + (
            f" ({_points(p['worst'])} at worst, here {_points(p['worst_here'])})."
            if p.get("worst") is not None
            else "."
        )
    ),
    ReasonCode.CAUSE_UNKNOWN: lambda p: (
        f"Why the task is missed cannot be told: {_names(p['missing'])}."
    ),
    ReasonCode.REPORT_ONLY: lambda p: "The policy only reports; nothing was decided.",
}


def render_reason(reason: Reason) -> str:
    """One sentence for one reason."""
    return _TEXT[reason.code](reason.params)


def rule_text(rule: RuleResult) -> str:
    """What a rule asks, in a few words."""
    return {
        RuleKind.BAR: f"{rule.suite}: at least {100 * rule.threshold:.0f}%",
        RuleKind.MIN_GAIN: f"{rule.suite}: gain of {100 * rule.threshold:.0f} points",
        RuleKind.FORGETTING: f"{rule.capability}: at most {-100 * rule.threshold:.0f} points lost",
        RuleKind.FLIPS: f"{rule.capability}: at most {100 * rule.threshold:.0f}% lost flips",
        RuleKind.KL: f"neutral text: at most {rule.threshold:g} nats of drift",
    }[rule.kind]
