"""The model card: a section and eval results in the adapter's own README.md, by huggingface_hub.

Only the text between the two markers and the eval results that gatekeeper wrote itself are
replaced; everything else stays. An adapter's digest does not cover README.md, so writing the card
does not make it a different adapter.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, cast

from gatekeeper.digests import short
from gatekeeper.errors import ConfigError
from gatekeeper.evidence import Evidence
from gatekeeper.files.write_whole import write_whole
from gatekeeper.report.markdown import escape
from gatekeeper.report.visible_text import one_line
from gatekeeper.report.wording import (
    deciding_reason,
    estimate_text,
    interval_text,
    limit_text,
    name_of,
    outcome_word,
    percent,
    reason_text,
    verdict_word,
)
from gatekeeper.verdict import RuleKind, RuleResult, Verdict
from gatekeeper.verdict.recorded_check import RecordedCheck

if TYPE_CHECKING:
    from huggingface_hub import EvalResult, ModelCardData

__all__ = ["BEGIN", "END", "card_section", "updated_card", "write_card"]

BEGIN, END = "<!-- gatekeeper:begin -->", "<!-- gatekeeper:end -->"
_DATASETS = "gatekeeper/"
"""Type of our eval results: by it a later run finds them again."""


def card_section(check: RecordedCheck) -> str:
    """The section as Markdown, markers included."""
    return "\n".join([BEGIN, *_lines(check), END])


def updated_card(text: str | None, check: RecordedCheck) -> str:
    """A card with the section and the eval results of this check; None starts a new card.

    Raises ConfigError when the card's metadata cannot be read, or when its markers do not match up.
    """
    from huggingface_hub import ModelCard
    from yaml import YAMLError

    # Its own parser takes the first `---` block as metadata and keeps the rest of the text.
    try:
        card = ModelCard(text if text is not None else _new_card(check.evidence))
    except (ValueError, YAMLError, TypeError, AttributeError) as problem:
        raise ConfigError(
            f"README.md: its metadata cannot be read ({one_line(str(problem))[:200]}).",
            "Fix the YAML between the first two --- lines.",
        ) from problem
    data = cast("ModelCardData", card.data)
    kept = [result for result in data.eval_results or [] if not _is_ours(result)]
    data.model_name = data.model_name or one_line(check.evidence.candidate.name)
    data.eval_results = [*kept, *_eval_results(check.evidence, check.verdict)] or None
    card.text = _with_section(card.text, card_section(check))
    return str(card).rstrip("\n") + "\n"


def write_card(folder: Path, check: RecordedCheck) -> Path:
    """Update `folder`/README.md, whole or not at all.

    Raises ConfigError when it is a link (it may point anywhere), unreadable, or not writable.
    """
    path = folder / "README.md"
    if path.is_symlink():
        raise ConfigError(f"{path} is a link.", "Put a real file in its place.")
    try:
        text = path.read_text(encoding="utf-8") if path.exists() else None
        write_whole(path, updated_card(text, check))
    except (OSError, UnicodeDecodeError) as problem:
        raise ConfigError(f"Cannot update {path} ({problem}).", "Check the file.") from problem
    return path


def _lines(check: RecordedCheck) -> Iterator[str]:
    evidence, verdict = check.evidence, check.verdict
    yield "## Checked by gatekeeper"
    yield ""
    reason = deciding_reason(verdict)
    why = f": {escape(reason_text(reason))}" if reason else ""
    yield f"**{escape(verdict_word(verdict))}**{why}"
    yield ""
    if verdict.rules:
        yield "| rule | base | this model | estimate | limit | outcome |"
        yield "| --- | --: | --: | --- | --- | --- |"
    for rule in verdict.rules:
        cells = (
            escape(name_of(rule)),
            percent(rule.base_score),
            percent(rule.candidate_score),
            f"{estimate_text(rule)} {interval_text(rule)}".strip(),
            limit_text(rule),
            outcome_word(rule),
        )
        yield "| " + " | ".join(cells) + " |"
    yield ""
    yield (
        f"Check `{check.check_id}` of {evidence.created[:10]}, "
        f"policy {escape(verdict.policy_name)} (`{short(verdict.policy_digest)}`), "
        f"base {escape(evidence.base.name)} "
        f"(`{short(evidence.base.digest)}`), weights `{short(evidence.candidate.digest)}`."
    )


def _with_section(body: str, section: str) -> str:
    begins, ends = body.count(BEGIN), body.count(END)
    if (begins, ends) == (0, 0):
        return body.rstrip("\n") + "\n\n" + section + "\n"
    start, stop = body.find(BEGIN), body.find(END)
    if (begins, ends) != (1, 1) or stop < start:
        raise ConfigError(
            "README.md: the gatekeeper markers do not match up.",
            f"Keep one {BEGIN} followed by one {END}, or remove both.",
        )
    return body[:start] + section + body[stop + len(END) :]


def _new_card(evidence: Evidence) -> str:
    import yaml

    base = one_line(evidence.candidate.base_hint or evidence.base.name)
    data = {"base_model": base, "library_name": "peft", "tags": ["lora"]}
    if evidence.candidate.kind != "adapter":
        data = {"base_model": base}
    name = escape(evidence.candidate.name)
    return f"---\n{yaml.safe_dump(data, sort_keys=False)}---\n\n# {name}\n"


def _eval_results(evidence: Evidence, verdict: Verdict) -> list[EvalResult]:
    from huggingface_hub import EvalResult

    digests = {suite.name: suite.digest for suite in evidence.suites}
    metrics = {(pair.suite, pair.capability): pair.metric for pair in evidence.pairs}
    return [
        EvalResult(
            task_type="text-generation",
            dataset_type=f"{_DATASETS}{one_line(rule.suite)}",
            dataset_name=f"{one_line(rule.suite)}: {one_line(rule.capability)}",
            # Results of one type, config and revision would be merged under the first name.
            dataset_config=one_line(rule.capability),
            dataset_revision=short(digests[rule.suite]) if rule.suite in digests else None,
            metric_type=one_line(metrics.get((rule.suite, rule.capability), "acc")),
            metric_value=round(rule.candidate_score or 0.0, 4),
        )
        for rule in _scored(verdict)
    ]


def _scored(verdict: Verdict) -> Iterator[RuleResult]:
    """One rule per suite and capability that has its own score."""
    seen = set()
    for rule in verdict.rules:
        key = (rule.suite, rule.capability)
        if rule.kind is RuleKind.KL or rule.candidate_score is None or key in seen:
            continue
        seen.add(key)
        yield rule


def _is_ours(result: EvalResult) -> bool:
    return result.dataset_type.startswith(_DATASETS)
