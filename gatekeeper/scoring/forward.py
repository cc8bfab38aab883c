"""One forward over a packed batch: log-likelihoods of every branch, states of a prefix.

Stateless: module and batch in, numbers out. Which docs make a batch is `packing.py`'s business,
which module computes is the engine's.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from gatekeeper.scoring.attention import PackedRows, PrefixStates, attending
from gatekeeper.scoring.packing import PackedDoc, Shape, pack
from gatekeeper.scoring.tokens import Scored

__all__ = ["Likelihood", "batch_rows", "likelihoods", "log_probabilities", "prefix_states"]

Likelihood = tuple[float, bool]
"""Sum of log-probabilities in nats, and whether greedy decoding would say exactly this."""

_CHUNK_FLOATS = 1 << 23


def likelihoods(
    module: Any,
    docs: Sequence[PackedDoc],
    shape: Shape,
    prefix: PrefixStates | None,
    device: Any,
) -> list[list[Likelihood]]:
    """Log-likelihoods of all branches of all docs, in one forward of `shape` (or its multiple)."""
    shape = shape.fitting(sum(len(d) for d in docs), sum(len(d.scored) for d in docs))
    tokens, positions = batch_rows(docs, shape.tokens)
    scored = np.zeros(shape.scored, dtype=np.int64)
    targets: list[tuple[int, int]] = []
    start = row = 0
    for doc in docs:
        scored[row : row + len(doc.scored)] = doc.scored + start
        for branch in doc.branches:
            targets += zip((branch.rows + row).tolist(), branch.targets.tolist(), strict=True)
        start, row = start + len(doc), row + len(doc.scored)
    layout = PackedRows(list(docs), prefix)
    with torch.inference_mode(), attending(module, layout):
        logits = module(
            input_ids=torch.from_numpy(tokens)[None].to(device),
            position_ids=torch.from_numpy(positions)[None].to(device),
            use_cache=False,
            logits_to_keep=scored.tolist(),  # a list serves on whichever device the head is
        ).logits[0]
        found, greedy = log_probabilities(logits, targets)
    return _by_branch(docs, found, greedy)


def prefix_states(module: Any, prefix: Sequence[int], shape: Shape, device: Any) -> PrefixStates:
    """Encode a task's shared prefix once; its keys and values serve all docs of this arm."""
    doc = pack([Scored(tuple(prefix), (0,))])
    tokens, positions = batch_rows([doc], shape.fitting(len(doc), 1).tokens)
    layout = PackedRows([doc], keep=True)
    with torch.inference_mode(), attending(module, layout):
        module(
            input_ids=torch.from_numpy(tokens)[None].to(device),
            position_ids=torch.from_numpy(positions)[None].to(device),
            use_cache=False,
            logits_to_keep=1,
        )
    kept = {
        layer: (key[:, :, : len(doc)].clone(), value[:, :, : len(doc)].clone())
        for layer, (key, value) in layout.states.items()
    }
    return PrefixStates(kept, len(doc))


def log_probabilities(
    logits: Tensor, targets: Sequence[tuple[int, int]]
) -> tuple[list[float], list[bool]]:
    """Log-probability of each (row, token), and whether the token is its row's first maximum.

    Softmax is done in float32 whatever the model's dtype, some rows at a time, in place.
    """
    rows = torch.tensor([row for row, _ in targets], device=logits.device)
    tokens = torch.tensor([token for _, token in targets], device=logits.device)
    chosen = logits[rows, tokens]
    peaks = logits.amax(-1)
    greedy = chosen == peaks[rows]
    if bool(greedy.any()):
        # Of several equal maxima greedy decoding takes the first.
        hit = greedy.nonzero()[:, 0]
        greedy[hit] = logits[rows[hit]].argmax(-1) == tokens[hit]
    used = int(rows.max()) + 1
    step = max(1, _CHUNK_FLOATS // logits.shape[-1])
    sums = []
    for start in range(0, used, step):
        part = logits[start : min(start + step, used)].float()
        peak = peaks[start : start + len(part), None].float()
        part = part.sub_(peak) if part.data_ptr() == logits[start:].data_ptr() else part - peak
        sums.append(part.exp_().sum(-1).log_() + peak[:, 0])
    found = chosen.float() - torch.cat(sums)[rows]
    return found.tolist(), greedy.tolist()


def batch_rows(docs: Sequence[PackedDoc], size: int) -> tuple[np.ndarray, np.ndarray]:
    """Tokens and positions of docs one behind the other, padded to `size`."""
    tokens, positions = np.zeros(size, dtype=np.int64), np.zeros(size, dtype=np.int64)
    start = 0
    for doc in docs:
        tokens[start : start + len(doc)] = doc.tokens
        positions[start : start + len(doc)] = doc.positions
        start += len(doc)
    return tokens, positions


def _by_branch(
    docs: Sequence[PackedDoc], found: list[float], greedy: list[bool]
) -> list[list[Likelihood]]:
    results: list[list[Likelihood]] = []
    at = 0
    for doc in docs:
        of_doc: list[Likelihood] = []
        for branch in doc.branches:
            stop = at + len(branch.targets)
            of_doc.append((float(np.float32(sum(found[at:stop]))), all(greedy[at:stop])))
            at = stop
        results.append(of_doc)
    return results
