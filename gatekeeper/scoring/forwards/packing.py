"""Packing: every token of a task once. A doc's requests become one tree, docs share one prefix.

Pure: tokens in, numpy arrays out; no model. How a doc is packed depends only on that doc and its
task, never on which other docs are scored with it, so that its score is the same whatever was
cached. Where matrix kernels round differently at another height (never at another place at the same
height), all forwards of a task have one height; where they do not, each is as high as it must be.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from gatekeeper.scoring.tasks.tokens import Scored

__all__ = [
    "LEAST",
    "SMALL_STEP",
    "Branch",
    "Heights",
    "PackedDoc",
    "Packing",
    "Shape",
    "common_prefix",
    "fixed_heights",
    "free_heights",
    "height",
    "heights_alone",
    "pack",
    "plan",
    "scored_share",
]

Indices = NDArray[np.int64]

_SHORTEST_PREFIX = 8
"""Tokens. A shorter shared prefix is not worth its own forward."""
_SHARES = (0.125, 0.25, 0.5, 1.0)
LEAST = 16
"""Rows. Matrix kernels treat fewer rows differently, which shows in the last bits."""
_LOOK, _SPARE, _STEP = 25, 1.05, 64
"""Docs that a check scores at a time, room for longer ones, and what heights are multiples of."""


class Packing(StrEnum):
    """What may share a forward without a doc's bits depending on it, from least to most."""

    PLAIN = "plain"
    """One doc, with each of its requests on its own row: for attention that is not ours."""
    BATCHED = "batched"
    """Requests of many docs, each on its own row, in forwards of fixed shapes."""
    ALONE = "alone"
    """One doc as a tree: a row's bits depend on every other row (routed experts)."""
    FIXED = "fixed"
    """Many docs, in forwards of one height per task: bits depend only on the height."""
    FREE = "free"
    """Anything, at any height; short docs form one forest."""


@dataclass(frozen=True, slots=True)
class Branch:
    """One request in its doc's tree: which scored rows it reads, and the token due at each."""

    rows: Indices
    targets: Indices


@dataclass(frozen=True, slots=True)
class PackedDoc:
    """All requests of one doc as one tree of tokens, after `prefix` tokens of its task.

    Node i has token `tokens[i]`, is at `positions[i]` in each of its sequences (counting the
    prefix), and follows node `parents[i]` (-1: the prefix or nothing). Parents come first.
    """

    tokens: Indices
    positions: Indices
    parents: Indices
    prefix: int
    scored: Indices
    """Nodes whose next-token distribution is needed, ascending."""
    branches: tuple[Branch, ...]

    def __len__(self) -> int:
        return len(self.tokens)

    @property
    def naive(self) -> int:
        """Tokens that running each request on its own would encode."""
        ends = [int(self.positions[self.scored[b.rows[-1]]]) + 1 for b in self.branches]
        return sum(ends)

    @property
    def is_chain(self) -> bool:
        """Whether the tree has no fork: ordinary causal attention."""
        return bool((self.parents == np.arange(-1, len(self) - 1)).all())

    def visible(self) -> NDArray[np.bool_]:
        """The matrix [node, node] of what each node may attend to: itself and its ancestors."""
        size = len(self)
        if self.is_chain:
            return np.tri(size, dtype=np.bool_)
        seen = np.zeros((size, size), dtype=np.bool_)
        for node, parent in enumerate(self.parents):
            if parent >= 0:
                seen[node] = seen[parent]
            seen[node, node] = True
        return seen


@dataclass(frozen=True, slots=True)
class Shape:
    """The size of a batch: token rows and scored rows, never below LEAST when it is run."""

    tokens: int
    scored: int

    def fitting(self, tokens: int, scored: int) -> Shape:
        """The smallest multiple of this shape that holds docs of that size."""
        return Shape(
            _rounded(max(tokens, LEAST), self.tokens), _rounded(max(scored, LEAST), self.scored)
        )


SMALL_STEP = Shape(4, 4)
"""Steps of heights that are not fixed."""


@dataclass(frozen=True, slots=True)
class Heights:
    """How high forwards may be: up to `most` (one doc may be larger), in multiples of `step`."""

    most: Shape
    step: Shape

    @property
    def free(self) -> bool:
        """Whether each forward is only as high as its rows need."""
        return self.step == SMALL_STEP


