"""Plain batches: every request on its own row, padded on the right, attention as the model has it.

The slow path, correct for any causal architecture, and the reference for testing the packed path.
Rows of many docs share a forward only in shapes that a doc's own tokens and the budget determine,
filled up with empty rows, so that a doc's bits do not depend on what else is asked for.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from gatekeeper.scoring.forwards.packed_forward import Likelihood, log_probabilities
from gatekeeper.scoring.tasks.tokens import Scored

__all__ = ["padded", "plain_batches", "plain_likelihoods", "row_length", "row_likelihoods"]

_STEP = 8
"""Tokens. Rows of a shared forward are multiples of it."""
_SHARE = 4
"""This fraction (one in N) of the budget fills a forward: more would often be empty rows."""


def plain_likelihoods(
    module: Any, requests: Sequence[Scored], budget: int, device: Any
) -> list[Likelihood]:
    """Log-likelihoods of the requests of one doc, at most `budget` padded tokens per forward."""
    results: list[Likelihood] = []
    longest = max(len(request.inputs) for request in requests)
    step = max(1, budget // longest)
    for start in range(0, len(requests), step):
        some = requests[start : start + step]
        results += row_likelihoods(module, padded(some, len(some), longest), some, device)
    return results


def plain_batches(
    module: Any, docs: Mapping[int, Sequence[Scored]], budget: int, device: Any
) -> Iterator[tuple[int, dict[int, list[Likelihood]]]]:
    """Log-likelihoods of many docs, a share of `budget` tokens per forward, longest rows first.

    Yields for each forward its tokens, padding included, and the docs that it completes.
    """
    by_length: dict[int, list[tuple[int, int]]] = {}
    for doc, requests in docs.items():
        for index, request in enumerate(requests):
            by_length.setdefault(row_length(len(request.inputs)), []).append((doc, index))
    found: dict[int, dict[int, Likelihood]] = {doc: {} for doc in docs}
    if empty := [doc for doc, requests in docs.items() if not requests]:
        yield 0, {doc: [] for doc in empty}
    for length in sorted(by_length, reverse=True):
        rows = max(1, budget // _SHARE // length)
        waiting = by_length[length]
        for start in range(0, len(waiting), rows):
            places = waiting[start : start + rows]
            some = [docs[doc][index] for doc, index in places]
            results = row_likelihoods(module, padded(some, rows, length), some, device)
            for (doc, index), result in zip(places, results, strict=True):
                found[doc][index] = result
            done = {doc for doc, _ in places if len(found[doc]) == len(docs[doc])}
            yield (
                rows * length,
                {doc: [found[doc][index] for index in range(len(docs[doc]))] for doc in done},
            )


def row_length(tokens: int) -> int:
    """The row length at which a request of this many tokens shares a forward."""
    return -(-tokens // _STEP) * _STEP


def padded(requests: Sequence[Scored], rows: int, length: int, filler: int = 0) -> Tensor:
    """Tokens [rows, length] of some requests; the rest is `filler`."""
    ids = torch.full((rows, length), filler)
    for row, request in enumerate(requests):
        ids[row, : len(request.inputs)] = torch.tensor(request.inputs)
    return ids


def row_likelihoods(
    module: Any, ids: Tensor, requests: Sequence[Scored], device: Any
) -> list[Likelihood]:
    """Run `ids` [rows, length] once; log-likelihoods of the requests on its first rows."""
    results: list[Likelihood] = []
    with torch.inference_mode():
        logits = module(input_ids=ids.to(device), use_cache=False).logits
        for row, request in enumerate(requests):
            last, count = len(request.inputs), len(request.targets)
            found, greedy = log_probabilities(
                logits[row, last - count : last].clone(), list(enumerate(request.targets))
            )
            results.append((sum(found), all(greedy)))
    return results
