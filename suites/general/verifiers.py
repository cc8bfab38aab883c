"""Does a generated answer do what the instruction said? One small check per kind of instruction."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any


def followed(doc: Mapping[str, Any], results: list[str]) -> dict[str, float]:
    """Score one answer: 1.0 when the instruction was followed, else 0.0."""
    answer = results[0].strip()
    return {"followed": float(bool(answer) and CHECKS[doc["check"]](answer, _value(doc)))}


def _value(doc: Mapping[str, Any]) -> Any:
    """Values are JSON text, because one column of a data file has one type."""
    return json.loads(doc["value"])


def _words(text: str) -> list[str]:
    return re.findall(r"[\w']+", text.casefold())


def _first_line(answer: str) -> str:
    return answer.splitlines()[0].strip()


def _exact(answer: str, value: str) -> bool:
    return _first_line(answer).strip(" .!\"'").casefold() == value.casefold()


def _count(answer: str, value: list[Any]) -> bool:
    word, count = value
    return _words(answer).count(word) == count


def _json(answer: str, value: dict[str, Any]) -> bool:
    text = answer.strip("`\n ").removeprefix("json")
    try:
        found = json.loads(text)
    except ValueError:
        return False
    return isinstance(found, dict) and found == value


def _letter(answer: str, value: str) -> bool:
    words = _words(_first_line(answer))
    return len(words) == 1 and words[0].startswith(value)


CHECKS: dict[str, Callable[[str, Any], bool]] = {
    "contains": lambda answer, value: value in answer,
    "count": _count,
    "exact": _exact,
    "json": _json,
    "prefix": lambda answer, value: answer.startswith(value),
    "without": lambda answer, value: value not in _words(_first_line(answer)),
    "words": lambda answer, value: 1 <= len(_words(answer)) <= value,
    "letter": _letter,
}
