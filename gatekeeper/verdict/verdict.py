"""Verdict: what was decided from the evidence, rule by rule. Types and reason codes only.

Reasons are codes with parameters; `reason_sentences.py` renders them as text, and nothing ever
branches on that text.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any, Literal

from pydantic import SerializerFunctionWrapHandler, model_serializer

from gatekeeper.errors import ExitCode
from gatekeeper.evidence.frozen import Frozen

__all__ = [
    "Action",
    "Decision",
    "NextStep",
    "Outcome",
    "PastCheck",
    "Reason",
    "ReasonCode",
    "RuleKind",
    "RuleResult",
    "Rung",
    "TaskResult",
    "Verdict",
]


class Outcome(StrEnum):
    """Of one rule. `NO_SIGNAL`: the base does not beat chance, so there is nothing to lose."""

    PASS = "pass"
    FAIL = "fail"
    INCONCLUSIVE = "inconclusive"
    NO_SIGNAL = "no-signal"


class Decision(StrEnum):
    """Of one check."""

    PROMOTE = "promote"
    HOLD = "hold"
    ESCALATE = "escalate"
    REFUSED = "refused"


class RuleKind(StrEnum):
    """What a rule asks."""

    BAR = "bar"
    MIN_GAIN = "min-gain"
    FORGETTING = "forgetting"
    FLIPS = "flips"
    KL = "kl"


class ReasonCode(StrEnum):
    """Why. One blocking code is enough to block; see `blocking.blocks`."""

    ALL_RULES_PASS = "all-rules-pass"
    BELOW_BAR = "below-bar"
    GAIN_TOO_SMALL = "gain-too-small"
    FORGOT = "forgot"
    TOO_MANY_FLIPS = "too-many-flips"
    DRIFTED = "drifted"
    INCONCLUSIVE = "inconclusive"
    NO_SIGNAL = "no-signal"
    NO_DATA = "no-data"
    UNSCORED_SAMPLES = "unscored-samples"
    ADAPTER_REFUSED = "adapter-refused"
    NO_EFFECT = "no-effect"
    NOT_FINITE = "not-finite"
    NOT_DETACHABLE = "not-detachable"
    DETACH_NOT_PROVEN = "detach-not-proven"
    WRONG_BASE = "wrong-base"
    BASE_NOT_PINNED = "base-not-pinned"
    PIN_MISSING = "pin-missing"
    CONTAMINATED = "contaminated"
    CONTAMINATION_UNKNOWN = "contamination-unknown"
    CONTRADICTORY_LABELS = "contradictory-labels"
    LABELS_SUSPECT = "labels-suspect"
    OVER_FIT = "over-fit"
    FITTED_NOT_REACHED = "fitted-not-reached"
    NOTHING_LEARNED = "nothing-learned"
    UNDER_TRAINED = "under-trained"
    DIVERGED = "diverged"
    NOT_BEST_CHECKPOINT = "not-best-checkpoint"
    """Only written by early versions; still read, for the registries that contain it."""
    LACKS_CAPACITY = "lacks-capacity"
    LADDER_EXHAUSTED = "ladder-exhausted"
    RANK_DOES_NOT_HELP = "rank-does-not-help"
    LOWER_RUNG_SUFFICES = "lower-rung-suffices"
    CAUSE_UNKNOWN = "cause-unknown"
    REPORT_ONLY = "report-only"


class Action(StrEnum):
    """The next step."""

    PROMOTE = "promote"
    MORE_SAMPLES = "more-samples"
    FIX_ADAPTER = "fix-adapter"
    FIX_DATA = "fix-data"
    PIN = "pin"
    TRAIN_LONGER = "train-longer"
    TRAIN_LESS = "train-less"
    LOWER_LEARNING_RATE = "lower-learning-rate"
    USE_CHECKPOINT = "use-checkpoint"
    REDUCE_FORGETTING = "reduce-forgetting"
    RESCALE = "rescale"
    NEXT_RUNG = "next-rung"
    FULL_FINE_TUNING = "full-fine-tuning"
    LOWER_RUNG = "lower-rung"
    INVESTIGATE = "investigate"


class Rung(Frozen):
    """One training shape. `method` "full" has neither rank nor targets."""

    method: Literal["lora", "full"] = "lora"
    r: int | None = None
    targets: tuple[str, ...] | str = ()
    """Module names, or "all-linear"."""

    @property
    def label(self) -> str:
        """For people: `r=8 on q_proj, v_proj`."""
        if self.method == "full":
            return "full fine-tuning"
        where = self.targets if isinstance(self.targets, str) else ", ".join(self.targets)
        return f"r={self.r} on {where}"


class RuleResult(Frozen):
    """One rule of the policy against the evidence."""

    rule: str
    """Stable id: `task.support-triage.bar`, `forgetting.general.arithmetic`."""
    kind: RuleKind
    suite: str
    capability: str
    outcome: Outcome
    estimate: float | None
    low: float | None
    high: float | None
    threshold: float
    """The bar, the gain, or minus the margin: the estimate must be shown to be above it
    (for flips and KL: below it)."""
    base_score: float | None
    candidate_score: float | None
    samples: int
    available: int
    settled_at: int | None = None
    """Samples after which the outcome was certain; None if it never was."""
    p_value: float | None = None
    p_adjusted: float | None = None
    """Holm-adjusted over the forgetting rules; for claims of regression in reports."""
    lost: int = 0
    gained: int = 0
    needed: int | None = None
    """Samples that would settle an inconclusive rule; None when no number would."""
    policy_line: int | None = None


class Reason(Frozen):
    """One reason of the verdict."""

    code: ReasonCode
    rule: str | None = None
    params: dict[str, Any] = {}


class NextStep(Frozen):
    """What to do now, as one action and, where there is one, the command or config for it."""

    action: Action
    text: str
    command: str | None = None
    config: dict[str, Any] | None = None
    rung: Rung | None = None


class TaskResult(Frozen):
    """The candidate's own score, 0 to 1, on the samples of one task rule, with its interval."""

    rule: str
    score: float
    low: float
    high: float


class PastCheck(Frozen):
    """An earlier check of the same lineage: same base, task suites and dataset.

    `task_score` with its interval and `bar` are those of the rule that represents the check; see
    `rule_summary.task_rule`.
    """

    check_id: str
    candidate_digest: str
    rung: Rung | None
    decision: Decision
    task_score: float
    task_low: float
    task_high: float
    bar: float | None
    forgetting_passed: bool
    worst_forgetting: float | None = None
    training_sound: bool
    """Data and training faults were excluded for that check."""
    tasks: tuple[TaskResult, ...] = ()
    """One per rule of the task, by rule id; empty in checks recorded before these were kept."""

    @model_serializer(mode="wrap")
    def _nothing_unsaid(self, serialize: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Unset fields are left out, so older events and verdicts keep their bytes."""
        said: dict[str, Any] = serialize(self)
        if not said["tasks"]:
            said.pop("tasks")
        return said


class Verdict(Frozen):
    """promote / hold / escalate / refused, with reasons, every rule, and the next step."""

    schema_id: str = "gatekeeper/verdict/v1"
    decision: Decision
    exit_code: ExitCode
    reasons: tuple[Reason, ...]
    rules: tuple[RuleResult, ...]
    next_step: NextStep
    policy_name: str
    policy_digest: str
    evidence_digest: str
    history: tuple[PastCheck, ...] = ()
    notes: tuple[str, ...] = ()
