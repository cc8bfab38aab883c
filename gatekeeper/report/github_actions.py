"""Output for a GitHub Actions job: step summary, outputs, annotations. Does nothing elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from uuid import uuid4

from gatekeeper.report.markdown import SUMMARY_LIMIT, render_markdown
from gatekeeper.report.visible_text import one_line
from gatekeeper.report.wording import headline, reason_text
from gatekeeper.verdict import Decision, Outcome
from gatekeeper.verdict.blocking import blocks
from gatekeeper.verdict.recorded_check import RecordedCheck

__all__ = ["MOST_ANNOTATIONS", "annotation_lines", "tell_github"]

MOST_ANNOTATIONS = 10
"""GitHub shows at most ten of a kind per step."""

_BLOCKING = (Outcome.FAIL, Outcome.INCONCLUSIVE)


def tell_github(
    environ: Mapping[str, str],
    check: RecordedCheck,
    *,
    policy_path: str | None = None,
    outputs: Mapping[str, str] | None = None,
) -> list[str]:
    """Append summary and outputs to the files that the job names; return the annotation lines.

    The caller prints the lines, on stdout or stderr. Without GITHUB_ACTIONS there are none, and an
    unset variable is skipped. Raises OSError when a named file cannot be written.
    """
    if summary := environ.get("GITHUB_STEP_SUMMARY"):
        path = Path(summary)
        room = SUMMARY_LIMIT - (path.stat().st_size if path.exists() else 0)
        if room > 2000:
            text = render_markdown(check, limit=room - 1)
            with path.open("a", encoding="utf-8") as stream:
                stream.write(text + "\n")
    if named := environ.get("GITHUB_OUTPUT"):
        values = {
            "verdict": check.verdict.decision.value,
            "exit-code": str(int(check.verdict.exit_code)),
            "check": check.check_id,
            "headline": headline(check),
            **(outputs or {}),
        }
        with Path(named).open("a", encoding="utf-8") as stream:
            stream.writelines(_output(key, value) for key, value in values.items())
    if environ.get("GITHUB_ACTIONS") != "true":
        return []
    return annotation_lines(check, policy_path)


def annotation_lines(check: RecordedCheck, policy_path: str | None = None) -> list[str]:
    """Workflow commands that point at the policy lines that decided; at most ten."""
    verdict = check.verdict
    if verdict.decision is Decision.PROMOTE:
        return [_command("notice", headline(check), title="gatekeeper: promote")]
    level = "error" if verdict.exit_code else "warning"
    lines = []
    by_rule = {reason.rule: reason for reason in verdict.reasons if reason.rule}
    told = set()
    for rule in verdict.rules:
        if rule.outcome not in _BLOCKING or rule.rule not in by_rule:
            continue
        told.add(rule.rule)
        place = {}
        if policy_path and rule.policy_line is not None:
            place = {"file": policy_path, "line": str(rule.policy_line)}
        text = reason_text(by_rule[rule.rule])
        lines.append(_command(level, text, title=f"gatekeeper: {rule.rule}", **place))
    for reason in verdict.reasons:
        if reason.rule not in told and blocks(reason):
            title = f"gatekeeper: {reason.code.value}"
            lines.append(_command(level, reason_text(reason), title=title))
    return lines[:MOST_ANNOTATIONS]


def _command(level: str, text: str, **properties: str) -> str:
    listed = ",".join(f"{key}={_property(value)}" for key, value in properties.items())
    return f"::{level} {listed}::{_data(one_line(text))}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(one_line(text)).replace(":", "%3A").replace(",", "%2C")


def _output(key: str, value: str) -> str:
    """A heredoc with an unguessable delimiter, so that no value can add a second output."""
    fence = f"gate-{uuid4().hex}"
    return f"{key}<<{fence}\n{one_line(value)}\n{fence}\n"
