"""Texts by transformers' own `generate`, for what our decoding does not do: the slow path.

One prompt at a time, or several of about the same length, padded on the left as lm-eval pads
them, in shapes that each prompt and the budget determine, whatever else is asked for.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch

from gatekeeper.scoring.forwards.greedy_generation import Ending

__all__ = ["left_padded", "plain_text", "plain_texts", "text_length"]

_STEP = 64
"""Tokens. Prompts that are generated together are padded to multiples of it."""


def plain_text(module: Any, prompt: Sequence[int], ending: Ending, arguments: Any) -> str:
    """One prompt as it is. Sampling is seeded."""
    (text,) = plain_texts(module, [prompt], 1, len(prompt), ending, arguments)
    return text


def plain_texts(
    module: Any,
    prompts: Sequence[Sequence[int]],
    rows: int,
    length: int,
    ending: Ending,
    arguments: Any,
) -> list[str]:
    """Generate for prompts of at most `length` tokens in one batch of `rows`, the last ones empty.

    Only greedy decoding gives a prompt the same text in any company.
    """
    from lm_eval.models.utils import normalize_gen_kwargs
    from lm_eval.models.utils_hf import stop_sequences_criteria

    options = dict(normalize_gen_kwargs(arguments))
    options.pop("until", None)
    options.pop("max_gen_toks", None)
    if not options.get("do_sample"):
        options = {**options, "do_sample": False}
        options.pop("temperature", None)
    options.setdefault("max_length", length + ending.limit)
    device = next(module.parameters()).device
    ids, mask = left_padded(prompts, rows, length)
    with torch.inference_mode(), torch.random.fork_rng():
        torch.manual_seed(1234)
        out = module.generate(
            input_ids=ids.to(device),
            attention_mask=mask.to(device),
            stopping_criteria=stop_sequences_criteria(ending.tokenizer, ending.stops, length, rows),
            pad_token_id=ending.tokenizer.pad_token_id or ending.tokenizer.eos_token_id,
            use_cache=True,
            **options,
        )
    return [ending.text(_ended(row[length:].tolist(), ending)) for row in out[: len(prompts)]]


def text_length(tokens: int) -> int:
    """The length of the rows in which a prompt of this many tokens is generated with others.

    Never the prompt's own: without any padding, transformers takes another path through attention.
    """
    return -(-(tokens + 1) // _STEP) * _STEP


def left_padded(
    prompts: Sequence[Sequence[int]], rows: int, length: int, filler: int = 0
) -> tuple[torch.Tensor, torch.Tensor]:
    """Tokens [rows, length] and the mask of those that count; spare rows repeat the first."""
    ids = torch.full((rows, length), filler)
    mask = torch.zeros((rows, length), dtype=torch.long)
    for row in range(rows):
        prompt = prompts[row] if row < len(prompts) else prompts[0]
        ids[row, length - len(prompt) :] = torch.tensor(prompt)
        mask[row, length - len(prompt) :] = 1
    return ids, mask


def _ended(tokens: list[int], ending: Ending) -> list[int]:
    """Up to where the row is done: in company `generate` goes on until all rows are."""
    for count in range(1, len(tokens)):
        if ending.reached(tokens[:count]):
            return tokens[:count]
    return tokens
