"""Running out of memory, distinguished from everything else that may fail."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from gatekeeper.errors import EngineError

__all__ = ["MORE_MEMORY", "is_out_of_memory", "within_memory"]

MORE_MEMORY = "Free some memory, or use a smaller or quantized base."
"""What to do about it."""

_SAID = (
    "can't allocate memory",
    "CUDA out of memory",
    "CUDA error: out of memory",
    "CUBLAS_STATUS_ALLOC_FAILED",
)
"""Libraries say so in plain RuntimeErrors, too."""


def is_out_of_memory(problem: BaseException) -> bool:
    """Whether this says that the machine's memory, or its GPU's, is full."""
    if isinstance(problem, RuntimeError):  # torch's own OutOfMemoryError is one
        name = type(problem).__name__
        return name == "OutOfMemoryError" or any(text in str(problem) for text in _SAID)
    return isinstance(problem, MemoryError)


@contextmanager
def within_memory(doing: str) -> Iterator[None]:
    """Code in this context raises EngineError when memory is full; `doing` says what it does."""
    try:
        yield
    except (MemoryError, RuntimeError) as problem:
        if not is_out_of_memory(problem):
            raise
        raise EngineError(f"Out of memory while {doing}.", MORE_MEMORY) from problem
