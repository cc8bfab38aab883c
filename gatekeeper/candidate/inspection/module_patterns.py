"""Which modules of the base an adapter config means, by the rules of PEFT 0.21.

PEFT treats names in a config as regular expressions in several places. A config is untrusted, and
a pattern such as `(a+)+$` takes exponential time to fail, so patterns are judged first.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from re import _constants as _op  # type: ignore[attr-defined]
from re import _parser as _syntax  # type: ignore[attr-defined]
from typing import Any

__all__ = ["is_safe_pattern", "matches_target", "pattern_value", "saved_modules"]

ALL_LINEAR = "all-linear"
_MAX_PATTERN = 2000
_NAME, _WIDE = 64, 4
"""Characters of a long module name; a repeat with more possible ends is counted as unbounded."""
_MOST_WAYS = 6_000_000
_REPEATS = {_op.MAX_REPEAT, _op.MIN_REPEAT, _op.POSSESSIVE_REPEAT}


def is_safe_pattern(pattern: str, *others: str) -> bool:
    """Do the patterns compile, and is the work of matching all of them small?

    Refused: back references, named groups and flags (PEFT puts patterns into larger ones), anything
    very long, and more than `_MOST_WAYS` ways in which a module name can be tried. See `_Ways` for
    how they are counted.
    """
    total = 0.0
    for each in (pattern, *others):
        if len(each) > _MAX_PATTERN:
            return False
        try:
            parsed = _syntax.parse(each)
            ways = _ways(parsed)
        except (re.error, RecursionError, OverflowError):
            return False
        if ways is None or parsed.state.groupdict or parsed.state.flags & ~re.UNICODE:
            return False
        total += ways.total
    return total <= _MOST_WAYS


@dataclass(frozen=True)
class _Ways:
    """In how many ways a part of a pattern may match before it fails.

    A wide repeat ends anywhere in the name; several share its length, so k of them have
    length^k / k! ways. Everything else multiplies: `x?` has two, `(a|ab)` has two, `(a|b)` one.
    """

    wide: int = 0
    narrow: int = 1

    @property
    def total(self) -> float:
        return float(_NAME**self.wide) / math.factorial(self.wide) * self.narrow

    def then(self, other: _Ways) -> _Ways:
        return _Ways(self.wide + other.wide, min(self.narrow * other.narrow, _MOST_WAYS + 1))


def _ways(parsed: Any) -> _Ways | None:
    """Of a sequence, one part after the other; None when there is no bound."""
    found = _Ways()
    for code, argument in parsed:
        part: _Ways | None = _Ways()
        if code in _REPEATS:
            part = _repeated(*argument)
        elif code is _op.SUBPATTERN:
            part = _ways(argument[-1])
        elif code is _op.BRANCH:
            part = _either(argument[1])
        elif code is _op.ATOMIC_GROUP:
            part = _ways(argument)
        elif code in (_op.ASSERT, _op.ASSERT_NOT):
            part = _ways(argument[1])
        elif code in (_op.GROUPREF, _op.GROUPREF_EXISTS):
            part = None
        if part is None:
            return None
        found = found.then(part)
    return found


def _repeated(low: int, high: int, body: Any) -> _Ways | None:
    inside = _ways(body)
    if inside is None or (high > 1 and inside != _Ways()):
        return None  # a repeat inside a repeat
    if high - low >= _WIDE:
        return _Ways(wide=1).then(inside)
    return _Ways(narrow=high - low + 1).then(inside)


def _either(branches: Any) -> _Ways | None:
    """Only alternatives that begin with the same character can both be tried."""
    ways = [_ways(branch) for branch in branches]
    firsts = [branch[0][1] if len(branch) and branch[0][0] is _op.LITERAL else None
              for branch in branches]  # fmt: skip
    together = max(
        sum(other is None or first is None or other == first for other in firsts)
        for first in firsts
    )
    known = [each for each in ways if each is not None]
    if len(known) < len(ways):
        return None
    return _Ways(max(each.wide for each in known), together * max(each.narrow for each in known))


def matches_target(module: str, config: Mapping[str, Any], *, is_output: bool = False) -> bool:
    """Would PEFT put a LoRA layer on this module? `is_output` marks the language model head.

    The patterns must already have been judged safe.
    """
    targets = config.get("target_modules")
    if _excluded(module, config) or targets is None:
        return False
    if isinstance(targets, str):
        if targets.lower() == ALL_LINEAR:
            return not is_output
        return re.fullmatch(targets, module) is not None
    if module in targets:
        return True
    if not any(module.endswith(f".{target}") for target in targets):
        return False
    return _layer_wanted(module, config)


def _excluded(module: str, config: Mapping[str, Any]) -> bool:
    excluded = config.get("exclude_modules")
    if isinstance(excluded, str) and re.fullmatch(excluded, module):
        return True
    if isinstance(excluded, list) and any(
        module == name or module.endswith(f".{name}") for name in excluded
    ):
        return True
    saved = config.get("modules_to_save") or ()
    return any(re.match(rf"(^|.*\.){name}($|\..*)", module) for name in saved)


def _layer_wanted(module: str, config: Mapping[str, Any]) -> bool:
    layers = config.get("layers_to_transform")
    if layers is None or layers == []:
        return True
    patterns = config.get("layers_pattern") or None
    if patterns is None:
        found = re.match(r".*?\.[^.]*\.(?P<idx>\d+)\.", module)
    else:
        found = None
        for pattern in [patterns] if isinstance(patterns, str) else patterns:
            found = found or re.match(rf"(?:^|.*?\.){pattern}\.(?P<idx>\d+)\.", module)
    if found is None or found["idx"] is None:
        return False
    index = int(found["idx"])
    return index == layers if isinstance(layers, int) else index in layers


def pattern_value(patterns: Mapping[str, Any], module: str, default: Any) -> Any:
    """Value of the first pattern that names the module (`rank_pattern`, `alpha_pattern`)."""
    for pattern, value in patterns.items():
        if _named_by(pattern).match(module):
            return value
    return default


@lru_cache(maxsize=8192)
def _named_by(pattern: str) -> re.Pattern[str]:
    # One pattern per module is common, and re forgets all but the last few hundred.
    return re.compile(rf"(.*\.)?({pattern})$")


def saved_modules(modules: Iterable[str], names: Iterable[str]) -> tuple[str, ...]:
    """Modules that `modules_to_save` refers to: those whose name ends with one of its names."""
    wanted = tuple(names)
    return tuple(module for module in modules if wanted and module.endswith(wanted))
