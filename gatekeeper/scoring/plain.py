"""Plain batches: every request on its own row, padded on the right, attention as the model has it.

The slow path, correct for any architecture. It also is what the packed path is tested against.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch

from gatekeeper.scoring.forward import Likelihood, log_probabilities
from gatekeeper.scoring.tokens import Scored

__all__ = ["plain_likelihoods"]


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
