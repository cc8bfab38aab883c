"""Attention over packed rows: each doc sees its prefix and its own ancestors, nothing else.

Registered with transformers under its own name and switched on only inside `attending`; outside,
the model is as it was loaded. All other layers work on single tokens and need not know.
Sliding windows, logit soft caps and sinks are supported; anything else that an architecture needs
in its attention is refused, and the engine then falls back to plain batches.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from gatekeeper.scoring.forwards.packing import PackedDoc

__all__ = ["Layout", "PackedRows", "PrefixStates", "UnpackableError", "attend", "attending"]

NAME = "gatekeeper_packed"
_LONG_CHAIN = 256
_layout: ContextVar[Layout] = ContextVar("layout")


class UnpackableError(RuntimeError):
    """This architecture's attention cannot be packed."""


class Layout(Protocol):
    """How the rows of one forward attend."""

    def attend(self, layer: int, query: Tensor, key: Tensor, value: Tensor, rules: Rules) -> Tensor:
        """Map query [1, heads, rows, size], key and value [1, kv heads, rows, size] to the output.

        The output is [1, rows, heads, size].
        """
        ...


class Rules:
    """What one layer asks of attention besides the mask."""

    __slots__ = ("scale", "sinks", "softcap", "window")

    def __init__(
        self,
        scale: float | None,
        window: int | None,
        softcap: float | None,
        sinks: Tensor | None = None,
    ) -> None:
        self.scale = scale
        self.window = window
        self.softcap = softcap
        self.sinks = sinks
        """[heads]: a score that takes part in each row's softmax and leads nowhere."""


@contextmanager
def attending(module: Any, layout: Layout) -> Iterator[None]:
    """Let `module` attend by `layout` within this context."""
    from transformers import AttentionInterface

    AttentionInterface.register(NAME, _forward)
    # Not hasattr: a module looks in many places before giving up, and this runs at every token.
    own = (vars(part).get("config") for part in module.modules())
    every = {id(config): config for config in own if config is not None}
    configs = [c for c in every.values() if hasattr(c, "_attn_implementation")]
    before = [(config, config._attn_implementation) for config in configs]
    token = _layout.set(layout)
    try:
        for config in configs:
            config._attn_implementation = NAME
        yield
    finally:
        for config, implementation in before:
            config._attn_implementation = implementation
        _layout.reset(token)


def _forward(
    module: Any,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attention_mask: Tensor | None,
    scaling: float | None = None,
    dropout: float = 0.0,
    sliding_window: int | None = None,
    softcap: float | None = None,
    **others: Any,
) -> tuple[Tensor, None]:
    """The signature that transformers calls for every attention layer."""
    for name in ("position_bias", "alibi"):
        if others.get(name) is not None:
            raise UnpackableError(f"its attention uses {name}")
    sinks = others.get("s_aux")
    if sinks is not None and sinks.shape != query.shape[1:2]:
        raise UnpackableError("its attention has sinks, but not one for each head")
    layer = getattr(module, "layer_idx", None)
    if layer is None or attention_mask is not None:
        raise UnpackableError("its attention layers have no index, or their own mask")
    rules = Rules(scaling, sliding_window, softcap, sinks)
    return _layout.get().attend(layer, query, key, value, rules), None


