"""Markdown for pull requests and step summaries: verdict, one table, collapsed flips.

The first line is an HTML comment by which a later run finds its own comment again. Text from
adapters and models is escaped so that it cannot form links, mentions, HTML or table cells.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Sequence

from gatekeeper.digests import short
from gatekeeper.evidence import Evidence, SampleRecord
from gatekeeper.phrases import count
from gatekeeper.report.terminal.strip import Scale, scale_of, strip
from gatekeeper.report.visible_text import clip, one_line
from gatekeeper.report.wording import (
    MARKS,
    deciding_reason,
    duration,
    estimate_text,
    interval_text,
    limit_text,
    name_of,
    noise_text,
    outcome_word,
    percent,
    reason_text,
    reason_texts,
    rules_of,
    verdict_word,
)
from gatekeeper.verdict import Decision, RuleKind, RuleResult, Verdict
from gatekeeper.verdict.recorded_check import RecordedCheck

__all__ = ["COMMENT_LIMIT", "SUMMARY_LIMIT", "escape", "marker", "render_markdown"]

COMMENT_LIMIT = 60_000
"""Bytes; a comment on GitHub may have 65,536 characters."""
SUMMARY_LIMIT = 1_000_000
"""Bytes; a step summary may have 1 MiB."""

_ICON = {
    Decision.PROMOTE: "✅",
    Decision.HOLD: "✋",
    Decision.ESCALATE: "⏫",
    Decision.REFUSED: "⛔",
}
_SPECIAL = re.compile(r"[\\`*_\[\]<>#|~$&@]|^[-+=]|(?<=:)//|(?<=www)\.|(?<=^\d)\.", re.IGNORECASE)
"""Marks, HTML, mentions, issue links, bare URLs, and whatever opens a block."""
_TEXT_LIMIT = 400


def escape(text: str) -> str:
    """One line of hostile text as literal Markdown."""
    return _SPECIAL.sub(
        lambda match: "".join(f"&#{ord(char)};" for char in match[0]), one_line(text)
    )


def marker(name: str) -> str:
    """The comment by which a run finds what an earlier run wrote about the same candidate."""
    safe = re.sub(r"[^A-Za-z0-9._]+", "-", name).strip("-") or "candidate"
    return f"<!-- gatekeeper:{safe[:80]} -->"


def render_markdown(check: RecordedCheck, *, limit: int = COMMENT_LIMIT) -> str:
    """Render one check in at most `limit` bytes of UTF-8. Flips go first, the verdict never."""
    head = "\n".join(_head(check.evidence, check.verdict))
    table = "\n".join(_table(check.verdict))
    foot = "\n".join(_foot(check))
    room = limit - _size(head) - _size(table) - _size(foot) - 8
    if room < 0:
        table = "_The table did not fit; see the full report._\n"
        room = limit - _size(head) - _size(table) - _size(foot) - 8
    flips = "\n".join(_flips(check.samples, room, noise_text(check.evidence)))
    parts = [head, table, flips, foot]
    if room < 0:
        parts = [head.encode()[: limit - 1].decode(errors="ignore")]  # a newline ends it
    return "\n".join(part for part in parts if part).rstrip("\n") + "\n"


def _size(text: str) -> int:
    return len(text.encode())


def _head(evidence: Evidence, verdict: Verdict) -> Iterator[str]:
    yield marker(evidence.candidate.name)
    deciding = deciding_reason(verdict)
    why = f": {escape(reason_text(deciding))}" if deciding else ""
    name = escape(clip(evidence.candidate.name, 80))
    yield f"{_ICON[verdict.decision]} **{escape(verdict_word(verdict))}** {name}{why}"
    yield ""
    others = [text for text, _ in reason_texts(verdict, deciding=False)]
    for text in others[:8]:
        yield f"- {escape(text)}"
    if len(others) > 8:
        yield f"- and {len(others) - 8} more"
    if others:
        yield ""
    step = verdict.next_step
    yield f"**Next:** {escape(clip(step.text, 600))}"
    if step.command:
        yield ""
        yield _fenced(step.command)
    yield ""


def _table(verdict: Verdict) -> Iterator[str]:
    if not verdict.rules:
        return
    scale = scale_of(rules_of(verdict.rules, RuleKind.FORGETTING))
    yield "| | rule | base | candidate | estimate [interval] | limit | n | |"
    yield "|:-:|---|--:|--:|---|---|--:|---|"
    for rule in verdict.rules:
        yield _row(rule, scale)
    yield ""


def _row(rule: RuleResult, scale: Scale) -> str:
    drawn = ""
    if rule.kind is RuleKind.FORGETTING:
        # A pipe would end the cell; blanks would collapse.
        drawn = "`" + strip(rule, scale, 21).replace("|", "¦").replace(" ", "\u00a0") + "`"
    cells = [
        MARKS[rule.outcome],
        f"{escape(name_of(rule))} **{outcome_word(rule)}**",
        percent(rule.base_score),
        percent(rule.candidate_score),
        f"{estimate_text(rule)} {interval_text(rule)}".strip(),
        limit_text(rule),
        f"{rule.samples}",
        drawn,
    ]
    return "| " + " | ".join(cells) + " |"


def _flips(samples: Sequence[SampleRecord], room: int, noise: str) -> Iterator[str]:
    lost = [s for s in samples if s.flip == "lost"]
    gained = [s for s in samples if s.flip == "gained"]
    if not lost and not gained:
        return
    opening = (
        f"<details><summary>{count(len(lost), 'sample')} lost, {len(gained)} gained</summary>\n\n"
        f"{escape(noise)}\n"
    )
    closing = "\n_{} more in the full report._\n\n</details>\n"
    used = _size(opening) + _size(closing) + 10
    if used > room:
        return
    yield opening
    shown = 0
    for sample in [*lost, *gained]:
        line = _flip(sample)
        if used + _size(line) + 1 > room:
            break
        used += _size(line) + 1
        shown += 1
        yield line
    rest = len(lost) + len(gained) - shown
    yield closing.format(rest) if rest else "\n</details>\n"


def _flip(sample: SampleRecord) -> str:
    cut = [
        escape(clip(text, _TEXT_LIMIT))
        for text in (
            sample.question,
            sample.base_answer,
            sample.candidate_answer,
            sample.gold,
        )
    ]
    return (
        f"- **{sample.flip}** {escape(sample.capability)} `{_code(sample.sample_id)}`: {cut[0]}<br>"
        f"base: {cut[1]}<br>candidate: {cut[2]}<br>gold: {cut[3]}"
    )


def _foot(check: RecordedCheck) -> Iterator[str]:
    evidence, verdict, cost = check.evidence, check.verdict, check.evidence.cost
    parts = [
        f"check `{_code(check.check_id)}`",
        f"policy {escape(verdict.policy_name)} `{short(verdict.policy_digest)}`",
        f"base {escape(evidence.base.name)} `{short(evidence.base.digest)}`",
        f"candidate `{short(evidence.candidate.digest)}`",
        f"{count(cost.samples_scored + cost.samples_cached, 'score')}, "
        f"{cost.samples_cached} cached, {duration(cost.seconds)}",
        f"rerun: `gate check {_code(shlex.quote(one_line(evidence.candidate.source)))}`",
    ]
    yield "<sub>" + " · ".join(parts) + "</sub>"


def _fenced(command: str) -> str:
    return "```sh\n" + one_line(command).replace("```", "'''") + "\n```"


def _code(text: str) -> str:
    return one_line(clip(text, 120)).replace("`", "'")
