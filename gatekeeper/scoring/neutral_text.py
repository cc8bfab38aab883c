"""Drift on neutral text: token-level KL(base || candidate) and both perplexities.

A diagnostic that moves long before accuracy does. Full-vocabulary logits are never kept: one text
at a time goes through both arms, a slice of positions at a time through the softmax.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import torch

from gatekeeper.evidence import NeutralText
from gatekeeper.scoring.model.arms import Arms

__all__ = ["compare_on_neutral_text"]

_LONGEST = 512
"""Tokens of one text that are looked at."""
_SLICE = 64
"""Positions whose vocabulary is in memory at once."""


@torch.inference_mode()
def compare_on_neutral_text(arms: Arms, candidate: str, texts: Sequence[str]) -> NeutralText | None:
    """Compare one candidate with the base on texts; None when no text has two tokens."""
    tokens, kl, base_nll, candidate_nll = 0, 0.0, 0.0, 0.0
    for text in texts:
        ids = torch.tensor([arms.tokenizer(text)["input_ids"][:_LONGEST]], device=arms.device)
        if ids.shape[1] < 2:
            continue
        with arms.arm(None) as model:
            base = model(input_ids=ids, use_cache=False).logits[0, :-1]
        with arms.arm(candidate) as model:
            own = model(input_ids=ids, use_cache=False).logits[0, :-1]
        for before, after, gold in _slices(base, own, ids[0, 1:]):
            kl += float((before.exp() * (before - after)).sum())
            base_nll -= float(before.gather(1, gold).sum())
            candidate_nll -= float(after.gather(1, gold).sum())
        tokens += ids.shape[1] - 1
    if not tokens or not math.isfinite(kl + candidate_nll):
        return None
    return NeutralText(
        tokens=tokens,
        kl=max(0.0, kl / tokens),
        base_perplexity=math.exp(min(700.0, base_nll / tokens)),
        candidate_perplexity=math.exp(min(700.0, candidate_nll / tokens)),
    )


def _slices(
    base: torch.Tensor, own: torch.Tensor, gold: torch.Tensor
) -> Iterator[tuple[torch.Tensor, torch.Tensor, torch.Tensor]]:
    """Log-probabilities of both arms and the next tokens, some positions at a time."""
    for start in range(0, len(gold), _SLICE):
        part = slice(start, start + _SLICE)
        yield (
            base[part].double().log_softmax(-1),
            own[part].double().log_softmax(-1),
            gold[part, None],
        )
