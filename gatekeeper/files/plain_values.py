"""Values out of strangers' files that can be kept: finite numbers and text that is Unicode.

JSON and YAML can spell what no evidence file can hold: infinities, integers of any length, halves
of surrogate pairs. They are refused where they are read, before anything is scored.
"""

from __future__ import annotations

import math
import sys
from typing import Any

__all__ = ["LARGEST", "number_fault", "text_fault", "value_fault"]

LARGEST = sys.float_info.max
"""Of all floats. Tokenizer files name 10^30 as a length, so 64 bits would be too strict."""


def value_fault(value: Any) -> str | None:
    """What is wrong with a value, or with something inside it, in one clause; None if nothing."""
    todo = [value]
    while todo:
        current = todo.pop()
        if isinstance(current, dict):
            todo += [*current.keys(), *current.values()]
        elif isinstance(current, list):
            todo += current
        elif (fault := number_fault(current) or text_fault(current)) is not None:
            return fault
    return None


def number_fault(value: Any) -> str | None:
    """Why a number cannot be kept; None for a sound one and for anything that is not a number."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int) and abs(value) > LARGEST:
        return "an integer has hundreds of digits"
    if isinstance(value, float) and not math.isfinite(value):
        return "a number is infinite or NaN"
    return None


def text_fault(value: Any) -> str | None:
    """Why a text cannot be kept; None for a sound one and for anything that is not text."""
    if isinstance(value, str) and not value.isascii():
        try:
            value.encode("utf-8")
        except UnicodeEncodeError as problem:
            return f"half a surrogate pair (U+{ord(value[problem.start]):04X}) is not a character"
    return None
