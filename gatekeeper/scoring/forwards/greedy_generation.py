"""Greedy generation as lm-eval's HF runner does it, many docs at a time.

A doc's tokens are those that `generate` would give it alone: greedy, until an end token, a stop
string or the limit. The shared prefix is encoded once, prompts are packed, finished rows make room
for the next. Anything but plain greedy decoding is left to `generate` itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from gatekeeper.scoring.forwards.decoding_slots import RowStates, Slots
from gatekeeper.scoring.forwards.packed_attention import PackedRows, PrefixStates
from gatekeeper.scoring.forwards.packed_forward import batch_rows, logits_at, running
from gatekeeper.scoring.forwards.packing import Heights, PackedDoc, Shape, plan

__all__ = ["Ending", "Generated", "generate", "is_plain_greedy", "unusual_defaults"]

_NEUTRAL: dict[str, tuple[Any, ...]] = {
    "num_beams": (None, 1),
    "repetition_penalty": (None, 1.0),
    "no_repeat_ngram_size": (None, 0),
    "min_length": (None, 0),
    "min_new_tokens": (None,),
    "bad_words_ids": (None,),
    "suppress_tokens": (None,),
    "begin_suppress_tokens": (None,),
    "forced_bos_token_id": (None,),
    "forced_eos_token_id": (None,),
    "exponential_decay_length_penalty": (None,),
    "sequence_bias": (None,),
    "guidance_scale": (None, 1.0),
    "penalty_alpha": (None, 0.0),
    "prompt_lookup_num_tokens": (None,),
    "stop_strings": (None,),
    "max_time": (None,),
}


@dataclass(frozen=True)
class Ending:
    """When a row is done, and which part of its text counts."""

    tokenizer: Any
    until: tuple[tuple[str, int], ...]
    """Stop strings, including the end token's text, and how many last tokens may contain each."""
    limit: int
    """Maximum number of tokens to generate."""
    end_tokens: frozenset[int]

    @classmethod
    def of(cls, arguments: dict[str, Any], tokenizer: Any, module: Any) -> Ending:
        """Read a request's generation arguments as lm-eval does."""
        from lm_eval.models.utils import handle_stop_sequences, normalize_gen_kwargs

        known = normalize_gen_kwargs(arguments)
        eos = tokenizer.eos_token_id
        text = None if eos is None else tokenizer.decode(eos, skip_special_tokens=False)
        ends = getattr(module.generation_config, "eos_token_id", None)
        stops = handle_stop_sequences(list(known["until"]), eos=text)
        # Two tokens more than the stop alone: inside a text it may be tokenised differently.
        sizes = [len(tokenizer.encode(stop, add_special_tokens=False)) + 2 for stop in stops]
        return cls(
            tokenizer=tokenizer,
            until=tuple(zip(stops, sizes, strict=True)),
            limit=int(known["max_gen_toks"]),
            end_tokens=frozenset([ends] if isinstance(ends, int) else ends or ()),
        )

    @property
    def stops(self) -> list[str]:
        """The stop strings."""
        return [stop for stop, _ in self.until]

    def reached(self, tokens: Sequence[int]) -> bool:
        """Whether a row with these tokens is done."""
        if tokens[-1] in self.end_tokens or len(tokens) >= self.limit:
            return True
        sizes = {size for _, size in self.until}
        ends = {size: self.tokenizer.decode(list(tokens[-size:])) for size in sizes}
        return any(stop in ends[size] for stop, size in self.until)

    def text(self, tokens: Sequence[int]) -> str:
        """A finished row's text, up to its first stop string."""
        from lm_eval.models.utils import postprocess_generated_text

        whole = self.tokenizer.decode(list(tokens), skip_special_tokens=True)
        return str(postprocess_generated_text(whole, self.stops, think_end_token=None))


@dataclass(frozen=True)
class Generated:
    """One doc's answer. `finite` is false when the model's logits were not finite numbers."""

    index: int
    text: str
    tokens: int
    finite: bool = True


def is_plain_greedy(arguments: dict[str, Any], module: Any) -> bool:
    """Whether the request, under the model's own defaults, is greedy decoding and nothing else."""
    known = {"until", "max_gen_toks", "max_new_tokens", "max_tokens", "max_completion_tokens"}
    if set(arguments) - known - {"do_sample", "temperature"}:
        return False
    if arguments.get("do_sample") or float(arguments.get("temperature") or 0.0):
        return False
    return not unusual_defaults(module)


