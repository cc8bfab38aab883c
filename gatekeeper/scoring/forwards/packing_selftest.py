"""Is packing safe for this architecture? A few synthetic requests, packed and plain, must agree.

Runs once per model before its first score. It proves nothing about scores; it catches a model whose
attention does not follow the rules that packing relies on (its own positions, its own masks). A
second test determines how much company a doc may have without its bits depending on it: none, docs
in forwards of one height, or any docs at any height and in a forest; see `forward_heights.py` and
`forest.py`.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from gatekeeper.errors import first_line
from gatekeeper.scoring.forwards.forest import grow, is_short
from gatekeeper.scoring.forwards.forward_heights import keep_bits, linear_layers, routes_to_experts
from gatekeeper.scoring.forwards.packed_attention import PrefixStates
from gatekeeper.scoring.forwards.packed_forward import (
    Likelihood,
    forest_likelihoods,
    likelihoods,
    prefix_states,
)
from gatekeeper.scoring.forwards.packing import PackedDoc, Packing, Shape, free_heights, pack
from gatekeeper.scoring.forwards.plain_generation import left_padded
from gatekeeper.scoring.forwards.plain_rows import (
    padded,
    plain_likelihoods,
    row_length,
    row_likelihoods,
)
from gatekeeper.scoring.out_of_memory import is_out_of_memory
from gatekeeper.scoring.tasks.tokens import Scored

__all__ = ["SelfTest", "self_test"]

_LONGEST_WINDOW = 512


@dataclass(frozen=True)
class SelfTest:
    """How a model's docs may be packed; if that is slow, why, as a clause."""

    packing: Packing
    why: str = ""
    pads: bool = False
    """Where docs are not packed: whether prompts may be padded on the left."""


def self_test(module: Any, max_length: int, device: Any) -> SelfTest:
    """Test a model. Memory errors are passed on: they say nothing about the architecture."""
    prefix, docs = _made_up(module.config, max_length)
    fault, packing = _try_packing(module, prefix, docs, device)
    if packing is not None:
        return SelfTest(packing, fault)
    requests = [request for doc in docs for request in doc]
    if routes_to_experts(module.config) or not _keeps_rows(module, requests, device):
        return SelfTest(Packing.PLAIN, fault)
    return SelfTest(Packing.BATCHED, fault, _pads(module, [r.inputs for r in requests], device))


def _try_packing(
    module: Any, prefix: tuple[int, ...], docs: list[list[Scored]], device: Any
) -> tuple[str, Packing | None]:
    """How docs may be packed, if at all, and why not better."""
    trees = [pack(doc, prefix) for doc in docs]
    try:
        states = prefix_states(module, prefix, _ANY.step, device)
        if fault := _other_layers(module, states):
            return fault, None
        found = _as_trees(module, trees, states, device)
    except Exception as problem:  # an unknown architecture may fail in any way
        if is_out_of_memory(problem):
            raise
        return first_line(problem), None
    expected = _plainly(module, docs, device)
    exact = next(module.parameters()).dtype == torch.float32
    if fault := _disagreement(found, expected, exact):
        return fault, None
    if routes_to_experts(module.config):
        return "its experts' last bits depend on the docs packed with a doc", Packing.ALONE
    others = [pack(doc, prefix) for doc in _others(module.config, prefix)]
    layers = linear_layers(module)
    if layers is not None and keep_bits(layers, device):
        among = _as_trees(module, [*others, *trees], states, device)[len(others) :]
        short = {index: tree for index, tree in enumerate(trees) if is_short(tree)}
        if found == among and _suits_forests(
            module, short, others, [expected[index] for index in short], states, device
        ):
            return "", Packing.FREE
    height = sum(map(len, [*others, *trees]))
    fixed = Shape(height, height)
    found = likelihoods(module, trees, fixed, states, device)
    among = likelihoods(module, [*others, *trees], fixed, states, device)[len(others) :]
    if found == among:
        return "", Packing.FIXED
    # In low precision, agreement with plain rows cannot separate rounding from a row's influence.
    return "its last bits depend on the docs packed with a doc", Packing.ALONE if exact else None


def _keeps_rows(module: Any, requests: Sequence[Scored], device: Any) -> bool:
    """Whether plain rows keep their bits whatever is in other rows and after them."""
    rows, length = 2 * len(requests), row_length(max(len(r.inputs) for r in requests))
    others = [*requests, *reversed(requests)]
    try:
        one, other = (
            row_likelihoods(module, padded(some, rows, length, filler), requests, device)
            for some, filler in ((requests, 0), (others, 3))
        )
    except Exception as problem:  # what it cannot do in company it may do alone
        if is_out_of_memory(problem):
            raise
        return False
    return one == other


def _pads(module: Any, prompts: Sequence[Sequence[int]], device: Any) -> bool:
    """Whether masked padding on the left changes nothing, and rows keep their bits."""
    rows, length = 2 * len(prompts), row_length(max(map(len, prompts)) + 1)
    try:
        one, other = (
            _first_logits(module, *left_padded(some, rows, length, filler), device)[: len(prompts)]
            for some, filler in ((prompts, 0), ([*prompts, *reversed(prompts)], 3))
        )
        alone = [
            _first_logits(module, *left_padded([prompt], 1, len(prompt)), device)[0]
            for prompt in prompts
        ]
    except Exception as problem:  # `generate` of an unknown architecture may fail in any way
        if is_out_of_memory(problem):
            raise
        return False
    allowed = 1e-3 if next(module.parameters()).dtype == torch.float32 else 0.1
    expected = torch.stack(alone)
    return torch.equal(one, other) and torch.allclose(one, expected, rtol=allowed, atol=allowed)


def _first_logits(module: Any, ids: Tensor, mask: Tensor, device: Any) -> Tensor:
    """Logits [rows, vocabulary] of the first token that `generate` gives."""
    with torch.inference_mode():
        out = module.generate(
            input_ids=ids.to(device),
            attention_mask=mask.to(device),
            max_new_tokens=1,
            do_sample=False,
            pad_token_id=0,
            output_logits=True,
            return_dict_in_generate=True,
        )
    return out.logits[0]


def _other_layers(module: Any, states: PrefixStates) -> str | None:
    """What lets rows interact outside our attention; None when nothing does."""
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
    """Whether short docs get the same bits in a forest by themselves and in a larger one."""
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
