"""Rows of held-out data: from a JSONL, JSON, CSV or Parquet file, or from a data set on the hub."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gatekeeper.digests import digest_file
from gatekeeper.errors import SuiteError, first_line
from gatekeeper.extras import missing

__all__ = ["SUFFIXES", "HeldOut", "Source", "read_source"]

SUFFIXES = (".jsonl", ".json", ".csv", ".parquet")
MAX_BYTES = 1 << 30


@dataclass(frozen=True)
class HeldOut:
    """Where held-out data are."""

    ref: str
    """A file, or a data set of the hub by its id, or by its folder when it was cloned."""
    subset: str | None = None
    split: str = "test"


@dataclass(frozen=True)
class Source:
    """Held-out rows, and where they came from."""

    name: str
    rows: Sequence[Mapping[str, Any]]
    digest: str | None = None
    """Of the file; None for a data set from the hub."""
    labels: Mapping[str, Sequence[str]] | None = None
    """Names of class labels by field, where the hub's data set has them."""


def read_source(held: HeldOut) -> Source:
    """Read a file by its suffix, or a data set on the hub.

    Raises SuiteError when there is no such file, its rows are not mappings, or the hub's data set
    is neither on this machine nor reachable.
    """
    path = Path(held.ref)
    if path.suffix.lower() in SUFFIXES or path.is_file():
        return _file(path)
    return _hub(held.ref, held.subset, held.split)


def _file(path: Path) -> Source:
    if not path.is_file():
        raise SuiteError(f"{path} is not a file.", "Check --from.")
    if path.stat().st_size > MAX_BYTES:
        raise SuiteError(f"{path} is larger than 1 GiB.", "Use a sample of it.")
    readers = {".jsonl": _json_lines, ".json": _json_list, ".csv": _csv, ".parquet": _parquet}
    reader = readers.get(path.suffix.lower())
    if reader is None:
        raise SuiteError(
            f"{path}: "
            + (f"files ending in {path.suffix}" if path.suffix else "files without a suffix")
            + " are not supported.",
            f"Supported: {', '.join(SUFFIXES)}.",
        )
    try:
        rows = reader(path)
    except (OSError, UnicodeDecodeError, csv.Error) as problem:
        raise SuiteError(f"{path} cannot be read ({problem}).", "Check the file.") from problem
    return Source(str(path), rows, digest_file(path))


def _json_lines(path: Path) -> list[Mapping[str, Any]]:
    rows = []
    with path.open(encoding="utf-8") as lines:
        for number, line in enumerate(lines, 1):
            if line.strip():
                rows.append(_mapping(line, f"{path}:{number}"))
    return rows


def _json_list(path: Path) -> list[Mapping[str, Any]]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as problem:
        raise SuiteError(
            f"{path} is not valid JSON.", "Give a list of objects, or JSONL."
        ) from problem
    if not isinstance(found, list) or not all(isinstance(row, dict) for row in found):
        raise SuiteError(f"{path} is not a list of objects.", "Give a list of objects, or JSONL.")
    return found


def _mapping(line: str, place: str) -> Mapping[str, Any]:
    try:
        row = json.loads(line)
    except (ValueError, RecursionError) as problem:
        raise SuiteError(
            f"{place}: is not valid JSON.", "JSONL has one object per line."
        ) from problem
    if not isinstance(row, dict):
        raise SuiteError(f"{place}: is not an object.", "JSONL has one object per line.")
    return row


def _csv(path: Path) -> list[Mapping[str, Any]]:
    with path.open(encoding="utf-8-sig", newline="") as text:
        rows = list(csv.DictReader(text))
    for number, row in enumerate(rows, 2):
        if None in row or None in row.values():
            raise SuiteError(
                f"{path}: row {number} does not have as many cells as the header.",
                "Quote cells that contain commas.",
            )
    return list(rows)


def _parquet(path: Path) -> list[Mapping[str, Any]]:
    try:
        import pyarrow
        import pyarrow.parquet
    except ModuleNotFoundError:
        raise missing("score", f"{path}: reading Parquet", "convert it to JSONL") from None

    try:
        return list(pyarrow.parquet.read_table(path).to_pylist())
    except pyarrow.ArrowException as problem:
        raise SuiteError(
            f"{path} is not a Parquet file ({first_line(problem)}).", "Check the file."
        ) from problem


def _hub(ref: str, subset: str | None, split: str) -> Source:
    try:
        import datasets
    except ModuleNotFoundError:
        what = f"{ref} is not a file, and fetching it from the hub"
        raise missing("score", what, "check --from") from None

    arguments = ", ".join(repr(part) for part in (ref, subset) if part)
    try:
        found = datasets.load_dataset(ref, subset, split=split)
    except ValueError as problem:  # an unknown split or subset; the message lists the known ones
        raise SuiteError(
            f"{ref}: {first_line(problem)}", "Check --split and --subset."
        ) from problem
    except Exception as problem:  # whatever the hub client and its network raise
        raise SuiteError(
            f"{ref} is neither a file nor a data set on this machine, and could not be downloaded "
            f"({type(problem).__name__}).",
            f'With network access, run: python -c "import datasets; '
            f'datasets.load_dataset({arguments})"',
        ) from problem
    labels = {
        name: feature.names
        for name, feature in found.features.items()
        if isinstance(feature, datasets.ClassLabel)
    }
    return Source(f"{ref} ({split})", list(found), None, labels)
