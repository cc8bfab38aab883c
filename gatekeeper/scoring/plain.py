"""Plain batches: every request on its own row, padded on the right, attention as the model has it.

The slow path, correct for any architecture. It also is what the packed path is tested against.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch

from gatekeeper.scoring.forward import Likelihood, log_probabilities
from gatekeeper.scoring.generation import Ending
from gatekeeper.scoring.tokens import Scored

__all__ = ["plain_likelihoods", "plain_text"]


def plain_likelihoods(
    module: Any, requests: Sequence[Scored], budget: int, device: Any
) -> list[Likelihood]:
    """Log-likelihoods of the requests of one doc, at most `budget` padded tokens a forward."""
    results: list[Likelihood] = []
    longest = max(len(request.inputs) for request in requests)
    step = max(1, budget // longest)
    for start in range(0, len(requests), step):
        some = requests[start : start + step]
        ids = torch.zeros((len(some), longest), dtype=torch.long)
        for row, request in enumerate(some):
            ids[row, : len(request.inputs)] = torch.tensor(request.inputs)
        with torch.inference_mode():
            logits = module(input_ids=ids.to(device), use_cache=False).logits
            for row, request in enumerate(some):
                last, count = len(request.inputs), len(request.targets)
                found, greedy = log_probabilities(
                    logits[row, last - count : last].clone(), list(enumerate(request.targets))
                )
                results.append((sum(found), all(greedy)))
    return results


def plain_text(module: Any, prompt: Sequence[int], ending: Ending, arguments: Any) -> str:
    """One prompt through transformers' own `generate`. Sampling is seeded."""
    from lm_eval.models.utils import normalize_gen_kwargs
    from lm_eval.models.utils_hf import stop_sequences_criteria

    options = dict(normalize_gen_kwargs(arguments))
    options.pop("until", None)
    options.pop("max_gen_toks", None)
    if not options.get("do_sample"):
        options = {**options, "do_sample": False}
        options.pop("temperature", None)
    device = next(module.parameters()).device
    ids = torch.tensor([list(prompt)], device=device)
    options.setdefault("max_length", len(prompt) + ending.limit)
    with torch.inference_mode(), torch.random.fork_rng():
        torch.manual_seed(1234)
        out = module.generate(
            input_ids=ids,
            attention_mask=torch.ones_like(ids),
            stopping_criteria=stop_sequences_criteria(
                ending.tokenizer, ending.stops, len(prompt), 1
            ),
            pad_token_id=ending.tokenizer.pad_token_id or ending.tokenizer.eos_token_id,
            use_cache=True,
            **options,
        )
    return ending.text(out[0, len(prompt) :].tolist())
