"""Is packing safe for this architecture? A few made-up requests, packed and plain, must agree.

Run once per model before its first score. It proves nothing about scores; it catches a model whose
attention does not follow the rules that packing relies on (its own positions, its own masks). A
second test asks whether rows keep their bits in any company, in a forest and in forwards of any
height; see `heights.py` and `forest.py`.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch

from gatekeeper.errors import first_line
from gatekeeper.scoring.attention import PrefixStates
from gatekeeper.scoring.forest import grow, is_short
from gatekeeper.scoring.forward import (
    Likelihood,
    forest_likelihoods,
    likelihoods,
    prefix_states,
)
from gatekeeper.scoring.heights import keep_bits, linear_layers
from gatekeeper.scoring.memory import is_out_of_memory
from gatekeeper.scoring.packing import PackedDoc, free_heights, pack
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
    """Whether its rows keep their bits in any company and in forwards of any height."""


def self_test(module: Any, max_length: int, device: Any) -> SelfTest:
    """Try a model out. Memory errors are passed on: they say nothing about the architecture."""
    prefix, docs = _made_up(module.config, max_length)
    trees = [pack(doc, prefix) for doc in docs]
    try:
        states = prefix_states(module, prefix, _ANY.step, device)
        found = _as_trees(module, trees, states, device)
    except Exception as problem:  # an unknown architecture may fail in any way
        if is_out_of_memory(problem):
            raise
        return SelfTest(first_line(problem), free=False)
    expected = _plainly(module, docs, device)
    exact = next(module.parameters()).dtype == torch.float32
    fault = _disagreement(found, expected, exact)
    layers = None if fault else linear_layers(module)
    if layers is None or not keep_bits(layers, device):
        return SelfTest(fault, free=False)
    others = [pack(doc, prefix) for doc in _others(module.config, prefix)]
    among = _as_trees(module, [*others, *trees], states, device)[len(others) :]
    short = {index: tree for index, tree in enumerate(trees) if is_short(tree)}
    try:
        forest = _as_forest(module, list(short.values()), states, device)
        grown = _as_forest(module, [*others, *short.values()], states, device)[len(others) :]
    except (torch.OutOfMemoryError, MemoryError):
        raise
    except Exception:  # trees suit it, a forest does not
        return SelfTest(None, free=False)
    differs = _disagreement(forest, [expected[index] for index in short], exact)
    return SelfTest(None, free=differs is None and forest == grown and found == among)


_Found = list[list[Likelihood]]
_ANY = free_heights(1 << 10)


def _plainly(module: Any, docs: Sequence[Sequence[Scored]], device: Any) -> _Found:
    """What the model itself gives."""
    flat = [request for doc in docs for request in doc]
    found = iter(plain_likelihoods(module, flat, 1 << 10, device))
    return [[next(found) for _ in doc] for doc in docs]


def _disagreement(found: _Found, expected: _Found, exact: bool) -> str | None:
    for mine, theirs in zip(found, expected, strict=True):
        for (one, _), (other, _) in zip(mine, theirs, strict=True):
            allowed = 1e-3 + 1e-4 * abs(other) if exact else 0.1 + 0.02 * abs(other)
            if not abs(one - other) <= allowed and other == other:
                return f"packed and plain rows disagree by {abs(one - other):.2g}"
    return None


def _as_trees(module: Any, trees: Sequence[PackedDoc], states: PrefixStates, device: Any) -> _Found:
    return likelihoods(module, trees, _ANY.step, states, device)


def _as_forest(
    module: Any, trees: Sequence[PackedDoc], states: PrefixStates, device: Any
) -> _Found:
    found: dict[int, list[Likelihood]] = {}
    if trees:
        for _, ended in forest_likelihoods(module, grow(trees), _ANY, states, device):
            found.update(ended)
    return [found[index] for index in range(len(trees))]


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
    for size, shared in ((context, some(1)), (4, ())):
        own = some(size)
        ends = [shared + some(2), shared + some(1)]
        docs.append([Scored((prefix + own + end)[:-1], end) for end in ends])
    return prefix, docs
