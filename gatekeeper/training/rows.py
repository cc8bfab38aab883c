"""Training rows: from the files that trainers read to (input, target) pairs of plain text.

Knows the common row formats and nothing else; faults in the rows are judged elsewhere. A file named
by an untrusted run.yaml may be anything, so sizes are capped and no error quotes a row.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from gatekeeper.digests import digest_file, short
from gatekeeper.errors import TrainingDataError
from gatekeeper.evidence import RunManifest
from gatekeeper.files.plain_values import value_fault

__all__ = ["FORMATS", "find_dataset", "read_rows", "read_training_rows"]

MAX_BYTES = 1 << 30
"""Larger training files are not read; the check then reports the data as not available."""

FORMATS = (
    ("prompt", "completion"),
    ("prompt", "chosen"),
    ("input", "target"),
    ("input", "output"),
    ("question", "answer"),
    ("source", "target"),
    ("text", "label"),
)
"""Pairs of field names that are read as (input, target), first match wins."""


def find_dataset(manifest: RunManifest, folder: Path) -> Path | None:
    """The training file that a manifest in `folder` names; None when it is not available."""
    if not manifest.dataset:
        return None
    path = folder / Path(manifest.dataset).expanduser()
    if not path.is_file() or path.stat().st_size > MAX_BYTES:
        return None
    return path


def read_training_rows(manifest: RunManifest, folder: Path) -> list[tuple[str, str]] | None:
    """The rows of the manifest's dataset as (input, target); None when it is missing or empty.

    An empty file cannot be what was trained on, and says nothing about what was. `folder` is the
    manifest's. Raises TrainingDataError when the file is not the one that the manifest pins, or
    when its rows cannot be read.
    """
    path = find_dataset(manifest, folder)
    if path is None:
        return None
    found = digest_file(path)
    if manifest.dataset_digest is not None and found != manifest.dataset_digest:
        raise TrainingDataError(
            f"{path}: is not the file that the run was trained on (its digest is {short(found)}, "
            f"run.yaml pins {short(manifest.dataset_digest)}).",
            "Restore the run's own file, or train again on this one.",
        )
    return read_rows(path) or None


def read_rows(path: Path) -> list[tuple[str, str]]:
    """Rows of a JSONL file, or of a JSON file with a list, as (input, target).

    Raises TrainingDataError, with file and line, when a row is not in a known format.
    """
    return [_read(row, place) for place, row in _objects(path)]


def _read(row: Any, place: str) -> tuple[str, str]:
    before, after = _pair(row, place)
    if not before.strip() and not after.strip():
        raise TrainingDataError(
            f"{place}: holds no text, so it cannot be compared with anything.",
            "Correct or remove the row.",
        )
    return before, after


def _objects(path: Path) -> Iterator[tuple[str, Any]]:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as problem:
        raise TrainingDataError(
            f"{path}: cannot be read as UTF-8 text.", "Training files are JSONL or JSON."
        ) from problem
    if text.lstrip().startswith("["):
        rows = _parsed(text, str(path))
        yield from ((f"{path}: row {number}", row) for number, row in enumerate(rows, 1))
        return
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            yield f"{path}:{number}", _parsed(line, f"{path}:{number}")


def _parsed(text: str, place: str) -> Any:
    try:
        parsed = json.loads(text, parse_constant=_no_constant)
    except (ValueError, RecursionError) as problem:
        raise TrainingDataError(
            f"{place}: is not valid JSON.", "Training files are JSONL or a JSON list."
        ) from problem
    # A surrogate can only come from an escape; looking for one is cheaper than looking at all.
    if "\\ud" in text.lower() and (fault := value_fault(parsed)) is not None:
        raise TrainingDataError(f"{place}: {fault}.", "Correct or remove the row.")
    return parsed


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


def _pair(row: Any, place: str) -> tuple[str, str]:
    if isinstance(row, dict):
        turns = row.get("messages", row.get("chosen") if "prompt" not in row else None)
        if isinstance(turns, list):
            found = _conversation(turns)
            if found is not None:
                return found
        elif "instruction" in row and "output" in row:
            parts = (row["instruction"], row.get("input"))
            return "\n".join(_text(part) for part in parts if part), _text(row["output"])
        else:
            for before, after in FORMATS:
                if before in row and after in row:
                    if not isinstance(row[before], str | list | dict):
                        raise TrainingDataError(
                            f"{place}: {before} is not text, but {type(row[before]).__name__}.",
                            "Correct or remove the row.",
                        )
                    return _text(row[before]), _text(row[after])
            # A text without a target; "chosen" alone is a preferred text with its prompt in it.
            for alone in ("text", "chosen"):
                if alone in row:
                    return _text(row[alone]), ""
            if row.keys() == {"prompt"}:
                return _text(row["prompt"]), ""
    names = ", ".join("+".join(pair) for pair in FORMATS)
    raise TrainingDataError(
        f"{place}: is not a row in a known format.",
        f"Known fields: {names}, instruction+input+output, messages, chosen, text.",
    )


def _conversation(messages: list[Any]) -> tuple[str, str] | None:
    """Everything before the last answer, and the last answer."""
    turns = [turn for turn in messages if isinstance(turn, dict) and "content" in turn]
    if not turns or len(turns) != len(messages):
        return None
    *before, last = turns
    if last.get("role") != "assistant":
        return "\n".join(_text(turn["content"]) for turn in turns), ""
    return "\n".join(_text(turn["content"]) for turn in before), _text(last["content"])


def _text(value: Any) -> str:
    """Plain text of a field; lists are turns or parts with `content` or `text`."""
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return "\n".join(_text(part) for part in value)
    if isinstance(value, dict):
        return _text(value.get("content", value.get("text", "")))
    return "" if value is None else str(value)