def attend(query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None, rules: Rules) -> Tensor:
    """Attend within one group. `mask` is added to the scores; None: causal."""
    if rules.softcap is None and rules.sinks is None:
        return functional.scaled_dot_product_attention(
            query, key, value, attn_mask=mask, is_causal=mask is None, scale=rules.scale
        )
    scale = rules.scale if rules.scale is not None else query.shape[-1] ** -0.5
    scores = torch.matmul(query, key.transpose(-1, -2)) * scale
    if rules.softcap is not None:
        scores = torch.tanh(scores / rules.softcap) * rules.softcap
    if mask is None:
        mask = torch.full(scores.shape[-2:], float("-inf"), device=scores.device).triu(1)
    scores = (scores + mask).float()
    if rules.sinks is not None:
        # Where heads are stacked, each has the same number of rows.
        sinks = rules.sinks.float().view(scores.shape[1], -1)
        sinks = sinks.repeat_interleave(scores.shape[2] // sinks.shape[1], 1)
        scores = torch.cat([scores, sinks[None, ..., None]], dim=-1)
    weights = scores.softmax(-1)[..., : key.shape[2]]
    return torch.matmul(weights.to(value.dtype), value)


class PrefixStates:
    """Keys and values of a task's shared prefix, by layer, with room after them for one doc's."""

    def __init__(self, states: dict[int, tuple[Tensor, Tensor]], length: int) -> None:
        self.length = length
        self._states = states

    @property
    def layers(self) -> int:
        """How many layers attended."""
        return len(self._states)

    @property
    def bytes(self) -> int:
        """Memory taken."""
        return sum(2 * key.numel() * key.element_size() for key, _ in self._states.values())

    def own(self, layer: int) -> tuple[Tensor, Tensor]:
        """The prefix alone, [1, kv heads, length, size] each."""
        key, value = self._states[layer]
        return key[:, :, : self.length], value[:, :, : self.length]

    def followed_by(self, layer: int, key: Tensor, value: Tensor) -> tuple[Tensor, Tensor]:
        """The prefix followed by a doc's keys and values. Valid until the next call."""
        room, need = self._states[layer][0].shape[2], self.length + key.shape[2]
        if room < need:
            self._grow(layer, max(need, self.length + 2 * (room - self.length)))
        keys, values = self._states[layer]
        keys[:, :, self.length : need] = key
        values[:, :, self.length : need] = value
        return keys[:, :, :need], values[:, :, :need]

    def _grow(self, layer: int, room: int) -> None:
        grown = []
        for tensor in self._states[layer]:
            one, heads, _, size = tensor.shape
            wider = tensor.new_zeros((one, heads, room, size))
            wider[:, :, : self.length] = tensor[:, :, : self.length]
            grown.append(wider)
        self._states[layer] = grown[0], grown[1]


class PackedRows:
    """Docs end to end in one row of tokens, with padding at the end.

    With `keep`, `states[layer]` contains all rows' keys and values after the forward.
    """

    def __init__(
        self, docs: list[PackedDoc], prefix: PrefixStates | None = None, *, keep: bool = False
    ) -> None:
        self._docs = docs
        self._prefix = prefix
        self._keep = keep
        self.states: dict[int, tuple[Tensor, Tensor]] = {}
        self._masks: dict[tuple[int, int | None, str], Tensor] = {}

    def attend(self, layer: int, query: Tensor, key: Tensor, value: Tensor, rules: Rules) -> Tensor:
        """See `Layout`. Doc by doc, so that no doc's sums depend on its neighbours."""
        if self._keep:
            self.states[layer] = key, value
        _, heads, rows, _ = query.shape
        groups, size = heads // key.shape[1], value.shape[-1]
        out = query.new_zeros((1, rows, heads, size))
        start = 0
        for index, doc in enumerate(self._docs):
            stop = start + len(doc)
            q, k, v = query[:, :, start:stop], key[:, :, start:stop], value[:, :, start:stop]
            if doc.prefix and self._prefix is not None:
                k, v = self._prefix.followed_by(layer, k, v)
            out[:, start:stop] = self._one(index, doc, q, k, v, groups, rules).transpose(1, 2)
            start = stop
        return out

    def _one(
        self, index: int, doc: PackedDoc, q: Tensor, k: Tensor, v: Tensor, groups: int, rules: Rules
    ) -> Tensor:
        length, seen = q.shape[2], k.shape[2]
        free = rules.window is None or seen <= rules.window
        if free and seen == length and doc.is_chain and (groups == 1 or length > _LONG_CHAIN):
            # A mask for every pair of a long text would be larger than the text's own states.
            k, v = k.repeat_interleave(groups, 1), v.repeat_interleave(groups, 1)
            return attend(q, k, v, None, rules)
        # Heads that share keys are stacked, so that keys are not copied for each.
        kv_heads = k.shape[1]
        q = q.reshape(1, kv_heads, groups * length, q.shape[-1])
        mask = self._mask(index, doc, None if free else rules.window, groups, q)
        out = attend(q, k, v, mask, rules)
        return out.reshape(1, kv_heads * groups, length, v.shape[-1])

    def _mask(
        self, index: int, doc: PackedDoc, window: int | None, groups: int, like: Tensor
    ) -> Tensor:
        name = (index, window, str(like.device))
        if name not in self._masks:
            prefix = np.arange(doc.prefix)
            seen = np.concatenate(
                [np.ones((len(doc), doc.prefix), dtype=np.bool_), doc.visible()], axis=1
            )
            if window is not None:
                where = np.concatenate([prefix, doc.positions])
                seen &= doc.positions[:, None] - where[None, :] < window
            added = torch.zeros(seen.shape, dtype=like.dtype)
            added.masked_fill_(torch.from_numpy(~seen), float("-inf"))
            self._masks[name] = added.to(like.device).repeat(groups, 1)[None, None]
        return self._masks[name]
