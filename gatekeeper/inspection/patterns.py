"""Which modules of the base an adapter config means, by the rules of PEFT 0.21.

PEFT treats names in a config as regular expressions in several places. A config comes from a
stranger, and a pattern such as `(a+)+$` takes for ever to fail, so patterns are judged first.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from re import _constants as _op  # type: ignore[attr-defined]
from re import _parser as _syntax  # type: ignore[attr-defined]
from typing import Any

__all__ = ["is_safe_pattern", "matches_target", "pattern_value", "saved_modules"]

ALL_LINEAR = "all-linear"
_MAX_PATTERN = 2000
_REPEATS = {_op.MAX_REPEAT, _op.MIN_REPEAT, _op.POSSESSIVE_REPEAT}


def is_safe_pattern(pattern: str) -> bool:
    """Does the pattern compile, and is it free of what makes matching exponential?

    Refused: repeats inside repeats, back references, more than four open repeats in one alternative
    (each one multiplies the work by the length of a module name; alternatives add up), and anything
    very long. Look-arounds count like what they look at.
    """
    if len(pattern) > _MAX_PATTERN:
        return False
    try:
        parsed = _syntax.parse(pattern)
    except (re.error, RecursionError, OverflowError):
        return False
    unbounded, nested, exotic = _survey(parsed, inside=False)
    return not nested and not exotic and unbounded <= 4


def _survey(parsed: Any, inside: bool) -> tuple[int, bool, bool]:
    """Count open repeats; say whether one stands in another, and whether syntax is exotic."""
    unbounded, nested, exotic = 0, False, False
    for code, argument in parsed:
        children: list[Any] = []
        branches: list[Any] = []
        within = inside
        if code in _REPEATS:
            low, high, body = argument
            children = [body]
            if high > max(low, 1):
                nested = nested or inside
                within = True
                unbounded += high is _op.MAXREPEAT
        elif code is _op.SUBPATTERN:
            children = [argument[-1]]
        elif code is _op.BRANCH:
            branches = list(argument[1])
        elif code is _op.ATOMIC_GROUP:
            children = [argument]
        elif code in (_op.ASSERT, _op.ASSERT_NOT):
            children = [argument[1]]
        elif code in (_op.GROUPREF, _op.GROUPREF_EXISTS):
            exotic = True
        for child in children:
            more, deeper, stranger = _survey(child, within)
            unbounded, nested, exotic = unbounded + more, nested or deeper, exotic or stranger
        surveys = [_survey(branch, within) for branch in branches]
        unbounded += max((more for more, _, _ in surveys), default=0)
        nested = nested or any(deeper for _, deeper, _ in surveys)
        exotic = exotic or any(stranger for _, _, stranger in surveys)
    return unbounded, nested, exotic


def matches_target(module: str, config: Mapping[str, Any], *, is_output: bool = False) -> bool:
    """Would PEFT put a LoRA layer on this module? `is_output` marks the language model head.

    The patterns must have been judged safe before.
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
    if found is None:
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
    """Modules that `modules_to_save` means: those whose name ends with one of the names."""
    wanted = tuple(names)
    return tuple(module for module in modules if wanted and module.endswith(wanted))
