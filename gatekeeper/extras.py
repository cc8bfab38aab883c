"""Extras of the install: which packages each includes, and the message where they are missing.

The plain install reads, compares, reports and moves channels. Whatever loads a model or renders a
task needs `gatekeeper[score]`. pyproject.toml lists the same packages; a test compares the two.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass

from gatekeeper.errors import MissingExtra

__all__ = ["EXTRAS", "Extra", "explain_import", "missing", "require"]


@dataclass(frozen=True, slots=True)
class Extra:
    """One extra. `title` is its name in a sentence; the rest are names of modules."""

    title: str
    always: tuple[str, ...]
    """Imported by every command that needs the extra."""
    sometimes: tuple[str, ...] = ()
    """Imported for some models or files only; without them the others still work."""


EXTRAS = {
    "score": Extra(
        title="scoring",
        always=("datasets", "lm_eval", "peft", "torch", "transformers"),
        sometimes=("accelerate", "bitsandbytes", "gguf", "pyarrow"),
    ),
}


def require(extra: str, what: str, instead: str | None = None) -> None:
    """Raise MissingExtra unless what the extra always needs is installed, and recent enough.

    Nothing is imported: a command asks before it writes or waits for anything. `what` begins the
    sentence, for example "`gate check`"; `instead` ends the hint with what works without the extra.
    """
    modules = EXTRAS[extra].always
    if not all(_is_there(module) for module in modules):
        raise missing(extra, what, instead)
    for module, wanted, found in _too_old(extra, modules):
        raise MissingExtra(
            f"{what} needs {module}{wanted}, but {found} is installed here.",
            "Give gate its own environment, or replace that package: "
            f"pip install 'gatekeeper[{extra}]'",
        )


def missing(extra: str, what: str, instead: str | None = None) -> MissingExtra:
    """The error for a package that is not installed."""
    return MissingExtra(
        f"{what} needs the {EXTRAS[extra].title} extra, which is not installed.",
        f"Run: pip install 'gatekeeper[{extra}]'" + (f", or {instead}." if instead else ""),
    )


def explain_import(problem: BaseException, what: str) -> MissingExtra | None:
    """A failed import of a package that belongs to an extra, as the error a user should see.

    None for every other error: that one is a bug.
    """
    if not isinstance(problem, ImportError) or problem.name is None:
        return None
    module = problem.name.partition(".")[0]
    for extra, brings in EXTRAS.items():
        if module in (*brings.always, *brings.sometimes):
            if not _is_there(module):
                return missing(extra, what)
            return MissingExtra(
                f"{what} cannot use the {module} that is installed here ({problem.msg}).",
                f"Install it again: pip install --force-reinstall {module}",
            )
    return None


def _is_there(module: str) -> bool:
    import importlib.util

    if module in sys.modules:
        return sys.modules[module] is not None
    return importlib.util.find_spec(module) is not None


def _too_old(extra: str, modules: tuple[str, ...]) -> Iterator[tuple[str, str, str]]:
    """Module, lower bound and version, for each that gatekeeper's installed metadata refuses.

    Vendors' builds of torch have versions such as 2.8.0a0+..., so only the numbers count.
    """
    import importlib.metadata

    from packaging.requirements import Requirement  # transformers brings it
    from packaging.version import Version

    try:
        lines = importlib.metadata.requires("gatekeeper") or []
    except importlib.metadata.PackageNotFoundError:  # run from a folder, without an install
        return
    for requirement in map(Requirement, lines):
        module = requirement.name.replace("-", "_")
        if module not in modules or not requirement.marker:
            continue
        try:
            found = importlib.metadata.version(requirement.name)
        except importlib.metadata.PackageNotFoundError:  # importable all the same
            continue
        for bound in requirement.specifier:
            if bound.operator == ">=" and not bound.contains(Version(found).base_version):
                yield module, str(bound), found
