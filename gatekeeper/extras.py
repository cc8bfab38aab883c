"""Extras of the install: which packages each one brings, and what is said where they are missing.

The plain install reads, compares, reports and moves channels. Whatever loads a model or renders a
task needs `gatekeeper[score]`. pyproject.toml lists the same packages; a test compares the two.
"""

from __future__ import annotations

import importlib.util
import sys
from dataclasses import dataclass

from gatekeeper.errors import MissingExtra

__all__ = ["EXTRAS", "Extra", "explain_import", "require"]


@dataclass(frozen=True, slots=True)
class Extra:
    """One extra. `title` is its name in a sentence; the rest are names of modules."""

    title: str
    always: tuple[str, ...]
    """Imported by every command that needs the extra."""
    sometimes: tuple[str, ...] = ()
    """Imported for some models only; who does not need them can do without."""


EXTRAS = {
    "score": Extra(
        title="scoring",
        always=("datasets", "lm_eval", "peft", "torch", "transformers"),
        sometimes=("accelerate", "bitsandbytes", "gguf", "pyarrow"),
    ),
}


def require(extra: str, what: str, instead: str | None = None) -> None:
    """Raise MissingExtra unless the packages that the extra always needs are there.

    They are looked for, never imported: a command asks before it writes or waits for anything.
    `what` begins the sentence, for example "`gate check`"; `instead` ends the hint with what can
    be done without the extra.
    """
    if not all(_is_there(module) for module in EXTRAS[extra].always):
        raise _missing(extra, what, instead)


def explain_import(problem: BaseException, what: str) -> MissingExtra | None:
    """A failed import of a package that belongs to an extra, as the error a user should see.

    None for every other error: that one is a bug.
    """
    if not isinstance(problem, ImportError) or problem.name is None:
        return None
    module = problem.name.partition(".")[0]
    for extra, brings in EXTRAS.items():
        if module in (*brings.always, *brings.sometimes):
            if _is_there(module):
                return MissingExtra(
                    f"{what} cannot use the {module} that is installed here ({problem.msg}).",
                    _install(extra),
                )
            return _missing(extra, what)
    return None


def _is_there(module: str) -> bool:
    if module in sys.modules:
        return sys.modules[module] is not None
    return importlib.util.find_spec(module) is not None


def _missing(extra: str, what: str, instead: str | None = None) -> MissingExtra:
    return MissingExtra(
        f"{what} needs the {EXTRAS[extra].title} extra, which is not installed.",
        _install(extra) + (f", or {instead}." if instead else ""),
    )


def _install(extra: str) -> str:
    return f"Run: pip install 'gatekeeper[{extra}]'"
