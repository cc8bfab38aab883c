"""Proof before scores: the adapter is on, then off, then gone, bit for bit.

An adapter that silently changes nothing, or that cannot be taken off again, is the commonest way
to be fooled; both are shown here on fixed prompts rather than assumed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from gatekeeper.evidence import DetachProof, EffectProbe
from gatekeeper.scoring.fixed_prompts import prompt_logits
from gatekeeper.scoring.model import LoadedBase, load_model

__all__ = ["FreshBase", "fresh_base", "probe_effect", "prove_detach"]


def probe_effect(loaded: LoadedBase, digest: str) -> EffectProbe:
    """Run the fixed prompts with the candidate on, then off again.

    "Off" is compared with the logits from before anything was ever attached. Raises EngineError
    when the candidate is not attached.
    """
    untouched = loaded.untouched_logits
    with loaded.arm(digest) as model:
        on = prompt_logits(model, loaded.prompts, loaded.device)
    with loaded.arm(None) as model:
        off = prompt_logits(model, loaded.prompts, loaded.device)
    finite = all(bool(torch.isfinite(row).all()) for row in on)
    return EffectProbe(
        prompts=len(on),
        max_logit_difference=_difference(untouched, on) if finite else 0.0,
        kl=_kl(untouched, on) if finite else 0.0,
        changed=not _identical(untouched, on),
        finite=finite,
        off_identical=_identical(untouched, off),
    )


@dataclass(frozen=True)
class FreshBase:
    """What a never-wrapped load of the base gave: logits, and a digest of every tensor."""

    logits: tuple[Tensor, ...]
    tensors: Mapping[str, str] | None
    """None where tensors have no stable bytes (4-bit)."""


def fresh_base(loaded: LoadedBase, base_folder: Path) -> FreshBase:
    """Load the base once more, never wrapped, take what a proof needs, and let it go.

    For that moment two bases are in memory. Keep the result: one serves all candidates.
    """
    model = load_model(base_folder, loaded.pin, str(loaded.device))
    try:
        return FreshBase(
            logits=prompt_logits(model, loaded.prompts, loaded.device),
            tensors=_tensor_digests(model) if _has_bytes(loaded) else None,
        )
    finally:
        _empty(model)


def _empty(model: Any) -> None:
    """Free a model's memory now: it is full of cycles, and collecting them all takes longer."""
    for tensor in [*model.parameters(), *model.buffers()]:
        tensor.data = tensor.data.new_empty(0)


def prove_detach(
    loaded: LoadedBase, base_folder: Path, fresh: FreshBase | None = None
) -> DetachProof:
    """Compare the base, everything switched off, with a never-wrapped fresh load.

    `fresh` may be given to save loading the base again. Weights are compared byte for byte, except
    on a 4-bit base: reading its packed state after a forward would corrupt it.
    """
    fresh = fresh or fresh_base(loaded, base_folder)
    with loaded.arm(None) as model:
        off = prompt_logits(model, loaded.prompts, loaded.device)
        weights = None if fresh.tensors is None else _tensor_digests(model) == fresh.tensors
    same = _identical(fresh.logits, off)
    identical = same and weights is not False
    only_checkpoints = bool(loaded.attached) and all(map(loaded.is_checkpoint, loaded.attached))
    return DetachProof(
        method="not-applicable" if only_checkpoints else "disable",
        identical=identical,
        prompts=len(off),
        max_logit_difference=_difference(fresh.logits, off),
        weights_identical=weights,
        text=_text(loaded, identical, weights, len(off), only_checkpoints),
    )


def _text(
    loaded: LoadedBase, identical: bool, weights: bool | None, prompts: int, checkpoint: bool
) -> str:
    logits = f"the logits of {prompts} fixed prompts"
    if not identical:
        what = "its weights differ" if weights is False else f"{logits} differ"
        return f"With everything off, the base is not a fresh load of it: {what}."
    if checkpoint:
        return (
            "A full checkpoint is a model of its own: nothing is attached to the base, which is "
            "a fresh load bit for bit; rollback is the channel's move."
        )
    if weights is None:
        return (
            f"Off, it equals a fresh load of the base bit for bit in {logits}; the bytes of "
            f"{loaded.pin.quantization} weights are not compared."
        )
    return f"Off, it equals a fresh load of the base bit for bit: every weight, and {logits}."


def _has_bytes(loaded: LoadedBase) -> bool:
    return loaded.pin.quantization == "none"


def _tensor_digests(model: Any) -> dict[str, str]:
    """Digest of every parameter and buffer; tied weights stand under each of their names."""
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


def _identical(one: Sequence[Tensor], other: Sequence[Tensor]) -> bool:
    """The same bits: unlike ==, this tells 0 from -0 and finds NaN equal to itself."""
    return len(one) == len(other) and all(
        a.dtype == b.dtype
        and a.shape == b.shape
        and torch.equal(a.contiguous().view(torch.uint8), b.contiguous().view(torch.uint8))
        for a, b in zip(one, other, strict=True)
    )


def _difference(one: Sequence[Tensor], other: Sequence[Tensor]) -> float:
    return max(float((a.float() - b.float()).abs().max()) for a, b in zip(one, other, strict=True))


def _kl(base: Sequence[Tensor], candidate: Sequence[Tensor]) -> float:
    """Mean KL(base || candidate) over all positions, in nats."""
    total, positions = 0.0, 0
    for a, b in zip(base, candidate, strict=True):
        p, q = a.double().log_softmax(-1), b.double().log_softmax(-1)
        total += float((p.exp() * (p - q)).sum())
        positions += len(a)
    return max(0.0, total / positions)
