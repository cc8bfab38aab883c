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
    """The word that often, and no other word."""
    word, count = value
    return _words(answer) == [word] * count


def _json(answer: str, value: Any) -> bool:
    text = answer.strip("`\n ").removeprefix("json")
    try:
        return bool(json.loads(text) == value)
    except ValueError:
        return False


def _letter(answer: str, value: str) -> bool:
    words = _words(_first_line(answer))
    return len(words) == 1 and words[0].startswith(value)


def _prefix(answer: str, value: str) -> bool:
    return bool(re.match(rf"{re.escape(value)}\b", answer)) and len(_words(answer)) >= 3


def _suffix(answer: str, value: str) -> bool:
    words = _words(_first_line(answer))
    return len(words) >= 3 and words[-1] == value


def _without(answer: str, value: str) -> bool:
    """A sentence of some length, or leaving a word out would be no feat."""
    words = _words(_first_line(answer))
    return len(words) >= 4 and value not in words


def _includes(answer: str, value: list[str]) -> bool:
    words = _words(_first_line(answer))
    return set(value) <= set(words) and len(words) >= 4


def _length(answer: str, value: list[int]) -> bool:
    fewest, most = value
    return fewest <= len(_words(answer)) <= most


def _list(answer: str, value: int) -> bool:
    items = [item.strip(" .") for item in _first_line(answer).split(",")]
    return len({item.casefold() for item in items if item}) == value == len(items)


CHECKS: dict[str, Callable[[str, Any], bool]] = {
    "contains": lambda answer, value: value in answer,
    "count": _count,
    "exact": _exact,
    "includes": _includes,
    "json": _json,
    "letter": _letter,
    "list": _list,
    "prefix": _prefix,
    "suffix": _suffix,
    "without": _without,
    "words": _length,
}
