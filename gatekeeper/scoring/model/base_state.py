"""What a loaded base is, bit for bit: its logits on the fixed prompts, a digest of every tensor."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from gatekeeper.scoring.model.fixed_prompts import prompt_logits

__all__ = ["BaseState", "base_state", "same_bits"]


@dataclass(frozen=True)
class BaseState:
    """A base at one moment. Two states of the same base are compared to see whether it changed."""

    logits: tuple[Tensor, ...]
    tensors: Mapping[str, str] | None
    """Digest by name; None where tensors have no stable bytes (4-bit)."""


def base_state(
    model: Any, prompts: Sequence[Tensor], device: Any, *, stable_bytes: bool
) -> BaseState:
    """Run the fixed prompts through a bare base, and hash its weights if they have stable bytes."""
    return BaseState(
        logits=prompt_logits(model, prompts, device),
        tensors=_tensor_digests(model) if stable_bytes else None,
    )


def same_bits(one: Sequence[Tensor], other: Sequence[Tensor]) -> bool:
    """Unlike ==, this distinguishes 0 from -0 and treats NaN as equal to itself."""
    return len(one) == len(other) and all(
        a.dtype == b.dtype and a.shape == b.shape and torch.equal(_as_numbers(a), _as_numbers(b))
        for a, b in zip(one, other, strict=True)
    )


_NUMBERS = {1: torch.uint8, 2: torch.int16, 4: torch.int32, 8: torch.int64}


def _as_numbers(tensor: Tensor) -> Tensor:
    return tensor.contiguous().view(_NUMBERS[tensor.element_size()])


def _tensor_digests(model: Any) -> dict[str, str]:
    """Digest of every parameter and buffer; tied weights are listed under each of their names."""
    named = [
        *model.named_parameters(remove_duplicate=False),
        *model.named_buffers(remove_duplicate=False),
    ]
    tensors = list({id(tensor): tensor for _, tensor in named}.values())
    with ThreadPoolExecutor() as pool:  # hashing lets other threads run
        digests = dict(zip(map(id, tensors), pool.map(_bytes_digest, tensors), strict=True))
    return {name: digests[id(tensor)] for name, tensor in named}


def _bytes_digest(tensor: Tensor) -> str:
    data = tensor.detach().contiguous().cpu().view(-1).view(torch.uint8)
    shape = f"{tuple(tensor.shape)} {tensor.dtype} ".encode()
    hasher = hashlib.sha256(shape)
    hasher.update(data.numpy().data)
    return hasher.hexdigest()
