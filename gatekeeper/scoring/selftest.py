"""Is packing safe for this architecture? A few made-up requests, packed and plain, must agree.

Run once per model before its first score. It proves nothing about scores; it catches a model whose
attention does not follow the rules that packing relies on (its own positions, its own masks). A
second test asks whether rows keep their bits in forwards of any height, see `heights.py`.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

import torch

from gatekeeper.scoring.attention import PrefixStates
from gatekeeper.scoring.forest import grow, is_short
from gatekeeper.scoring.forward import (
    Likelihood,
    forest_likelihoods,
    likelihoods,
    prefix_states,
)
from gatekeeper.scoring.heights import keep_bits, layer_shapes
from gatekeeper.scoring.packing import PackedDoc, free_heights, pack
from gatekeeper.scoring.plain import plain_likelihoods
from gatekeeper.scoring.tokens import Scored

__all__ = ["heights_are_free", "packing_fault"]

_LONGEST_WINDOW = 512
_OTHERS = 64
"""Tokens of other docs that stand before the tested ones in the second test."""


def packing_fault(module: Any, max_length: int, device: Any) -> str | None:
    """Why this module cannot be packed, in half a sentence; None when it can.

    Memory errors are passed on: they say nothing about the architecture.
    """
    prefix, docs = _made_up(module.config, max_length)
    try:
        found = _packed(module, prefix, docs, (), device)
    except (torch.OutOfMemoryError, MemoryError):
        raise
    except Exception as problem:  # an unknown architecture may fail in any way
        text = str(problem).strip().splitlines()
        return text[0] if text else type(problem).__name__
    exact = next(module.parameters()).dtype == torch.float32
    expected = [plain_likelihoods(module, doc, 1 << 20, device) for doc in docs]
    for index, packed in found:
        for (mine, _), (theirs, _) in zip(packed, expected[index], strict=True):
            allowed = 1e-3 + 1e-4 * abs(theirs) if exact else 0.1 + 0.02 * abs(theirs)
            if not abs(mine - theirs) <= allowed and theirs == theirs:
                return f"packed and plain rows disagree by {abs(mine - theirs):.2g}"
    return None


def heights_are_free(module: Any, max_length: int, device: Any) -> bool:
    """Whether made-up docs get the same bits alone and behind others, in a higher forward.

    Only for a module that can be packed.
    """
    shapes = layer_shapes(module)
    if shapes is None or not keep_bits(shapes, device):
        return False
    prefix, docs = _made_up(module.config, max_length)
    draw = random.Random(1)
    vocabulary = module.config.get_text_config().vocab_size
    tokens = tuple(draw.randrange(vocabulary) for _ in range(_OTHERS))
    others = [
        [Scored(prefix + tokens[start : start + 16], tokens[start + 8 : start + 16])]
        for start in range(0, _OTHERS, 16)
    ]
    alone = _packed(module, prefix, docs, (), device)
    return alone == _packed(module, prefix, docs, others, device)


def _packed(
    module: Any,
    prefix: tuple[int, ...],
    docs: Sequence[Sequence[Scored]],
    before: Sequence[Sequence[Scored]],
    device: Any,
) -> list[tuple[int, list[Likelihood]]]:
    """Likelihoods of docs by their index: as trees, and those that are short in a forest as well.

    Docs of `before` stand before them in the same forwards.
    """
    heights = free_heights(1 << 10)
    states = prefix_states(module, prefix, heights.step, device)
    first = [pack(doc, prefix) for doc in before]
    trees = [pack(doc, prefix) for doc in docs]
    found = likelihoods(module, [*first, *trees], heights.step, states, device)[len(first) :]
    results = list(enumerate(found))
    short = [index for index, tree in enumerate(trees) if is_short(tree)]
    standing = [*first, *(trees[index] for index in short)]
    for at, likelihood in _in_forest(module, standing, states, device).items():
        if at >= len(first):
            results.append((short[at - len(first)], likelihood))
    return results


def _in_forest(
    module: Any, trees: Sequence[PackedDoc], states: PrefixStates, device: Any
) -> dict[int, list[Likelihood]]:
    found: dict[int, list[Likelihood]] = {}
    if trees:
        heights = free_heights(1 << 10)
        for _, ended in forest_likelihoods(module, grow(trees), heights, states, device):
            found.update(ended)
    return found


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
