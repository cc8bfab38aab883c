"""Is packing safe for this architecture? A few made-up requests, packed and plain, must agree.

Run once per model before its first score. It proves nothing about scores; it catches a model whose
attention does not follow the rules that packing relies on (its own positions, its own masks). A
second test asks how much company a doc may have without its bits depending on it: none, docs in
forwards of one height, or any docs at any height and in a forest; see `heights.py`, `forest.py`.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
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
from gatekeeper.scoring.heights import keep_bits, linear_layers, routes_to_experts
from gatekeeper.scoring.memory import is_out_of_memory
from gatekeeper.scoring.packing import PackedDoc, Packing, Shape, free_heights, pack
from gatekeeper.scoring.plain import plain_likelihoods
from gatekeeper.scoring.tokens import Scored

__all__ = ["SelfTest", "self_test"]

_LONGEST_WINDOW = 512


@dataclass(frozen=True)
class SelfTest:
    """How a model's docs may be packed; where that is slow, why, in half a sentence."""

    packing: Packing
    why: str = ""


def self_test(module: Any, max_length: int, device: Any) -> SelfTest:
    """Try a model out. Memory errors are passed on: they say nothing about the architecture."""
    prefix, docs = _made_up(module.config, max_length)
    trees = [pack(doc, prefix) for doc in docs]
    try:
        states = prefix_states(module, prefix, _ANY.step, device)
        if fault := _other_layers(module, states):
            return SelfTest(Packing.PLAIN, fault)
        found = _as_trees(module, trees, states, device)
    except Exception as problem:  # an unknown architecture may fail in any way
        if is_out_of_memory(problem):
            raise
        return SelfTest(Packing.PLAIN, first_line(problem))
    expected = _plainly(module, docs, device)
    exact = next(module.parameters()).dtype == torch.float32
    if fault := _disagreement(found, expected, exact):
        return SelfTest(Packing.PLAIN, fault)
    if routes_to_experts(module.config):
        return SelfTest(Packing.ALONE, "its experts' last bits depend on the docs beside a doc")
    others = [pack(doc, prefix) for doc in _others(module.config, prefix)]
    layers = linear_layers(module)
    if layers is not None and keep_bits(layers, device):
        among = _as_trees(module, [*others, *trees], states, device)[len(others) :]
        short = {index: tree for index, tree in enumerate(trees) if is_short(tree)}
        if found == among and _suits_forests(
            module, short, others, [expected[index] for index in short], states, device
        ):
            return SelfTest(Packing.FREE)
    height = sum(map(len, [*others, *trees]))
    fixed = Shape(height, height)
    found = likelihoods(module, trees, fixed, states, device)
    among = likelihoods(module, [*others, *trees], fixed, states, device)[len(others) :]
    if found == among:
        return SelfTest(Packing.FIXED)
    # In few bits, agreement with plain rows is too loose to tell rounding from a row's influence.
    return SelfTest(
        Packing.ALONE if exact else Packing.PLAIN, "its last bits depend on the docs beside a doc"
    )


def _other_layers(module: Any, states: PrefixStates) -> str | None:
    """What lets rows meet elsewhere than in the attention that is ours; None when nothing does."""
    if getattr(module, "_is_stateful", False):
        return "it carries a state from token to token"
    layers = getattr(module.config.get_text_config(), "num_hidden_layers", states.layers)
    if states.layers < layers:
        return f"only {states.layers} of its {layers} layers attend in a way that can be packed"
    return None


def _suits_forests(
    module: Any,
    short: Mapping[int, PackedDoc],
    others: Sequence[PackedDoc],
    expected: _Found,
    states: PrefixStates,
    device: Any,
) -> bool:
    """Whether short docs get the same bits in a forest of their own and in a larger one."""
    trees = list(short.values())
    try:
        forest = _as_forest(module, trees, states, device)
        grown = _as_forest(module, [*others, *trees], states, device)[len(others) :]
    except Exception as problem:  # trees suit it, a forest does not
        if is_out_of_memory(problem):
            raise
        return False
    exact = next(module.parameters()).dtype == torch.float32
    return _disagreement(forest, expected, exact) is None and forest == grown


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
