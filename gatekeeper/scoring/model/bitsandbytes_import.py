"""Importing bitsandbytes, which PEFT does whether the base is quantized or not.

It passes four functions to `torch.compile` on import. That alone loads torch's compiler, 0.7 s at
every start, for functions that a CPU without 4-bit weights never calls. Here they are compiled when
they are first called.
"""

from __future__ import annotations

import logging
import types
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch

__all__ = ["importing_bitsandbytes"]


@contextmanager
def importing_bitsandbytes() -> Iterator[None]:
    """During an import: no advice about optional kernels, and nothing compiled yet."""
    logging.getLogger("bitsandbytes").setLevel(logging.ERROR)
    real = torch.compile
    torch.compile = _later(real)
    try:
        yield
    finally:
        torch.compile = real


def _later(compile_now: Any) -> Any:
    def compile_(function: Any = None, **options: Any) -> Any:
        if not isinstance(function, types.FunctionType):
            return compile_now(function, **options)
        return _compiled_when_called(lambda: compile_now(function, **options))

    return compile_


def _compiled_when_called(make: Callable[[], Callable[..., Any]]) -> Callable[..., Any]:
    made: list[Callable[..., Any]] = []

    def call(*args: Any, **named: Any) -> Any:
        if not made:
            made.append(make())
        return made[0](*args, **named)

    return call