def unusual_defaults(module: Any) -> list[str]:
    """Settings of the model's own generation config that plain greedy decoding does not follow."""
    defaults = module.generation_config
    return [n for n, fine in _NEUTRAL.items() if getattr(defaults, n, None) not in fine]


@dataclass
class _Row:
    index: int
    doc: PackedDoc
    states: RowStates
    tokens: list[int]
    finite: bool


def generate(
    module: Any,
    docs: Sequence[PackedDoc],
    endings: Sequence[Ending],
    heights: Heights,
    slots: int,
    prefix: PrefixStates | None,
    device: Any,
) -> Iterator[Generated]:
    """Generate for every prompt in `docs`; each is yielded as soon as it is done.

    Prompts run packed; decoding uses `slots` rows, or only the active ones if heights are free.
    """
    batches = iter(plan(docs, heights.most))
    waiting: list[_Row] = []
    table = Slots(slots, prefix, free=heights.free)
    at_work: dict[int, _Row] = {}
    exhausted = False
    while True:
        while len(waiting) < len(table.free) and not exhausted:
            batch = next(batches, None)
            exhausted = batch is None
            if batch is not None:
                rows = _prefill(module, batch, docs, heights.step, prefix, device)
                for row in rows:
                    if endings[row.index].reached(row.tokens) or not row.finite:
                        yield _finished(row, endings)
                    else:
                        waiting.append(row)
        for slot in table.free:
            if waiting:
                at_work[slot] = row = waiting.pop(0)
                table.enter(slot, row.states, row.doc.prefix)
                row.states = {}
        if not at_work:
            return
        for old, new in table.close_up():
            at_work[new] = at_work.pop(old)
        tokens, finite = _step(module, table, at_work, device)
        for slot, row in list(at_work.items()):
            row.tokens.append(tokens[slot])
            row.finite = finite[slot]
            if endings[row.index].reached(row.tokens) or not row.finite:
                table.leave(slot)
                del at_work[slot]
                yield _finished(row, endings)


def _prefill(
    module: Any,
    batch: Sequence[int],
    docs: Sequence[PackedDoc],
    step: Shape,
    prefix: PrefixStates | None,
    device: Any,
) -> list[_Row]:
    """Encode some prompts; each row's first token comes with it."""
    chosen = [docs[index] for index in batch]
    shape = step.fitting(sum(map(len, chosen)), len(chosen))
    tokens, positions = batch_rows(chosen, shape.tokens)
    starts = np.cumsum([0, *map(len, chosen)])
    last = np.zeros(shape.scored, dtype=np.int64)
    last[: len(chosen)] = starts[1:] - 1
    layout = PackedRows(chosen, prefix, keep=True)
    with running(module, layout):
        logits = logits_at(module, tokens, positions, last, device)
        found, finite = _greedy(logits)
        return [
            _Row(
                index,
                docs[index],
                {
                    layer: (
                        key[0, :, starts[i] : starts[i + 1]].clone(),
                        value[0, :, starts[i] : starts[i + 1]].clone(),
                    )
                    for layer, (key, value) in layout.states.items()
                },
                [found[i]],
                finite[i],
            )
            for i, index in enumerate(batch)
        ]


def _step(
    module: Any, table: Slots, at_work: dict[int, _Row], device: Any
) -> tuple[list[int], list[bool]]:
    """One more token for every slot."""
    positions = table.begin_step()
    newest = [at_work[s].tokens[-1] if s in at_work else 0 for s in range(table.rows)]
    with running(module, table):
        logits = module(
            input_ids=torch.tensor([newest], device=device),
            position_ids=torch.tensor([positions], device=device),
            use_cache=False,
        ).logits[0]
        found = _greedy(logits)
    table.end_step()
    return found


def _greedy(logits: Tensor) -> tuple[list[int], list[bool]]:
    """First maximum of each row, and whether it is a number; a NaN counts as the largest."""
    found = logits.argmax(-1)
    return found.tolist(), torch.isfinite(logits.gather(-1, found[:, None])[:, 0]).tolist()


def _finished(row: _Row, endings: Sequence[Ending]) -> Generated:
    text = endings[row.index].text(row.tokens)
    return Generated(row.index, text, len(row.doc) + len(row.tokens), row.finite)
