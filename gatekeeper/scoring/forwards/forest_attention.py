"""Attention over a stretch of a forest: blocks of rows, each after the path to its first row.

In depth-first order the ancestors of any row of a block are in the block or on that path (the
spine), so a block attends to `DEPTH + BLOCK` keys and no others. All sums over keys are matrix
products, which add in the order of the keys: a masked key adds an exact zero, so a row's bits do
not depend on its place in a block. The self-test checks that on this machine.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from gatekeeper.scoring.forwards.forest import BLOCK, DEPTH, Stretch
from gatekeeper.scoring.forwards.packed_attention import PrefixStates, Rules

__all__ = ["ForestRows", "Spine"]

Spine = dict[int, tuple[Tensor, Tensor]]
"""Keys and values of a path by layer, [kv heads, DEPTH, size] each; the unfilled part is 0."""

_SUMS = 8
"""Columns of ones after the values: their products are the sums of the weights."""


class ForestRows:
    """The layout of one forward over a stretch (see `packed_attention.Layout`).

    After the forward, `spine` leads to the node after the stretch.
    """

    def __init__(
        self, stretch: Stretch, rows: int, before: Spine | None, prefix: PrefixStates | None
    ) -> None:
        self.spine: Spine = {}
        self._before = before
        self._prefix = prefix if stretch.forest.prefix else None
        self._stretch = stretch
        self._blocks = -(-rows // BLOCK)
        self._keys, self._seen = _blocks(stretch, self._blocks)
        self._next = _next_spine(stretch)
        self._masks: dict[int | None, Tensor] = {}

    def attend(self, layer: int, query: Tensor, key: Tensor, value: Tensor, rules: Rules) -> Tensor:
        """See `Layout`."""
        _, heads, rows, size = query.shape
        kv_heads, blocks = key.shape[1], self._blocks
        query, key, value = (self._in_blocks(each[0]) for each in (query, key, value))
        key, value = self._behind_spine(layer, key, value)
        where = torch.from_numpy(self._keys).to(key.device)
        keys = key[:, where].float()
        values = functional.pad(value[:, where].float(), (0, _SUMS), value=1.0)
        # Heads that share keys are stacked: [kv heads, blocks, groups * BLOCK, size].
        rows_of = query.float().view(kv_heads, heads // kv_heads, blocks, BLOCK, size)
        flat = rows_of.transpose(1, 2).reshape(kv_heads, blocks, -1, size)
        scores = torch.matmul(flat, keys.transpose(-1, -2))
        before: Tensor | None = None
        if self._prefix is not None:
            prefix_keys, before = (part[0].float() for part in self._prefix.own(layer))
            shared = torch.matmul(flat.view(kv_heads, -1, size), prefix_keys.transpose(-1, -2))
            scores = torch.cat([shared.view(kv_heads, blocks, flat.shape[2], -1), scores], dim=-1)
        scores *= size**-0.5 if rules.scale is None else rules.scale
        if rules.softcap is not None:
            scores = torch.tanh(scores / rules.softcap) * rules.softcap
        scores = scores.view(kv_heads, blocks, -1, BLOCK, scores.shape[-1])
        scores += self._mask(rules.window, scores)
        highest = scores.amax(-1, keepdim=True)
        sunk: Tensor | None = None
        if rules.sinks is not None:
            sinks = rules.sinks.float().view(kv_heads, 1, -1, 1, 1)
            highest = torch.maximum(highest, sinks)
            sunk = (sinks - highest).exp().flatten(2, 3)
        weights = scores.sub_(highest).exp_().flatten(2, 3)
        out = torch.matmul(weights[..., -keys.shape[2] :], values)
        if before is not None:
            before = functional.pad(before, (0, _SUMS), value=1.0)
            shared = weights[..., : before.shape[1]].reshape(kv_heads, -1, before.shape[1])
            out += torch.matmul(shared, before).view(out.shape)
        out = out[..., :-_SUMS] / (out[..., -1:] if sunk is None else out[..., -1:] + sunk)
        out = out.view(kv_heads, blocks, -1, BLOCK, out.shape[-1])
        out = out.permute(1, 3, 0, 2, 4).reshape(1, blocks * BLOCK, heads, -1)
        return out[:, :rows].to(query.dtype)

    def _in_blocks(self, rows: Tensor) -> Tensor:
        """Rows, [heads, rows, size], padded to whole blocks."""
        return functional.pad(rows, (0, 0, 0, self._blocks * BLOCK - rows.shape[1]))

    def _behind_spine(self, layer: int, key: Tensor, value: Tensor) -> tuple[Tensor, Tensor]:
        """Put the spine of the stretch before its rows, and keep the next one."""
        if self._before is None:
            before = key.new_zeros(key.shape[0], DEPTH, key.shape[2])
            key, value = torch.cat([before, key], 1), functional.pad(value, (0, 0, DEPTH, 0))
        else:
            key = torch.cat([self._before[layer][0], key], 1)
            value = torch.cat([self._before[layer][1], value], 1)
        where = torch.from_numpy(self._next).to(key.device)
        free = DEPTH - len(where)
        self.spine[layer] = (
            functional.pad(key[:, where], (0, 0, 0, free)),
            functional.pad(value[:, where], (0, 0, 0, free)),
        )
        return key, value

    def _mask(self, window: int | None, like: Tensor) -> Tensor:
        """What each row may not see, as an addend [blocks, 1, BLOCK, prefix + DEPTH + BLOCK]."""
        if window not in self._masks:
            seen = self._seen
            if self._prefix is not None:
                shape = (*seen.shape[:2], self._prefix.length)
                seen = np.concatenate([np.ones(shape, dtype=np.bool_), seen], axis=2)
            if window is not None:
                seen = seen & self._within(window)
            mask = torch.zeros(seen.shape).masked_fill_(torch.from_numpy(~seen), float("-inf"))
            self._masks[window] = mask[:, None].to(like.device)
        return self._masks[window]

    def _within(self, window: int) -> np.ndarray:
        """Whether each key is less than `window` positions before its row."""
        here = np.zeros(self._blocks * BLOCK, dtype=np.int64)
        here[: len(self._stretch)] = self._stretch.positions
        of_rows = here.reshape(self._blocks, BLOCK)
        length = self._prefix.length if self._prefix is not None else 0
        before = np.tile(np.arange(length + DEPTH), (self._blocks, 1))
        keys = np.concatenate([before, of_rows], axis=1)
        return of_rows[:, :, None] - keys[:, None, :] < window


def _blocks(stretch: Stretch, blocks: int) -> tuple[np.ndarray, np.ndarray]:
    """For each block: its keys, and which of them each row sees.

    Keys are numbered as the spine of the stretch (DEPTH of them) followed by its rows. Padding rows
    see themselves.
    """
    forest, start = stretch.forest, stretch.start
    keys = np.zeros((blocks, DEPTH + BLOCK), dtype=np.int64)
    seen = np.zeros((blocks, BLOCK, DEPTH + BLOCK), dtype=np.bool_)
    for block in range(blocks):
        first = start + block * BLOCK
        keys[block, DEPTH:] = np.arange(block * BLOCK, (block + 1) * BLOCK) + DEPTH
        if first < stretch.stop:
            spine = forest.spine(first)
            keys[block, : len(spine)] = [_number(stretch, node) for node in spine]
        for row in range(BLOCK):
            node = first + row
            if node < stretch.stop and (parent := int(forest.parents[node])) >= 0:
                if parent >= first:
                    seen[block, row] = seen[block, parent - first]
                else:
                    seen[block, row, : forest.depths[node]] = True
            seen[block, row, DEPTH + row] = True
    return keys, seen


def _next_spine(stretch: Stretch) -> np.ndarray:
    """Where the path to the node after the stretch is."""
    if stretch.stop >= len(stretch.forest):
        return np.zeros(0, dtype=np.int64)
    nodes = stretch.forest.spine(stretch.stop)
    return np.array([_number(stretch, node) for node in nodes], dtype=np.int64)


def _number(stretch: Stretch, node: int) -> int:
    """A node among the spine of the stretch (by its depth) and its rows."""
    if node >= stretch.start:
        return DEPTH + node - stretch.start
    return int(stretch.forest.depths[node])
