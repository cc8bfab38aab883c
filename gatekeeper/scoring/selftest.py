"""Is packing safe for this architecture? A few made-up requests, packed and plain, must agree.

Run once per model before its first score. It proves nothing about scores; it catches a model whose
attention does not follow the rules that packing relies on (its own positions, its own masks). A
second test asks whether rows keep their bits in forwards of any height, see `heights.py`.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
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
from gatekeeper.scoring.heights import keep_bits, linear_layers
from gatekeeper.scoring.packing import free_heights, pack
from gatekeeper.scoring.plain import plain_likelihoods
from gatekeeper.scoring.tokens import Scored

__all__ = ["SelfTest", "self_test"]

_LONGEST_WINDOW = 512


@dataclass(frozen=True)
class SelfTest:
    """What was found of a model."""

    fault: str | None
    """Why its rows cannot be packed, in half a sentence; None when they can."""
    free: bool
    """Whether its rows keep their bits in forwards of any height."""


def self_test(module: Any, max_length: int, device: Any) -> SelfTest:
    """Try a model out. Memory errors are passed on: they say nothing about the architecture."""
    prefix, docs = _made_up(module.config, max_length)
    try:
        states = prefix_states(module, prefix, _ANY.step, device)
        alone = _packed(module, prefix, docs, (), states, device)
    except (torch.OutOfMemoryError, MemoryError):
        raise
    except Exception as problem:  # an unknown architecture may fail in any way
        text = str(problem).strip().splitlines()
        return SelfTest(text[0] if text else type(problem).__name__, free=False)
    fault = _disagreement(module, docs, alone, device)
    layers = None if fault else linear_layers(module)
    if layers is None or not keep_bits(layers, device):
        return SelfTest(fault, free=False)
    others = _others(module.config, prefix)
    return SelfTest(None, free=_packed(module, prefix, docs, others, states, device) == alone)


_Found = list[tuple[int, list[Likelihood]]]
_ANY = free_heights(1 << 10)


def _disagreement(
    module: Any, docs: Sequence[Sequence[Scored]], found: _Found, device: Any
) -> str | None:
    """Whether the model itself, asked plainly, gives other likelihoods."""
    exact = next(module.parameters()).dtype == torch.float32
    flat = [request for doc in docs for request in doc]
    plain = iter(plain_likelihoods(module, flat, 1 << 20, device))
    expected = [[next(plain) for _ in doc] for doc in docs]
    for index, packed in found:
        for (mine, _), (theirs, _) in zip(packed, expected[index], strict=True):
            allowed = 1e-3 + 1e-4 * abs(theirs) if exact else 0.1 + 0.02 * abs(theirs)
            if not abs(mine - theirs) <= allowed and theirs == theirs:
                return f"packed and plain rows disagree by {abs(mine - theirs):.2g}"
    return None


def _packed(
    module: Any,
    prefix: tuple[int, ...],
    docs: Sequence[Sequence[Scored]],
    before: Sequence[Sequence[Scored]],
    states: PrefixStates,
    device: Any,
) -> _Found:
    """Likelihoods of docs by their index: of the first as a tree, of the short ones in a forest.

    Docs of `before` stand before them in the same forwards.
    """
    first = [pack(doc, prefix) for doc in before]
    trees = [pack(doc, prefix) for doc in docs]
    found = likelihoods(module, [*first, trees[0]], _ANY.step, states, device)
    results = [(0, found[-1])]
    short = [index for index, tree in enumerate(trees) if is_short(tree)]
    if short:
        forest = grow([*first, *(trees[index] for index in short)])
        for _, ended in forest_likelihoods(module, forest, _ANY, states, device):
            results += [
                (short[at - len(first)], ended[at]) for at in sorted(ended) if at >= len(first)
            ]
    return results


def _others(config: Any, prefix: tuple[int, ...]) -> list[list[Scored]]:
    """Docs that fill a forward before those that are tested."""
    draw = random.Random(1)
    vocabulary = config.get_text_config().vocab_size
    texts = [tuple(draw.randrange(vocabulary) for _ in range(17)) for _ in range(2)]
    return [[Scored(prefix + text[:-1], text[8:])] for text in texts]


def _made_up(config: Any, max_length: int) -> tuple[tuple[int, ...], list[list[Scored]]]:
    text = config.get_text_config()
    window = getattr(text, "sliding_window", None) or 0
    context = window + 6 if 0 < window <= _LONGEST_WINDOW else 10
    context = max(2, min(context, max_length - 24))
    draw = random.Random(0)

    def some(count: int) -> tuple[int, ...]:
        return tuple(draw.randrange(text.vocab_size) for _ in range(count))

    prefix = some(8)
    docs = []
    for size in (context, 4):
        own, shared = some(size), some(1)
        ends = [shared + some(2), shared + some(1), some(2)]
        docs.append([Scored((prefix + own + end)[:-1], end) for end in ends])
    return prefix, docs
