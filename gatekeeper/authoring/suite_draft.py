"""From rows of held-out data to samples of a suite: a prompt, its choices, its right answer. Pure.

What cannot be a fair question is refused with the row's number: an empty field, an answer that is
not among the choices, one question with two answers.
"""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from gatekeeper.authoring.held_out_rows import Source
from gatekeeper.errors import SuiteError
from gatekeeper.phrases import did_you_mean

__all__ = ["Draft", "Fields", "Sample", "draft_suite", "settled"]

MOST_LABELS = 30
"""With more distinct answers than this, the answer is generated, not chosen."""
ROWS_PER_LABEL = 4
_SLOT = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True)
class Fields:
    """Which fields of a row say what."""

    question: str
    """A field, or a template with `{field}` in it, or `messages`; empty until it is settled."""
    answer: str | None = None
    """A field with the right answer: its text, its number among the choices, or its letter."""
    choices: str | None = None
    """A field with a list, or several fields, or the labels themselves, separated by commas."""
    generate: bool = False
    chat: bool = False
    group_by: str | None = None
    """A field that several questions share, such as their passage."""


@dataclass(frozen=True)
class Sample:
    """One question. `choices` is empty where the answer is generated."""

    prompt: str
    answer: str
    choices: tuple[str, ...] = ()
    group: str | None = None
    """What it shares with other questions; a check asks one of them."""


@dataclass(frozen=True)
class Draft:
    """What a suite will ask."""

    samples: tuple[Sample, ...]
    system: str | None
    repeated: int
    """Rows left out because the same question appeared before, with the same answer."""


def settled(fields: Fields, source: Source) -> Fields:
    """The fields with a question: conversations need no name, and are asked as chats.

    Raises SuiteError when none was named and there are no conversations.
    """
    names = list(source.rows[0]) if source.rows else ["messages"]  # no rows: reported later
    if not fields.question and "messages" not in names:
        raise SuiteError(
            "--question is missing.", f"Name a field, or write a template: {', '.join(names)}."
        )
    question = fields.question or "messages"
    return replace(fields, question=question, chat=fields.chat or question == "messages")


def draft_suite(source: Source, fields: Fields, most: int, seed: int = 0) -> Draft:
    """Make samples of the rows, at most `most`, drawn by seed.

    Raises SuiteError when a field is missing or a row cannot be a fair question.
    """
    if not source.rows:
        raise SuiteError(f"{source.name} has no rows.", "Check --from and --split.")
    conversation = fields.question == "messages"
    if not conversation:
        _require_fields(source, fields)
    elif fields.choices is not None and fields.answer is None:
        raise SuiteError("Conversations with choices need --answer.", "Name the field.")
    systems: set[str] = set()
    asked: list[tuple[str, str | int, Mapping[str, Any]]] = []
    for number, row in enumerate(source.rows, 1):
        place = f"{source.name}: row {number}"
        if conversation:
            system, prompt, last = _conversation(row, place)
            systems.add(system)
            answer: Any = last if fields.answer is None else row.get(fields.answer)
        else:
            prompt = _prompt(row, fields, place)
            answer = row.get(fields.answer or "")
        if answer is None or not str(answer).strip():
            raise SuiteError(f"{place}: the answer is empty.", "Fix or remove the row.")
        asked.append((prompt, answer if isinstance(answer, int) else str(answer).strip(), row))
    if len(systems) > 1:
        raise SuiteError(
            f"{source.name}: {len(systems)} different system prompts; a suite has one.",
            "Split the data by system prompt.",
        )
    samples = _grouped(_with_choices(source, fields, asked), source, fields)
    kept, repeated = _once(source, samples)
    if len(kept) > most:
        kept = [kept[i] for i in sorted(random.Random(seed).sample(range(len(kept)), most))]
    return Draft(tuple(kept), next(iter(systems), "") or None, repeated)


def _grouped(samples: Sequence[Sample], source: Source, fields: Fields) -> list[Sample]:
    if fields.group_by is None:
        return list(samples)
    found = []
    for number, (sample, row) in enumerate(zip(samples, source.rows, strict=True), 1):
        group = str(row.get(fields.group_by) or "").strip()
        if not group:
            raise SuiteError(
                f"{source.name}: row {number}: the field {fields.group_by!r}, which groups the "
                "rows, is empty.",
                "Fix the row, or leave out --group-by.",
            )
        found.append(replace(sample, group=group))
    return found


def _require_fields(source: Source, fields: Fields) -> None:
    names = list(source.rows[0])
    wanted = _SLOT.findall(fields.question) or [fields.question]
    if fields.answer is None:
        raise SuiteError("--answer is missing.", f"Name one of: {', '.join(names)}.")
    for field in (*wanted, fields.answer):
        if field not in names:
            raise SuiteError(
                f"{source.name} has no field {field!r}.",
                f"{did_you_mean(field, names)}It has: {', '.join(names)}.",
            )


