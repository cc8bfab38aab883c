"""Keys and values of rows that are being generated: one row in each slot.

The shared prefix is kept once for all slots. Rows enter and leave at any step. Where a row's bits
depend on how many are computed with it, every step computes all slots, including empty ones; where
they do not, rows move together and a step computes only what is needed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from gatekeeper.scoring.forwards.packed_attention import PrefixStates, Rules
from gatekeeper.scoring.forwards.packing import SMALL_STEP

__all__ = ["RowStates", "Slots"]

_SPARE = 32
"""Number of generated tokens for which room is made in advance."""
_STEP = 32
"""Keys of prefix and row together are a multiple of it: vectorised sums then have no remainder."""

RowStates = dict[int, tuple[Tensor, Tensor]]
"""A row's own keys and values by layer, [kv heads, length, size] each."""


@dataclass
class _Occupant:
    length: int
    prefix: int


class Slots:
    """The layout of one decoding step (see `packed_attention.Layout`), and its state.

    `rows` is how many slots, starting from the first, the next step computes.
    """

    def __init__(self, count: int, prefix: PrefixStates | None, *, free: bool = False) -> None:
        self.count = SMALL_STEP.fitting(count, 0).tokens if free else count
        self.rows = self.count
        self._free = free
        self._prefix = prefix
        self._length = prefix.length if prefix else 0
        self._rows: list[_Occupant | None] = [None] * self.count
        self._states: dict[int, tuple[Tensor, Tensor]] = {}
        self._room = self._rounded(1)
        self._ends: tuple[Tensor, Tensor] | None = None
        self._masks: dict[tuple[int | None, str], Tensor] = {}

    @property
    def free(self) -> list[int]:
        """Slots without a row."""
        return [slot for slot, row in enumerate(self._rows) if row is None]

    def enter(self, slot: int, states: RowStates, prefix: int) -> None:
        """Put a row into a slot; `prefix` tokens come before its own."""
        length = next(iter(states.values()))[0].shape[1]
        self._make_room(length + 1)
        for layer, (key, value) in states.items():
            if layer not in self._states:
                self._states[layer] = self._empty(key), self._empty(value)
            for kept, new in zip(self._states[layer], (key, value), strict=True):
                kept[slot] = 0  # an earlier row may have left NaN, which no mask removes
                kept[slot, :, :length] = new
        self._rows[slot] = _Occupant(length, prefix)

    def leave(self, slot: int) -> None:
        """Take the row out of its slot."""
        self._rows[slot] = None

    def close_up(self) -> list[tuple[int, int]]:
        """Compute fewer slots once rows have left. Returns the moves: from slot, to slot."""
        if not self._free:
            return []
        live = [slot for slot, row in enumerate(self._rows) if row]
        self.rows = SMALL_STEP.fitting(len(live), 0).tokens
        moves = list(zip([s for s in live if s >= self.rows], self.free, strict=False))
        for old, new in moves:
            self._rows[new], self._rows[old] = self._rows[old], None
            for states in self._states.values():
                for kept in states:
                    kept[new] = kept[old]
        return moves

    def begin_step(self) -> list[int]:
        """Make room for one more token per row. Returns each computed slot's next position."""
        self._make_room(max((row.length for row in self._rows if row), default=0) + 1)
        self._masks.clear()
        self._ends = None
        return [row.prefix + row.length if row else 0 for row in self._rows[: self.rows]]

    def end_step(self) -> None:
        """Count the token that each row has just added."""
        for row in self._rows:
            if row is not None:
                row.length += 1

    def attend(self, layer: int, query: Tensor, key: Tensor, value: Tensor, rules: Rules) -> Tensor:
        """See `packed_attention.Layout`: here every row is one slot's newest token."""
        kv_heads, size = key.shape[1], query.shape[-1]
        groups, count = query.shape[1] // kv_heads, self.rows
        keys, values = (kept[:count] for kept in self._states[layer])
        newest = self._newest(key.device)
        keys[newest] = key[0].transpose(0, 1)
        values[newest] = value[0].transpose(0, 1)
        # [slots, kv heads, groups, size]: heads that share keys are adjacent.
        rows = query[0].transpose(0, 1).reshape(count, kv_heads, groups, size)
        scores = torch.matmul(rows, keys.transpose(-1, -2))
        before: Tensor | None = None
        if self._prefix is not None:
            prefix_keys, before = (part[0] for part in self._prefix.own(layer))
            flat = rows.transpose(0, 1).reshape(kv_heads, count * groups, size)
            shared = torch.matmul(flat, prefix_keys.transpose(-1, -2))
            shared = shared.view(kv_heads, count, groups, -1).transpose(0, 1)
            scores = torch.cat([shared, scores], dim=-1)
        scores = scores.float().mul_(size**-0.5 if rules.scale is None else rules.scale)
        if rules.softcap is not None:
            scores = torch.tanh(scores / rules.softcap) * rules.softcap
        scores.add_(self._mask(rules.window, scores))
        if rules.sinks is None:
            weights = scores.softmax(-1).to(value.dtype)
        else:
            sinks = rules.sinks.float().view(1, kv_heads, groups, 1).expand(count, -1, -1, -1)
            weights = torch.cat([scores, sinks], dim=-1).softmax(-1)[..., :-1].to(value.dtype)
        out = torch.matmul(weights[..., -self._room :], values)
        if before is not None:
            flat = weights[..., : before.shape[1]].transpose(0, 1)
            flat = flat.reshape(kv_heads, count * groups, -1)
            shared = torch.matmul(flat, before)
            out += shared.view(kv_heads, count, groups, -1).transpose(0, 1)
        return out.reshape(1, count, kv_heads * groups, value.shape[-1])

    def _newest(self, device: torch.device) -> tuple[Any, ...]:
        """Where each computed slot's next key goes: an index into [slots, kv heads, room]."""
        if self._ends is None or self._ends[0].device != device:
            ends = [row.length if row else 0 for row in self._rows[: self.rows]]
            self._ends = (
                torch.arange(self.rows, device=device),
                torch.tensor(ends, device=device),
            )
        slots, places = self._ends
        return slots, slice(None), places

    def _mask(self, window: int | None, like: Tensor) -> Tensor:
        """What each slot may not see, as an addend [slots, 1, 1, prefix + room]."""
        name = window, str(like.device)
        if name not in self._masks:
            rows = self._rows[: self.rows]
            ends = torch.tensor([self._length + (row.length if row else 0) for row in rows])
            behind = torch.tensor([bool(row and row.prefix) for row in rows])
            keys = torch.arange(self._length + self._room)
            seen = keys <= ends[:, None]
            seen &= (keys >= self._length) | behind[:, None]
            if window is not None:
                seen &= keys > ends[:, None] - window
            mask = torch.zeros(seen.shape).masked_fill_(~seen, float("-inf"))
            self._masks[name] = mask.to(like.device)[:, None, None]
        return self._masks[name]

    def _empty(self, like: Tensor) -> Tensor:
        return like.new_zeros((self.count, like.shape[0], self._room, like.shape[2]))

    def _make_room(self, length: int) -> None:
        if length <= self._room:
            return
        room = self._rounded(length + _SPARE)
        for layer, states in self._states.items():
            self._states[layer] = _widened(states, room - self._room)
        self._room = room

    def _rounded(self, length: int) -> int:
        return -(-(self._length + length) // _STEP) * _STEP - self._length


def _widened(states: Sequence[Tensor], by: int) -> tuple[Tensor, Tensor]:
    key, value = (torch.nn.functional.pad(tensor, (0, 0, 0, by)) for tensor in states)
    return key, value
