"""The neutral text that a suite may include, on which drift is measured."""

from __future__ import annotations

import json
from pathlib import Path

from gatekeeper.errors import SuiteError

__all__ = ["read_texts"]


def read_texts(path: Path) -> list[str]:
    """Texts of a JSONL file (field `text`). Raises SuiteError with the line."""
    texts = []
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as problem:
        raise SuiteError(f"{path} cannot be read: {problem}.", "Check the suite.") from problem
    for number, line in enumerate(lines, 1):
        try:
            texts.append(str(json.loads(line)["text"]))
        except (ValueError, KeyError, TypeError) as problem:
            raise SuiteError(
                f"{path}:{number}: is not a JSON object with a field `text`.", "Fix the line."
            ) from problem
    return texts
