"""A policy in plain sentences: what it will do, for people who did not write it. Pure."""

from __future__ import annotations

from gatekeeper.policy import ForgettingRule, Policy, TaskRule

__all__ = ["explain"]


def explain(policy: Policy) -> list[tuple[str, list[str]]]:
    """Headed groups of sentences, in the order in which a check goes."""
    return [
        ("Before anything is scored", _trust(policy)),
        ("Did it learn?", _task(policy)),
        ("What did it lose?", _forgetting(policy)),
        ("How much is scored", _budget(policy)),
        ("What it decides", _verdicts(policy)),
    ]


def _trust(policy: Policy) -> list[str]:
    lines = ["A broken or unsafe adapter, or one of another base, is refused."]
    if policy.pins:
        lines.append(f"Held unless pinned in run.yaml: {', '.join(policy.pins)}.")
    overlap = policy.contamination.max_overlap
    lines.append(
        "Any overlap of training data and suites is refused."
        if overlap == 0
        else f"More than {_percent(overlap)} of suite samples in the training data is refused."
    )
    if policy.contamination.require:
        lines.append("Held when the training data is not at hand to be compared.")
    return lines


def _task(policy: Policy) -> list[str]:
    if not policy.task:
        return ["No task suite is named, so nothing can be promoted: add one under task."]
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
    lines.append("There is no average: one capability that is shown to be lost is enough to hold.")
    if policy.max_kl is not None:
        lines.append(f"Drift on neutral text: at most {policy.max_kl:g} nats per token.")
    return lines


def _forgetting_lines(rule: ForgettingRule) -> list[str]:
    lines = [
        f"{rule.suite}: each capability must be shown to lose less than {_points(rule.margin)}."
    ]
    lines += [f"  {name}: less than {_points(value)}." for name, value in rule.margins.items()]
    if rule.skip:
        lines.append(f"  Not asked about: {', '.join(rule.skip)}.")
    if rule.max_lost is not None:
        lines.append(
            f"  At most {_percent(rule.max_lost)} of a capability may flip from right to wrong."
        )
    lines.append(
        "  A capability in which the base is no better than chance is "
        + ("reported and left out." if rule.on_no_signal == "report" else "a hold.")
    )
    return lines


def _budget(policy: Policy) -> list[str]:
    budget = policy.budget
    return [
        f"At most {budget.max_samples} samples per suite and arm, looked at every "
        f"{budget.look_every} per capability; a settled capability is not scored further.",
        "The check ends at the first certain failure."
        if budget.on_fail == "stop"
        else "A certain failure does not end the check: the picture is finished.",
        f"Each limit may be missed by luck with probability {policy.alpha:g} at most, "
        "early looks included.",
    ]


def _verdicts(policy: Policy) -> list[str]:
    if policy.mode == "report-only":
        return ["Nothing: it reports, exits with 0 (30 for a refusal) and never promotes."]
    ladder = " -> ".join(rung.label for rung in policy.escalation.rungs)
    return [
        "promote: every rule is shown to hold.",
        "hold: something is shown to fail, or is not settled; the next step is named.",
        f"escalate: the task is missed because capacity lacks. Ladder: {ladder}.",
        "full fine-tuning: only after the top LoRA rung was checked and shown to miss the bar.",
        f"More than {_percent(policy.data.max_contradictions)} contradictory training rows are a "
        "data fault: hold, never escalate.",
    ]


def _percent(value: float) -> str:
    return f"{100 * value:g}%"


def _points(value: float) -> str:
    return f"{100 * value:g} points"
