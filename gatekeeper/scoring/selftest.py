"""Is packing safe for this architecture? A few made-up requests, packed and plain, must agree.

Run once per arm before its first score. It proves nothing about scores; it catches a model whose
attention does not follow the rules that packing relies on (its own positions, its own masks).
"""

from __future__ import annotations

import random
from typing import Any

import torch

from gatekeeper.scoring.forward import likelihoods, prefix_states
from gatekeeper.scoring.packing import Shape, pack
from gatekeeper.scoring.plain import plain_likelihoods
from gatekeeper.scoring.tokens import Scored

__all__ = ["packing_fault"]

_LONGEST_WINDOW = 512


def packing_fault(module: Any, max_length: int, device: Any) -> str | None:
    """Why this module cannot be packed, in half a sentence; None when it can.

    Memory errors are passed on: they say nothing about the architecture.
    """
    prefix, docs = _made_up(module.config, max_length)
    try:
        shape = Shape(sum(len(r.inputs) for doc in docs for r in doc), 32)
        states = prefix_states(module, prefix, shape, device)
        packed = likelihoods(module, [pack(d, prefix) for d in docs], shape, states, device)
    except (torch.OutOfMemoryError, MemoryError):
        raise
    except Exception as problem:  # an unknown architecture may fail in any way
        text = str(problem).strip().splitlines()
        return text[0] if text else type(problem).__name__
    exact = next(module.parameters()).dtype == torch.float32
    for doc, found in zip(docs, packed, strict=True):
        expected = plain_likelihoods(module, doc, 1 << 20, device)
        for (mine, _), (theirs, _) in zip(found, expected, strict=True):
            allowed = 1e-3 + 1e-4 * abs(theirs) if exact else 0.1 + 0.02 * abs(theirs)
            if not abs(mine - theirs) <= allowed and theirs == theirs:
                return f"packed and plain rows disagree by {abs(mine - theirs):.2g}"
    return None


def _made_up(config: Any, max_length: int) -> tuple[tuple[int, ...], list[list[Scored]]]:
    text = config.get_text_config()
    window = getattr(text, "sliding_window", None) or 0
    context = window + 6 if 0 < window <= _LONGEST_WINDOW else 10
    context = max(2, min(context, max_length - 24))
    draw = random.Random(0)

    def some(count: int) -> tuple[int, ...]:
        return tuple(draw.randrange(text.vocab_size) for _ in range(count))

    prefix = some(12)
    docs = []
    for size in (context, 4):
        own, shared = some(size), some(1)
        ends = [shared + some(3), shared + some(1), some(2)]
        docs.append([Scored((prefix + own + end)[:-1], end) for end in ends])
    return prefix, docs
