"""JUnit XML: one suite per evaluation suite, one case per rule, never one per sample.

A missed rule is a failure, a refusal or a reason without a rule is an error, a rule without
signal is skipped; an inconclusive rule is a failure, because it does not let a candidate pass.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Sequence

from gatekeeper.report.visible_text import visible
from gatekeeper.report.wording import (
    estimate_text,
    headline,
    interval_text,
    limit_text,
    outcome_word,
    percent,
    reason_text,
    verdict_word,
)
from gatekeeper.verdict import Decision, Outcome, Reason, RuleResult
from gatekeeper.verdict.blocking import blocks
from gatekeeper.verdict.recorded_check import RecordedCheck

__all__ = ["render_junit"]


def render_junit(check: RecordedCheck) -> str:
    """Render one check as JUnit XML."""
    root = ET.Element("testsuites", name=f"gatekeeper {check.check_id}")
    suites: dict[str, list[RuleResult]] = {}
    for rule in check.verdict.rules:
        suites.setdefault(rule.suite, []).append(rule)
    _verdict_suite(root, check)
    for name, rules in suites.items():
        _rule_suite(root, name, rules)
    ET.indent(root)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + ET.tostring(root, encoding="unicode") + "\n"


def _suite(root: ET.Element, name: str, **counts: str) -> ET.Element:
    return ET.SubElement(root, "testsuite", {"name": visible(name), **counts})


def _rule_suite(root: ET.Element, name: str, rules: Sequence[RuleResult]) -> None:
    outcomes = [rule.outcome for rule in rules]
    missed = outcomes.count(Outcome.FAIL) + outcomes.count(Outcome.INCONCLUSIVE)
    suite = _suite(
        root,
        name,
        tests=str(len(rules)),
        failures=str(missed),
        errors="0",
        skipped=str(outcomes.count(Outcome.NO_SIGNAL)),
    )
    for rule in rules:
        case = _case(suite, visible(rule.rule), f"gatekeeper.{visible(name)}")
        text = (
            f"{outcome_word(rule)}: {estimate_text(rule)} {interval_text(rule)}, limit "
            f"{limit_text(rule)}, base {percent(rule.base_score)}, candidate "
            f"{percent(rule.candidate_score)}, n={rule.samples}, lost {rule.lost}, "
            f"gained {rule.gained}"
        )
        if rule.outcome in (Outcome.FAIL, Outcome.INCONCLUSIVE):
            kind = rule.kind.value if rule.outcome is Outcome.FAIL else "inconclusive"
            ET.SubElement(case, "failure", type=kind, message=text)
        elif rule.outcome is Outcome.NO_SIGNAL:
            ET.SubElement(case, "skipped", message="the base does no better than chance")
        else:
            ET.SubElement(case, "system-out").text = text


def _verdict_suite(root: ET.Element, check: RecordedCheck) -> None:
    """The verdict itself, and every blocking reason that belongs to no rule."""
    verdict = check.verdict
    of_rules = {rule.rule for rule in verdict.rules}
    alone = [r for r in verdict.reasons if blocks(r) and r.rule not in of_rules]
    promoted = verdict.decision is Decision.PROMOTE
    suite = _suite(
        root,
        "verdict",
        tests=str(1 + len(alone)),
        failures="0" if promoted else "1",
        errors=str(len(alone)),
        skipped="0",
    )
    seconds = f"{check.evidence.cost.seconds:.1f}"
    case = _case(suite, "verdict", "gatekeeper.verdict", time=seconds)
    line = visible(headline(check))
    if promoted:
        ET.SubElement(case, "system-out").text = line
    else:
        failure = ET.SubElement(case, "failure", type=verdict.decision.value, message=line)
        failure.text = f"{visible(verdict_word(verdict))}. Next: {visible(verdict.next_step.text)}"
    for reason in alone:
        _reason_case(suite, reason)


def _reason_case(suite: ET.Element, reason: Reason) -> None:
    case = _case(suite, reason.code.value, "gatekeeper.verdict")
    ET.SubElement(case, "error", type=reason.code.value, message=visible(reason_text(reason)))


def _case(suite: ET.Element, name: str, classname: str, time: str = "0") -> ET.Element:
    return ET.SubElement(suite, "testcase", name=name, classname=classname, time=time)
