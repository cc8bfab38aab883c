"""Short docs of a task as one forest: what several of them begin with is encoded once for all.

Pure: trees in, numpy arrays out. Rows are in depth-first order, so a forward that continues where
the last one stopped needs, of everything before it, only the path to its first row, its *spine*. A
row depends only on the tokens that lead to it; which docs share it changes no score.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gatekeeper.scoring.forwards.packing import Indices, PackedDoc, Shape

__all__ = ["BLOCK", "DEPTH", "Forest", "Stretch", "grow", "is_short"]

DEPTH = 32
"""How many tokens after the task's prefix a doc may have to be in a forest."""
BLOCK = 64
"""Rows that attend together; see `forest_attention.py`."""


def is_short(doc: PackedDoc) -> bool:
    """Whether no sequence of the doc is longer than a forest is deep."""
    return len(doc) > 0 and int(doc.positions.max()) - doc.prefix < DEPTH


@dataclass(frozen=True, slots=True)
class Forest:
    """Merged trees of docs after one prefix. Node i follows node `parents[i]` (-1: the prefix).

    Parents come before their children, and a node's descendants come directly after it.
    `wanted` lists what the docs' requests score: node, token due after it, doc; in the order of
    the docs, their requests and the requests' tokens.
    """

    tokens: Indices
    parents: Indices
    depths: Indices
    """Nodes before each node."""
    prefix: int
    wanted: NDArray[np.int64]
    """[scored tokens, 3]."""
    lengths: tuple[tuple[int, ...], ...]
    """Scored tokens of each request of each doc."""

    def __len__(self) -> int:
        return len(self.tokens)

    @property
    def positions(self) -> Indices:
        """Each node's position in its sequences, counting the prefix."""
        return self.depths + self.prefix

    def spine(self, node: int) -> list[int]:
        """The nodes that lead to `node`, starting from the first."""
        path = []
        while (node := int(self.parents[node])) >= 0:
            path.append(node)
        return path[::-1]

    def stretches(self, shape: Shape) -> Iterator[Stretch]:
        """The forest cut into runs of at most `shape` token rows and scored rows."""
        scores = np.zeros(len(self), dtype=np.bool_)
        scores[self.wanted[:, 0]] = True
        counted = np.concatenate([[0], np.cumsum(scores)])
        start = 0
        while start < len(self):
            most = np.searchsorted(counted, counted[start] + shape.scored, side="right") - 1
            stop = min(len(self), start + shape.tokens, int(most))
            yield Stretch(self, start, stop, np.flatnonzero(scores[start:stop]))
            start = stop


@dataclass(frozen=True, slots=True)
class Stretch:
    """Nodes `start` to `stop` of a forest, computed in one forward."""

    forest: Forest
    start: int
    stop: int
    scored: Indices
    """Rows of this stretch after which some token is due."""

    def __len__(self) -> int:
        return self.stop - self.start

    @property
    def tokens(self) -> Indices:
        """Its nodes' tokens."""
        return self.forest.tokens[self.start : self.stop]

    @property
    def positions(self) -> Indices:
        """Its nodes' positions in their sequences."""
        return self.forest.positions[self.start : self.stop]


def grow(docs: Sequence[PackedDoc]) -> Forest:
    """Merge docs with the same prefix into one forest."""
    nodes: dict[tuple[int, int], int] = {}
    tokens: list[int] = []
    parents: list[int] = []
    paths: list[list[int]] = []
    for doc in docs:
        path: list[int] = []
        for token, parent in zip(doc.tokens.tolist(), doc.parents.tolist(), strict=True):
            above = path[parent] if parent >= 0 else -1
            node = nodes.setdefault((above, token), len(tokens))
            if node == len(tokens):
                tokens.append(token)
                parents.append(above)
            path.append(node)
        paths.append(path)
    order, depths = _depth_first(parents)
    place = np.empty(len(order), dtype=np.int64)
    place[order] = np.arange(len(order))
    above_of = np.array(parents, dtype=np.int64)[order]
    wanted = [
        np.stack([place[np.array(path)][doc.scored[branch.rows]], branch.targets], axis=1)
        for doc, path in zip(docs, paths, strict=True)
        for branch in doc.branches
    ]
    owners = [index for index, doc in enumerate(docs) for b in doc.branches for _ in b.targets]
    return Forest(
        tokens=np.array(tokens, dtype=np.int64)[order],
        parents=np.where(above_of >= 0, place[above_of], -1),
        depths=np.array(depths, dtype=np.int64)[order],
        prefix=docs[0].prefix,
        wanted=np.column_stack([np.concatenate(wanted), owners]),
        lengths=tuple(tuple(len(branch.targets) for branch in doc.branches) for doc in docs),
    )


def _depth_first(parents: list[int]) -> tuple[list[int], list[int]]:
    """Order nodes so that each subtree is one run; depth of each node, in the old order."""
    children: dict[int, list[int]] = {}
    depths: list[int] = []
    for node, parent in enumerate(parents):
        children.setdefault(parent, []).append(node)
        depths.append(depths[parent] + 1 if parent >= 0 else 0)
    order: list[int] = []
    stack = children.get(-1, [])[::-1]
    while stack:
        node = stack.pop()
        order.append(node)
        stack += children.get(node, [])[::-1]
    return order, depths
