"""A policy in plain sentences: what it will do, for readers who did not write it. Pure."""

from __future__ import annotations

from gatekeeper.policy import ForgettingRule, Policy, TaskRule

__all__ = ["explain"]


def explain(policy: Policy) -> list[tuple[str, list[str]]]:
    """Groups of sentences with headings, in the order of a check."""
    return [
        ("Before anything is scored", _trust(policy)),
        ("Did it learn?", _task(policy)),
        ("What did it lose?", _forgetting(policy)),
        ("How much is scored", _budget(policy)),
        ("What it decides", _verdicts(policy)),
    ]


def _trust(policy: Policy) -> list[str]:
    lines = ["Broken or unsafe adapters, and adapters for a different base, are refused."]
    if policy.pins:
        lines.append(f"Held unless pinned in run.yaml: {', '.join(policy.pins)}.")
    overlap = policy.contamination.max_overlap
    lines.append(
        "Any overlap between training data and suites is refused."
        if overlap == 0
        else f"Refused when more than {_percent(overlap)} of the suite samples are in the "
        "training data."
    )
    if policy.contamination.require:
        lines.append("Held when the training data is not available for comparison.")
    return lines


def _task(policy: Policy) -> list[str]:
    if not policy.task:
        return ["No task suite is named, so nothing can be promoted: add one under `task`."]
    return [line for rule in policy.task for line in _task_lines(rule)]


def _task_lines(rule: TaskRule) -> list[str]:
    lines = []
    if rule.bar is not None:
        lines.append(f"{rule.suite}: must be shown to reach {_percent(rule.bar)}.")
    if rule.min_gain is not None:
        lines.append(f"{rule.suite}: must be shown to beat the base by {_points(rule.min_gain)}.")
    return lines


def _forgetting(policy: Policy) -> list[str]:
    if not policy.forgetting:
        return ["No forgetting suite is named, so nothing can be promoted."]
    lines = [line for rule in policy.forgetting for line in _forgetting_lines(rule)]
    lines.append("Capabilities are not averaged: losing one is enough for a hold.")
    if policy.max_kl is not None:
        lines.append(f"Drift on neutral text: at most {policy.max_kl:g} nats per token.")
    return lines


def _forgetting_lines(rule: ForgettingRule) -> list[str]:
    lines = [
        f"{rule.suite}: each capability must be shown to lose less than {_points(rule.margin)}."
    ]
    lines += [f"  {name}: less than {_points(value)}." for name, value in rule.margins.items()]
    if rule.skip:
        lines.append(f"  Left out: {', '.join(rule.skip)}.")
    if rule.max_lost is not None:
        lines.append(
            f"  At most {_percent(rule.max_lost)} of a capability's samples may flip from right to "
            "wrong."
        )
    lines.append(
        "  A capability in which the base does no better than chance is "
        + ("reported but not counted." if rule.on_no_signal == "report" else "a hold.")
    )
    return lines


def _budget(policy: Policy) -> list[str]:
    budget = policy.budget
    return [
        f"At most {budget.max_samples} samples per suite and arm (base or candidate), with a look "
        f"after every {budget.look_every} per capability; a settled capability is scored no "
        "further.",
        "The check ends at the first certain failure."
        if budget.on_fail == "stop"
        else "The check goes on after a certain failure, so that the report is complete.",
        f"The probability of passing a limit by luck is at most {policy.alpha:g}, interim looks "
        "included.",
    ]


def _verdicts(policy: Policy) -> list[str]:
    if policy.mode == "report-only":
        return ["Nothing: it reports, exits with 0 (30 for a refusal), and never promotes."]
    ladder = " -> ".join(rung.label for rung in policy.escalation.rungs)
    return [
        "promote: every rule is shown to hold.",
        "hold: a rule is shown to fail, or is not settled; the next step is named.",
        f"escalate: the task is missed because the adapter has too little capacity. Ladder: "
        f"{ladder}.",
        "full fine-tuning: only after the top LoRA rung was checked and shown to miss the bar.",
        f"More than {_percent(policy.data.max_contradictions)} contradictory training rows are a "
        "fault in the data: hold, never escalate.",
    ]


def _percent(value: float) -> str:
    return f"{100 * value:g}%"


def _points(value: float) -> str:
    return f"{100 * value:g} points"
