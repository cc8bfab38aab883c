"""The vocabulary of a decision: outcomes, reasons, rungs, next steps, the verdict itself."""

from gatekeeper.verdict.verdict import (
    Action,
    Decision,
    NextStep,
    Outcome,
    PastCheck,
    Reason,
    ReasonCode,
    RuleKind,
    RuleResult,
    Rung,
    TaskResult,
    Verdict,
)

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
