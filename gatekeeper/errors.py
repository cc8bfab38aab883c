"""Typed errors: one sentence on what is wrong and where, one on what to do next.

Exit codes live here, so that "the answer is no" (10, 20, 21) and "the tool could not answer"
(1, 2, 30) never share a number.
"""

from __future__ import annotations

from enum import IntEnum

__all__ = [
    "AdapterRefused",
    "BaseError",
    "ConfigError",
    "EngineError",
    "ExitCode",
    "GateError",
    "MissingExtra",
    "PickleOnly",
    "PolicyError",
    "RegistryConflict",
    "RegistryDamaged",
    "RegistryError",
    "SuiteError",
    "TrainingDataError",
    "first_line",
]


class ExitCode(IntEnum):
    """Process exit codes of every `gate` command."""

    PROMOTE = 0
    INTERNAL = 1
    USAGE = 2
    HOLD = 10
    ESCALATE_RUNG = 20
    ESCALATE_FULL = 21
    REFUSED = 30
    INTERRUPTED = 130


class GateError(Exception):
    """Something a user can cause and fix. `hint` says what to do next."""

    exit_code: ExitCode = ExitCode.USAGE

    def __init__(self, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message}\n{self.hint}" if self.hint else self.message


class ConfigError(GateError):
    """gate.yaml, an environment variable or a flag is wrong."""


class MissingExtra(GateError):
    """Packages that the plain install leaves out are missing; the hint names the extra."""


class PolicyError(GateError):
    """A policy file is wrong; the message starts with file and line."""


class SuiteError(GateError):
    """A suite file or one of its tasks is wrong or cannot be loaded."""


class BaseError(GateError):
    """The base model cannot be found, read or loaded."""


class PickleOnly(BaseError):
    """A model folder has its weights only as pickles; none was opened."""


class TrainingDataError(GateError):
    """The run manifest or the training data that it names is unreadable."""


class AdapterRefused(GateError):
    """The candidate is unsafe or broken; nothing about it can be trusted."""

    exit_code = ExitCode.REFUSED


class EngineError(GateError):
    """Scoring could not be done on this machine."""

    exit_code = ExitCode.INTERNAL


class RegistryError(GateError):
    """The registry refuses: unknown name, protected channel, no verdict for this promotion."""


class RegistryConflict(RegistryError):
    """Another process moved what this command was about to move; nothing was written."""

    exit_code = ExitCode.REFUSED


class RegistryDamaged(RegistryError):
    """The registry's bytes do not match their digests."""

    exit_code = ExitCode.REFUSED


def first_line(problem: BaseException) -> str:
    """What a library's error says, as part of a sentence of ours: at most 240 characters."""
    lines = [line.strip() for line in str(problem).splitlines() if line.strip()]
    text = lines[0] if lines else type(problem).__name__
    return text if len(text) <= 240 else text[:237] + "..."
