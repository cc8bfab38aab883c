"""One forward over a packed batch: log-likelihoods of every branch, states of a prefix.

Stateless: module and batch in, numbers out. `packing.py` decides which docs make a batch, and the
engine decides which module computes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from torch import Tensor

from gatekeeper.scoring.forwards.forest import Forest, Stretch
from gatekeeper.scoring.forwards.forest_attention import ForestRows, Spine
from gatekeeper.scoring.forwards.output_layer import by_columns
from gatekeeper.scoring.forwards.packed_attention import Layout, PackedRows, PrefixStates, attending
from gatekeeper.scoring.forwards.packing import Heights, PackedDoc, Shape, pack
from gatekeeper.scoring.tasks.tokens import Scored

__all__ = [
    "Likelihood",
    "batch_rows",
    "forest_likelihoods",
    "likelihoods",
    "log_probabilities",
    "logits_at",
    "prefix_states",
    "running",
]

Likelihood = tuple[float, bool]
"""Sum of log-probabilities in nats, and whether greedy decoding would say exactly this."""

_CHUNK_FLOATS = {"cpu": 1 << 20}
_MOST_CHUNK_FLOATS = 1 << 25


def likelihoods(
    module: Any,
    docs: Sequence[PackedDoc],
    step: Shape,
    prefix: PrefixStates | None,
    device: Any,
) -> list[list[Likelihood]]:
    """Log-likelihoods of all branches of all docs, in one forward of a multiple of `step`."""
    shape = step.fitting(sum(len(d) for d in docs), sum(len(d.scored) for d in docs))
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
    with running(module, layout):
        logits = logits_at(module, tokens, positions, scored, device)
        found, greedy = log_probabilities(logits, targets)
    results, at = [], 0
    for doc in docs:
        lengths = [len(branch.targets) for branch in doc.branches]
        stop = at + sum(lengths)
        results.append(_summed(found[at:stop], greedy[at:stop], lengths))
        at = stop
    return results


def forest_likelihoods(
    module: Any, forest: Forest, heights: Heights, prefix: PrefixStates | None, device: Any
) -> Iterator[tuple[Stretch, dict[int, list[Likelihood]]]]:
    """Run a forest stretch by stretch, one forward each; yield the docs that each one completes.

    A doc is named by its index among those that the forest was built from.
    """
    node, token, owner = forest.wanted.T
    found = np.zeros(len(node), dtype=np.float32)
    greedy = np.zeros(len(node), dtype=np.bool_)
    left = np.bincount(owner, minlength=len(forest.lengths))
    starts = np.concatenate([[0], np.cumsum([sum(lengths) for lengths in forest.lengths])])
    spine: Spine | None = None
    for stretch in forest.stretches(heights.most):
        here = np.flatnonzero((node >= stretch.start) & (node < stretch.stop))
        targets = np.searchsorted(stretch.scored, node[here] - stretch.start)
        shape = heights.step.fitting(len(stretch), len(stretch.scored))
        layout = ForestRows(stretch, shape.tokens, spine, prefix)
        tokens, positions = batch_rows([stretch], shape.tokens)
        scored = np.zeros(shape.scored, dtype=np.int64)
        scored[: len(stretch.scored)] = stretch.scored
        with running(module, layout):
            logits = logits_at(module, tokens, positions, scored, device)
            found[here], greedy[here] = log_probabilities(
                logits, list(zip(targets.tolist(), token[here].tolist(), strict=True))
            )
        spine = layout.spine
        left -= np.bincount(owner[here], minlength=len(left))
        done = np.unique(owner[here])
        done = done[left[done] == 0]
        yield (
            stretch,
            {
                doc: _summed(
                    found[starts[doc] : starts[doc + 1]].tolist(),
                    greedy[starts[doc] : starts[doc + 1]].tolist(),
                    forest.lengths[doc],
                )
                for doc in done.tolist()
            },
        )


@contextmanager
def running(module: Any, layout: Layout) -> Iterator[None]:
    """Let `module` run by `layout`, without gradients, within this context."""
    with torch.inference_mode(), attending(module, layout), by_columns(module):
        yield


def logits_at(
    module: Any, tokens: np.ndarray, positions: np.ndarray, scored: np.ndarray, device: Any
) -> Tensor:
    """Logits of the `scored` rows of one packed sequence, [scored, vocabulary]."""
    logits: Tensor = module(
        input_ids=torch.from_numpy(tokens)[None].to(device),
        position_ids=torch.from_numpy(positions)[None].to(device),
        use_cache=False,
        logits_to_keep=scored.tolist(),  # a list works on whichever device the head is on
    ).logits[0]
    return logits


def _summed(
    found: Sequence[float], greedy: Sequence[bool], lengths: Sequence[int]
) -> list[Likelihood]:
    """Likelihoods of a doc's requests, whose tokens are laid end to end."""
    result, at = [], 0
    for length in lengths:
        stop = at + length
        result.append((float(np.float32(sum(found[at:stop]))), all(greedy[at:stop])))
        at = stop
    return result


def prefix_states(module: Any, prefix: Sequence[int], step: Shape, device: Any) -> PrefixStates:
    """Encode a task's shared prefix once; its keys and values serve all docs of this arm."""
    doc = pack([Scored(tuple(prefix), (0,))])
    tokens, positions = batch_rows([doc], step.fitting(len(doc), 1).tokens)
    layout = PackedRows([doc], keep=True)
    with running(module, layout):
        logits_at(module, tokens, positions, np.zeros(1, dtype=np.int64), device)
    kept = {
        layer: (key[:, :, : len(doc)].clone(), value[:, :, : len(doc)].clone())
        for layer, (key, value) in layout.states.items()
    }
    return PrefixStates(kept, len(doc))


def log_probabilities(
    logits: Tensor, targets: Sequence[tuple[int, int]]
) -> tuple[list[float], list[bool]]:
    """Log-probability of each (row, token), and whether the token is its row's first maximum.

    In float32 whatever the model's dtype, by torch's own `log_softmax` as in lm-eval: it sums a
    vocabulary in float32, off by some 2e-6 per token, and on a long text another order would show.
    """
    rows = torch.tensor([row for row, _ in targets], device=logits.device)
    tokens = torch.tensor([token for _, token in targets], device=logits.device)
    floats = _CHUNK_FLOATS.get(logits.device.type, _MOST_CHUNK_FLOATS)
    step = max(1, floats // logits.shape[-1])
    found = torch.empty(len(rows), device=logits.device)
    greedy = torch.empty(len(rows), dtype=torch.bool, device=logits.device)
    for start in range(0, len(logits), step):
        here = ((rows >= start) & (rows < start + step)).nonzero()[:, 0]
        part = torch.log_softmax(logits[start : start + step].float().contiguous(), dim=-1)
        at, token = rows[here] - start, tokens[here]
        found[here] = chosen = part[at, token]
        # Of several equal maxima, greedy decoding takes the first.
        highest = chosen == part.amax(-1)[at]
        highest[highest.clone()] = part[at[highest]].argmax(-1) == token[highest]
        greedy[here] = highest
    return found.tolist(), greedy.tolist()


def batch_rows(docs: Sequence[PackedDoc | Stretch], size: int) -> tuple[np.ndarray, np.ndarray]:
    """Tokens and positions of docs laid end to end, padded to `size`."""
    tokens, positions = np.zeros(size, dtype=np.int64), np.zeros(size, dtype=np.int64)
    start = 0
    for doc in docs:
        tokens[start : start + len(doc)] = doc.tokens
        positions[start : start + len(doc)] = doc.positions
        start += len(doc)
    return tokens, positions