def _prompt(row: Mapping[str, Any], fields: Fields, place: str) -> str:
    def value(name: str) -> str:
        found = row.get(name)
        if found is None or not str(found).strip():
            raise SuiteError(f"{place}: {name} is empty.", "Fix or remove the row.")
        return str(found).strip()

    if _SLOT.search(fields.question):
        template = fields.question.replace("\\n", "\n")
        return _SLOT.sub(lambda slot: value(slot[1]), template)
    text = value(fields.question)
    return text if fields.chat else f"{text}\nAnswer:"


def _conversation(row: Mapping[str, Any], place: str) -> tuple[str, str, str]:
    """(system prompt, the user's turn, the assistant's answer) of a conversation of one turn."""
    turns = row.get("messages")
    if not isinstance(turns, list) or not all(isinstance(turn, dict) for turn in turns):
        raise SuiteError(f"{place}: messages is not a list of turns.", "Check the data.")
    system = next((str(t.get("content", "")) for t in turns if t.get("role") == "system"), "")
    rest = [turn for turn in turns if turn.get("role") != "system"]
    if [turn.get("role") for turn in rest] != ["user", "assistant"]:
        raise SuiteError(
            f"{place}: is not one question with one answer.",
            "Suites ask one turn; split longer conversations into such pairs.",
        )
    return system, str(rest[0].get("content", "")), str(rest[1].get("content", ""))


def _with_choices(
    source: Source, fields: Fields, asked: Sequence[tuple[str, str | int, Mapping[str, Any]]]
) -> list[Sample]:
    names = (source.labels or {}).get(fields.answer or "", ())
    if fields.generate:
        return [Sample(prompt, _text(answer, names)) for prompt, answer, _ in asked]
    if fields.choices is not None:
        return [
            _chosen(prompt, answer, _choices(row, fields.choices), f"{source.name}: row {number}")
            for number, (prompt, answer, row) in enumerate(asked, 1)
        ]
    labels = list(names) or sorted({_text(answer, ()) for _, answer, _ in asked})
    if not 2 <= len(labels) <= min(MOST_LABELS, max(2, len(asked) // ROWS_PER_LABEL)):
        return [Sample(prompt, _text(answer, names)) for prompt, answer, _ in asked]
    return [Sample(prompt, _text(a, names), tuple(labels)) for prompt, a, _ in asked]


def _text(answer: str | int, names: Sequence[str]) -> str:
    if names and isinstance(answer, int) and 0 <= answer < len(names):
        return names[answer]
    return str(answer)


def _choices(row: Mapping[str, Any], spec: str) -> list[str]:
    parts = [part.strip() for part in spec.split(",")]
    if len(parts) == 1 and parts[0] in row:
        value = row[parts[0]]
        if isinstance(value, dict):  # ARC's own shape: {"text": [...], "label": [...]}
            value = value.get("text")
        if isinstance(value, str):
            try:
                import json

                value = json.loads(value)
            except ValueError:
                value = value.split("|")
        return [str(choice).strip() for choice in value or ()]
    if all(part in row for part in parts):
        return [str(row[part]).strip() for part in parts]
    return parts


def _chosen(prompt: str, answer: str | int, choices: Sequence[str], place: str) -> Sample:
    if len(choices) < 2 or len({choice.casefold() for choice in choices}) != len(choices):
        raise SuiteError(f"{place}: needs at least two different choices.", "Check --choices.")
    if str(answer) in choices:
        return Sample(prompt, str(answer), tuple(choices))
    text = str(answer)
    place_of = int(text) if text.isdigit() else ord(text.upper()) - 65 if len(text) == 1 else -1
    if 0 <= place_of < len(choices):
        return Sample(prompt, choices[place_of], tuple(choices))
    raise SuiteError(
        f"{place}: the answer {text[:60]!r} is not among its choices.",
        f"Its choices: {', '.join(choice[:40] for choice in choices)}.",
    )


def _once(source: Source, samples: Sequence[Sample]) -> tuple[list[Sample], int]:
    """Each question once. One question with two answers is refused: nothing can score it."""
    first: dict[tuple[str, tuple[str, ...]], tuple[int, str]] = {}
    kept = []
    for number, sample in enumerate(samples, 1):
        key = (sample.prompt, tuple(sorted(sample.choices)))
        before = first.get(key)
        if before is None:
            first[key] = (number, sample.answer)
            kept.append(sample)
        elif before[1] != sample.answer:
            raise SuiteError(
                f"{source.name}: rows {before[0]} and {number} ask the same question but have "
                f"different answers ({before[1][:40]!r}, {sample.answer[:40]!r}).",
                "Decide which is right; contradictory questions measure nothing.",
            )
    if len(kept) > 1 and len(Counter(sample.answer for sample in kept)) == 1:
        raise SuiteError(
            f"{source.name}: every right answer is {kept[0].answer[:40]!r}.",
            "Check --answer, or add rows with different answers.",
        )
    return kept, len(samples) - len(kept)