def fixed_heights(docs: Sequence[PackedDoc], budget: int, siblings: int = 1) -> Heights:
    """One height for all forwards of a task that shares looks with `siblings`, from some docs."""
    rows = height(docs, budget, siblings)
    scored = max(LEAST, int(rows * scored_share(docs)))
    shape = Shape(rows, scored)
    return Heights(shape, shape)


def free_heights(budget: int) -> Heights:
    """Any height up to `budget` rows, where a row's bits do not depend on it."""
    return Heights(Shape(budget, budget), SMALL_STEP)


def heights_alone() -> Heights:
    """Every doc is larger than a forward may be: each gets its own, as high as it needs."""
    return Heights(Shape(1, 1), Shape(1, 1))


def common_prefix(requests: Sequence[Scored]) -> tuple[int, ...]:
    """The tokens that all requests begin with, before anything is scored; () if too few."""
    if not requests:
        return ()
    limit = min(len(r.inputs) - len(r.targets) for r in requests)
    first = requests[0].inputs[:limit]
    for request in requests[1:]:
        other = request.inputs
        length = len(first)
        if first != other[:length]:
            length = next(i for i, (a, b) in enumerate(zip(first, other, strict=False)) if a != b)
        first = first[:length]
    return first if len(first) >= _SHORTEST_PREFIX else ()


def pack(requests: Sequence[Scored], prefix: tuple[int, ...] = ()) -> PackedDoc:
    """Merge a doc's requests into one tree. A doc that does not begin with `prefix` has none."""
    size = len(prefix)
    if any(r.inputs[:size] != prefix or len(r.inputs) - len(r.targets) < size for r in requests):
        size = 0
    nodes: dict[tuple[int, int], int] = {}
    tokens: list[int] = []
    positions: list[int] = []
    parents: list[int] = []
    paths: list[list[int]] = []
    for request in requests:
        node, path = -1, []
        for position in range(size, len(request.inputs)):
            token = request.inputs[position]
            child = nodes.setdefault((node, token), len(tokens))
            if child == len(tokens):
                tokens.append(token)
                positions.append(position)
                parents.append(node)
            node = child
            path.append(node)
        paths.append(path[len(path) - len(request.targets) :])
    scored = np.unique(np.array([node for path in paths for node in path], dtype=np.int64))
    return PackedDoc(
        tokens=np.array(tokens, dtype=np.int64),
        positions=np.array(positions, dtype=np.int64),
        parents=np.array(parents, dtype=np.int64),
        prefix=size,
        scored=scored,
        branches=tuple(
            Branch(
                rows=np.searchsorted(scored, np.array(path, dtype=np.int64)),
                targets=np.array(request.targets, dtype=np.int64),
            )
            for path, request in zip(paths, requests, strict=True)
        ),
    )


def scored_share(docs: Sequence[PackedDoc]) -> float:
    """Scored rows per token row, rounded up to one of a few shares, from some docs of a task."""
    tokens = sum(len(doc) for doc in docs)
    need = 1.1 * sum(len(doc.scored) for doc in docs) / max(1, tokens)
    return next((share for share in _SHARES if need <= share), 1.0)


def height(docs: Sequence[PackedDoc], budget: int, siblings: int = 1) -> int:
    """Token rows of each forward of a task, from some of its docs; at most `budget`.

    Checks score a task a few docs at a time. A forward higher than these docs need is mostly
    padding, so they are spread evenly over the fewest forwards that the budget allows.
    """
    together = math.ceil(_LOOK / siblings)
    need = max(1.0, together * _SPARE * sum(map(len, docs)) / max(1, len(docs)))
    rows = math.ceil(need / math.ceil(need / budget))
    return min(budget, _rounded(rows, _STEP))


def _rounded(rows: int, step: int) -> int:
    return -(-rows // step) * step


def plan(docs: Sequence[PackedDoc], shape: Shape) -> list[list[int]]:
    """Spread docs over batches up to `shape`, longest first, each into the first that has room.

    A doc larger than the shape gets its own batch. Returns indices into `docs`.
    """
    order = sorted(range(len(docs)), key=lambda i: (-len(docs[i]), i))
    batches: list[list[int]] = []
    room: list[tuple[int, int]] = []
    for index in order:
        tokens, scored = len(docs[index]), len(docs[index].scored)
        for batch, (free_tokens, free_scored) in enumerate(room):
            if tokens <= free_tokens and scored <= free_scored:
                batches[batch].append(index)
                room[batch] = free_tokens - tokens, free_scored - scored
                break
        else:
            batches.append([index])
            room.append((shape.tokens - tokens, shape.scored - scored))
    return batches
