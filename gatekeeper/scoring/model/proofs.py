"""Proof before scores: the adapter is on, then off, then gone, bit for bit.

An adapter that silently changes nothing, or that cannot be taken off again, is the commonest way
to be fooled; both are shown here on fixed prompts rather than assumed.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from gatekeeper.evidence import DetachProof, EffectProbe
from gatekeeper.scoring.model.base_state import BaseState, base_state, same_bits
from gatekeeper.scoring.model.fixed_prompts import prompt_logits
from gatekeeper.scoring.model.load_model import load_model
from gatekeeper.scoring.model.loaded_base import LoadedBase

__all__ = ["fresh_state", "probe_effect", "prove_detach"]


def probe_effect(loaded: LoadedBase, digest: str) -> EffectProbe:
    """Run the fixed prompts with the candidate on, then off again.

    "Off" is compared with the logits from before anything was ever attached. Raises EngineError
    when the candidate is not attached.
    """
    untouched = loaded.untouched.logits
    with loaded.arm(digest) as model:
        on = prompt_logits(model, loaded.prompts, loaded.device)
    with loaded.arm(None) as model:
        off = prompt_logits(model, loaded.prompts, loaded.device)
    finite = all(bool(torch.isfinite(row).all()) for row in on)
    return EffectProbe(
        prompts=len(on),
        max_logit_difference=_difference(untouched, on) if finite else 0.0,
        kl=_kl(untouched, on) if finite else 0.0,
        changed=not same_bits(untouched, on),
        finite=finite,
        off_identical=same_bits(untouched, off),
    )


def fresh_state(loaded: LoadedBase) -> BaseState:
    """Load the base once more, never wrapped, and take its state.

    For that moment two bases are in memory: for a base of which no earlier state is known.
    """
    model = load_model(loaded.folder, loaded.pin, str(loaded.device))
    try:
        return base_state(
            model, loaded.prompts, loaded.device, stable_bytes=loaded.has_stable_bytes
        )
    finally:
        _empty(model)


def _empty(model: Any) -> None:
    """Free a model's memory now: it is full of cycles, and collecting them all takes longer."""
    for tensor in [*model.parameters(), *model.buffers()]:
        tensor.data = tensor.data.new_empty(0)


def prove_detach(loaded: LoadedBase, fresh: BaseState | None = None) -> DetachProof:
    """Compare the base, everything switched off, with what it was before anything was attached.

    `fresh` is another state to compare with. Weights are compared byte for byte, except on a 4-bit
    base: reading its packed state after a forward would corrupt it.
    """
    fresh = fresh or loaded.untouched
    with loaded.arm(None) as model:
        off = base_state(model, loaded.prompts, loaded.device, stable_bytes=loaded.has_stable_bytes)
    weights = None if off.tensors is None else off.tensors == fresh.tensors
    identical = same_bits(fresh.logits, off.logits) and weights is not False
    only_checkpoints = bool(loaded.attached) and all(map(loaded.is_checkpoint, loaded.attached))
    return DetachProof(
        method="not-applicable" if only_checkpoints else "disable",
        identical=identical,
        prompts=len(off.logits),
        max_logit_difference=_difference(fresh.logits, off.logits),
        weights_identical=weights,
        text=_text(loaded, identical, weights, len(off.logits), only_checkpoints),
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
