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


def _size(value: Any) -> str:
    return f"{100 * abs(float(value)):.1f}"


def still_needed(params: _Params) -> int | None:
    """Samples that would settle an open rule; None when that many were scored and did not."""
    needed = params.get("needed")
    return int(needed) if needed and int(needed) > int(params["samples"]) else None


def _names(value: Any) -> str:
    return ", ".join(str(name) for name in value)


_TEXT: Mapping[ReasonCode, Callable[[_Params], str]] = {
    ReasonCode.ALL_RULES_PASS: lambda p: (
        f"All {p['rules']} rules passed." if p["rules"] != 1 else "The policy's one rule passed."
    ),
    ReasonCode.BELOW_BAR: lambda p: (
        f"{p['suite']}: {_share(p['estimate'])} is below the bar of {_share(p['threshold'])}, "
        "with confidence."
    ),
    ReasonCode.GAIN_TOO_SMALL: lambda p: (
        f"{p['suite']}: a gain of {_points(p['estimate'])} over the base is below the "
        f"{_points(p['threshold'])} that the policy asks for, with confidence."
    ),
    ReasonCode.FORGOT: lambda p: (
        f"{p['capability']}: lost {_size(p['estimate'])} points against the base, more than the "
        f"{_size(p['threshold'])} that the policy tolerates ({count(p['lost'], 'sample')} lost, "
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
        f"{p['capability']}: the base does no better than chance here, so there is nothing to "
        "retain or lose."
    ),
    ReasonCode.NO_DATA: lambda p: (
        f"Nothing was measured for {p['what']}, and missing data never counts as a pass."
    ),
    ReasonCode.UNSCORED_SAMPLES: lambda p: (
        f"{count(p['errors'], 'sample')} of {p['capability']} could not be scored."
    ),
    ReasonCode.ADAPTER_REFUSED: lambda p: str(p["text"]),
    ReasonCode.NO_EFFECT: lambda p: (
        "The adapter changes nothing: with it on, the logits of the fixed prompts are the same as "
        "the base's."
    ),
    ReasonCode.NOT_FINITE: lambda p: "The adapter's output is not finite (NaN or infinity).",
    ReasonCode.NOT_DETACHABLE: lambda p: (
        "Detaching the adapter does not restore the base bit for bit."
    ),
    ReasonCode.DETACH_NOT_PROVEN: lambda p: (
        "It has not been proven that the adapter can be detached."
    ),
    ReasonCode.WRONG_BASE: lambda p: (
        "The adapter was trained on a different base from the one it is being checked against."
    ),
    ReasonCode.BASE_NOT_PINNED: lambda p: (
        "Nothing pins, by digest, the base that the adapter was trained on."
    ),
    ReasonCode.PIN_MISSING: lambda p: (
        f"Pins that the policy requires are missing: {_names(p['pins'])}."
    ),
    ReasonCode.CONTAMINATED: lambda p: (
        f"{count(p['samples'], 'suite sample')} ({_share(p['fraction'])}) also "
        f"appear{'s' if p['samples'] == 1 else ''} in the training data."
    ),
    ReasonCode.CONTAMINATION_UNKNOWN: lambda p: (
        "The training data is not available, so overlap with the suites cannot be ruled out."
    ),
    ReasonCode.CONTRADICTORY_LABELS: lambda p: (
        f"{p['conflicting']} of {p['rows']} training rows share their input with a row that has a "
        "different target; no rank can learn both."
    ),
    ReasonCode.LABELS_SUSPECT: lambda p: (
        f"The adapter gets {_share(p['held_out'])} of held-out samples right but only "
        f"{_share(p['train_score'])} of its own training rows, so some training labels are "
        "probably wrong."
    ),
    ReasonCode.OVER_FIT: lambda p: str(p["text"]),
    ReasonCode.FITTED_NOT_REACHED: lambda p: (
        f"The adapter scores {_share(p['train_score'])} on its training data but "
        f"{_share(p['held_out'])} on held-out samples, so capacity is not the problem."
    ),
    ReasonCode.NOTHING_LEARNED: lambda p: str(p["text"]),
    ReasonCode.UNDER_TRAINED: lambda p: str(p["text"]),
    ReasonCode.DIVERGED: lambda p: str(p["text"]),
    ReasonCode.NOT_BEST_CHECKPOINT: lambda p: (
        f"The submitted step {p['submitted']} is not the best one: step {p['best']} has the "
        "lowest validation loss."
    ),
    ReasonCode.LACKS_CAPACITY: lambda p: (
        f"Even on its own training data the adapter scores only {_share(p['train_score'])}"
        + (f" (at most {_share(p['train_high'])})" if p.get("train_high") is not None else "")
        + ", the loss has levelled off, and no fault was found in the data: "
        f"{p['rung']} does not have enough capacity."
    ),
    ReasonCode.RANK_DOES_NOT_HELP: lambda p: (
        f"{p['rung']} scores {_share(p['score'])} where {p['below']} scored "
        f"{_share(p['score_below'])} (check {p['check']}), so the higher rung did not help."
    ),
    ReasonCode.LADDER_EXHAUSTED: lambda p: (
        f"{p['rung']} is the top LoRA rung and is below the bar, with confidence, although data "
        "and training are sound."
    ),
    ReasonCode.LOWER_RUNG_SUFFICES: lambda p: (
        f"{p['rung']} (check {p['check']}) already meets the bar and forgets less"
        + (
            f" ({_points(p['worst'])} at worst, compared with {_points(p['worst_here'])} here)."
            if p.get("worst") is not None
            else "."
        )
    ),
    ReasonCode.CAUSE_UNKNOWN: lambda p: (
        f"The cause of the miss is unknown: {_names(p['missing'])}."
    ),
    ReasonCode.REPORT_ONLY: lambda p: "The policy only reports, so nothing was decided.",
}


def render_reason(reason: Reason) -> str:
    """One sentence for one reason."""
    return _TEXT[reason.code](reason.params)


def rule_text(rule: RuleResult) -> str:
    """What a rule asks, in a few words."""
    return {
        RuleKind.BAR: f"{rule.suite}: at least {100 * rule.threshold:.0f}%",
        RuleKind.MIN_GAIN: f"{rule.suite}: at least {100 * rule.threshold:.0f} points gained",
        RuleKind.FORGETTING: f"{rule.capability}: at most {-100 * rule.threshold:.0f} points lost",
        RuleKind.FLIPS: f"{rule.capability}: at most {100 * rule.threshold:.0f}% lost flips",
        RuleKind.KL: f"neutral text: at most {rule.threshold:g} nats of drift",
    }[rule.kind]
