"""Fixed prompts, and a model's logits on them: the basis for judging "the same bits".

Never change the texts: a proof made today must be comparable with one made in a year.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

__all__ = ["CHAT", "PLAIN", "encode_prompts", "prompt_logits"]

PLAIN: tuple[str, ...] = (
    "The lighthouse keeper wrote in his log that the sea had been calm since",
    "Seventeen apples are shared by four children; each child gets",
    "def median(values):\n    ordered = sorted(values)\n    return",
    "Subject: my invoice of last month was charged twice\nDear team,",
)
CHAT = "Name two things to check before a bicycle ride in the rain."


def encode_prompts(tokenizer: Any) -> tuple[Tensor, ...]:
    """Token ids of the fixed prompts, one row each; the last one in the base's chat format."""
    texts = [(text, True) for text in PLAIN]
    if getattr(tokenizer, "chat_template", None):
        turn = [{"role": "user", "content": CHAT}]
        chat = tokenizer.apply_chat_template(turn, tokenize=False, add_generation_prompt=True)
        texts.append((chat, False))
    else:
        texts.append((CHAT, True))
    rows = (
        tokenizer(text, add_special_tokens=special, return_tensors="pt")["input_ids"]
        for text, special in texts
    )
    return tuple(row for row in rows if row.shape[1])


@torch.inference_mode()
def prompt_logits(model: Any, prompts: Sequence[Tensor], device: Any) -> tuple[Tensor, ...]:
    """Logits of every position of every prompt, on the CPU in the dtype that the model gave.

    Prompts of about the same length run together, always the same ones: the claim is about bits,
    which other company might change.
    """
    logits: list[Tensor] = [torch.empty(0)] * len(prompts)
    for together in _alike([prompt.shape[1] for prompt in prompts]):
        longest = prompts[together[-1]].shape[1]
        ids = torch.zeros((len(together), longest), dtype=torch.long)
        mask = torch.zeros_like(ids)
        for row, index in enumerate(together):
            ids[row, : prompts[index].shape[1]] = prompts[index]
            mask[row, : prompts[index].shape[1]] = 1
        found = model(
            input_ids=ids.to(device), attention_mask=mask.to(device), use_cache=False
        ).logits.cpu()
        for row, index in enumerate(together):
            logits[index] = found[row, : prompts[index].shape[1]]
    return tuple(logits)


def _alike(lengths: Sequence[int]) -> list[list[int]]:
    """Indices in groups of lengths that differ by at most a tenth, ascending."""
    groups: list[list[int]] = []
    for index in sorted(range(len(lengths)), key=lambda i: lengths[i]):
        if groups and lengths[index] <= 1.1 * lengths[groups[-1][0]]:
            groups[-1].append(index)
        else:
            groups.append([index])
    return groups
