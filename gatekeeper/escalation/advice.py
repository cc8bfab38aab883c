"""What to do next when the task is missed or something was forgotten. Pure.

The seed rule: raise the rank only when capacity is shown to be too small, and name full fine-tuning
only when the top LoRA rung was itself checked and shown to be below the bar, with data and training
sound and with rank shown to move the score. docs/escalation.md has one row per branch here.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from gatekeeper.escalation.diagnosis import Cause, diagnose
from gatekeeper.escalation.lower_rungs import lower_rungs, shown_better
from gatekeeper.escalation.remedies import after_forgetting, remedy
from gatekeeper.evidence import CandidatePin, Evidence
from gatekeeper.policy import Policy
from gatekeeper.verdict import (
    Action,
    Decision,
    NextStep,
    PastCheck,
    Reason,
    ReasonCode,
    RuleKind,
    RuleResult,
    Rung,
    TaskResult,
)
from gatekeeper.verdict.rule_summary import task_result, worst_forgetting
from gatekeeper.verdict.rungs import is_above, lora_config, next_rung, reaches_top, rung_of

__all__ = [
    "Advice",
    "advise_after_miss",
    "before_full",
    "lower_rung_suffices",
    "reduce_forgetting",
]

WORTHWHILE = 0.25
"""Share of what was missing that a higher rung must have gained to make another one worthwhile."""


@dataclass(frozen=True)
class Advice:
    """Reasons and the step that follows from them; `escalates` only when capacity is too small."""

    reasons: tuple[Reason, ...]
    next_step: NextStep
    escalates: bool = False


def advise_after_miss(
    evidence: Evidence,
    missed: RuleResult,
    policy: Policy,
    history: Sequence[PastCheck],
    *,
    forgot: bool = False,
) -> Advice:
    """A rule of the task is shown to be missed: say why and what comes next.

    `forgot` says that something was lost as well; then nothing is recommended that loses more.
    """
    found = diagnose(evidence, missed, policy)
    if found.cause is not Cause.CAPACITY:
        return Advice((found.reason,), remedy(found.cause, evidence, forgot=forgot))
    if forgot:
        return Advice((found.reason,), after_forgetting(evidence))
    return _climb(evidence, missed, policy, history, found.reason)


def reduce_forgetting(
    evidence: Evidence, rules: Iterable[RuleResult], history: Sequence[PastCheck]
) -> Advice:
    """The task is not missed and something was lost: the gentlest step that may fix it."""
    lower = lower_rung_suffices(evidence.candidate, rules, history)
    return lower or Advice((), after_forgetting(evidence, tuple(rules)))


def lower_rung_suffices(
    candidate: CandidatePin, rules: Iterable[RuleResult], history: Sequence[PastCheck]
) -> Advice | None:
    """De-escalate: a lower rung was promoted on the same task and forgets less."""
    mine, worst_here = rung_of(candidate), worst_forgetting(rules)
    if mine is None or worst_here is None:
        return None
    for past in history:
        if (
            past.decision is Decision.PROMOTE
            and past.rung is not None
            and is_above(mine, past.rung)
            and past.worst_forgetting is not None
            and past.worst_forgetting > worst_here
            and past.candidate_digest != candidate.digest
        ):
            params = {
                "rung": past.rung.label,
                "check": past.check_id,
                "worst": past.worst_forgetting,
                "worst_here": worst_here,
            }
            return Advice(
                (Reason(code=ReasonCode.LOWER_RUNG_SUFFICES, params=params),),
                NextStep(
                    action=Action.LOWER_RUNG,
                    text=f"Serve {past.rung.label} instead: it meets the same bar and forgets "
                    "less.",
                    command=f"gate promote {past.check_id}",
                    rung=past.rung,
                ),
            )
    return None


def before_full(
    evidence: Evidence,
    missed: RuleResult,
    policy: Policy,
    history: Sequence[PastCheck],
) -> tuple[str, ...]:
    """What is still missing before full fine-tuning may be recommended; empty when nothing is.

    Data and training faults are excluded elsewhere: this is only asked when capacity is too small.
    """
    rung, training = rung_of(evidence.candidate), evidence.training
    missing = []
    if "full" not in {step.method for step in policy.escalation.rungs}:
        missing.append("the policy's ladder does not end in full fine-tuning")
    if rung is None or not reaches_top(rung, policy.escalation.rungs):
        missing.append("the top LoRA rung was not checked")
    if training.manifest is not None and training.manifest.adapter.get("layers") is not None:
        missing.append("the adapter was trained in some layers only")
    if missed.kind is not RuleKind.BAR:
        missing.append("the policy has no bar that this check is known to miss")
    if training.has_validation is False:
        missing.append("the run had no validation split, so over-fitting cannot be ruled out")
    below = lower_rungs(evidence, missed.rule, history)
    if not below:
        missing.append(
            "no lower rung has a sound check on the same data, so nothing shows yet that rank "
            "affects the score"
        )
    elif not any(shown_better(task_result(missed), lower.task) for lower in below):
        named = ", ".join(f"{lower.label} ({lower.check_id})" for lower in below)
        missing.append(
            "no lower rung is known to be worse, so nothing shows that more parameters help: "
            f"{named}"
        )
    return tuple(missing)


def _climb(
    evidence: Evidence,
    missed: RuleResult,
    policy: Policy,
    history: Sequence[PastCheck],
    lacks: Reason,
) -> Advice:
    """Too little capacity at this rung: is a higher one shown to be worth it?"""
    rung = rung_of(evidence.candidate)
    if rung is None:
        raise AssertionError("capacity is only named as the cause for a known rung")
    manifest = evidence.training.manifest
    some_layers = manifest is not None and manifest.adapter.get("layers") is not None
    higher = next_rung(rung, policy.escalation.rungs, some_layers=some_layers)
    if higher is None:
        return Advice((lacks,), _end_of_ladder(rung))
    tried = lower_rungs(evidence, missed.rule, history)
    below = max(tried, key=lambda lower: lower.task.score, default=None)
    if below is not None and not _worthwhile(missed, below.task):
        params = {"rung": rung.label, "below": below.label, "check": below.check_id} | {
            "score": task_result(missed).score, "score_below": below.task.score,
        }  # fmt: skip
        return Advice(
            (lacks, Reason(code=ReasonCode.RANK_DOES_NOT_HELP, params=params)),
            NextStep(
                action=Action.FIX_DATA,
                text="Do not climb further: look at the missed samples, the labels and the bar. "
                "If more rank does not help, rank is not the problem.",
            ),
        )
    if higher.method == "full":
        return _full(evidence, missed, policy, history, (lacks, rung, higher))
    return Advice(
        (lacks,),
        NextStep(
            action=Action.NEXT_RUNG,
            text=f"Train {higher.label} on the same data and check it.",
            command=f"gate escalate {evidence.check_id} --write next.yaml",
            rung=higher,
            config=lora_config(higher, manifest),
        ),
        escalates=True,
    )


def _full(
    evidence: Evidence,
    missed: RuleResult,
    policy: Policy,
    history: Sequence[PastCheck],
    found: tuple[Reason, Rung, Rung],
) -> Advice:
    lacks, rung, full = found
    missing = before_full(evidence, missed, policy, history)
    if missing:
        return Advice(
            (lacks,),
            NextStep(
                action=Action.INVESTIGATE,
                text=f"Nothing shows yet that full fine-tuning is needed: {'; '.join(missing)}.",
                command=f"gate escalate {evidence.check_id}",
            ),
        )
    return Advice(
        (lacks, Reason(code=ReasonCode.LADDER_EXHAUSTED, params={"rung": rung.label})),
        NextStep(
            action=Action.FULL_FINE_TUNING,
            text="Fine-tune all weights on the same data; even at its top rung, LoRA does not "
            "reach the bar.",
            command=f"gate escalate {evidence.check_id} --write next.yaml",
            rung=full,
        ),
        escalates=True,
    )


def _end_of_ladder(rung: Rung) -> NextStep:
    if rung.method == "full":
        text = "Even full fine-tuning misses the bar: look at the data and at the bar itself."
    else:
        text = "The policy's ladder has no higher rung; add one, or lower the bar."
    return NextStep(action=Action.INVESTIGATE, text=text)


def _worthwhile(missed: RuleResult, below: TaskResult) -> bool:
    """Did this rung gain enough over the lower one for another step to be worth its cost?"""
    here = task_result(missed)
    if shown_better(here, below):
        return True
    wanted = missed.threshold + here.score - (missed.estimate or 0.0)
    return here.score - below.score >= WORTHWHILE * max(0.0, wanted - below.score)
