"""Proof before scores: the adapter is on, then off, then gone, bit for bit.

An adapter that silently changes nothing, or that cannot be removed again, is the most common way to
be fooled; both are shown on fixed prompts rather than assumed. Here states are compared;
`LoadedBase` takes them.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from gatekeeper.evidence import DetachProof, EffectProbe
from gatekeeper.scoring.model.base_state import BaseState, same_bits

__all__ = ["detach_proof", "effect_probe"]

_Logits = Sequence[Tensor]
"""At every position of every fixed prompt."""


def effect_probe(untouched: _Logits, on: _Logits, off: _Logits) -> EffectProbe:
    """Compare logits with the candidate on, and off again, with those from before any was attached.

    A change that is not a finite number has no size.
    """
    finite = all(bool(torch.isfinite(row).all()) for row in on)
    return EffectProbe(
        prompts=len(on),
        max_logit_difference=_difference(untouched, on) if finite else 0.0,
        kl=_kl(untouched, on) if finite else 0.0,
        changed=not same_bits(untouched, on),
        finite=finite,
        off_identical=same_bits(untouched, off),
    )


def detach_proof(
    fresh: BaseState, off: BaseState, *, quantization: str, only_checkpoints: bool
) -> DetachProof:
    """Compare the base with everything switched off with what it should be.

    Weights are compared byte for byte where both states have them. `only_checkpoints`: whatever is
    attached is a separate model, so there was nothing to detach.
    """
    weights = None if off.tensors is None else off.tensors == fresh.tensors
    identical = same_bits(fresh.logits, off.logits) and weights is not False
    logits = f"the logits of {len(off.logits)} fixed prompts"
    if not identical:
        what = "its weights differ" if weights is False else f"{logits} differ"
        text = f"With everything off, the base differs from a fresh load: {what}."
    elif only_checkpoints:
        text = (
            "A full checkpoint is a separate model: nothing is attached to the base, which equals "
            "a fresh load bit for bit; to roll back, the channel moves."
        )
    elif weights is None:
        text = (
            f"With the adapter off, the base equals a fresh load bit for bit in {logits}; the "
            f"bytes of {quantization} weights are not compared."
        )
    else:
        text = (
            f"With the adapter off, the base equals a fresh load bit for bit: every weight, and "
            f"{logits}."
        )
    return DetachProof(
        method="not-applicable" if only_checkpoints else "disable",
        identical=identical,
        prompts=len(off.logits),
        max_logit_difference=_difference(fresh.logits, off.logits),
        weights_identical=weights,
        text=text,
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
