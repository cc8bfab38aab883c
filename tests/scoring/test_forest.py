"""A forest holds every doc whole, each shared token once, in an order that needs only a path."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from test_packing import path, requests

from gatekeeper.scoring.forwards.forest import BLOCK, DEPTH, Forest, grow, is_short
from gatekeeper.scoring.forwards.forest_attention import _blocks, _next_spine
from gatekeeper.scoring.forwards.packing import Shape, pack
from gatekeeper.scoring.tasks.tokens import Scored

many = st.lists(requests(), min_size=1, max_size=8)


def way(forest: Forest, node: int) -> list[int]:
    """Tokens from the prefix down to a node."""
    return [int(forest.tokens[n]) for n in [*forest.spine(node), node]]


@given(many)
def test_every_doc_can_be_read_back_from_the_forest(some: list[list[Scored]]) -> None:
    docs = [pack(requests) for requests in some]
    forest = grow(docs)
    wanted = [(way(forest, int(node)), int(token), int(doc)) for node, token, doc in forest.wanted]
    expected = [
        (path(doc, int(node)), int(token), index)
        for index, doc in enumerate(docs)
        for branch in doc.branches
        for node, token in zip(doc.scored[branch.rows], branch.targets, strict=True)
    ]
    assert wanted == expected
    assert forest.lengths == tuple(tuple(len(b.targets) for b in doc.branches) for doc in docs)


@given(many)
def test_what_docs_share_stands_once(some: list[list[Scored]]) -> None:
    docs = [pack(requests) for requests in some]
    forest = grow(docs)
    ways = [tuple(way(forest, node)) for node in range(len(forest))]
    assert len(set(ways)) == len(ways)
    assert set(ways) == {tuple(path(doc, node)) for doc in docs for node in range(len(doc))}
    assert [len(each) - 1 for each in ways] == forest.depths.tolist()


@given(many)
def test_what_follows_from_a_node_stands_right_behind_it(some: list[list[Scored]]) -> None:
    forest = grow([pack(requests) for requests in some])
    for node in range(len(forest)):
        below = [n for n in range(len(forest)) if node in forest.spine(n)]
        assert below == list(range(node + 1, node + 1 + len(below)))


@given(many, st.integers(1, 12), st.integers(1, 12))
def test_stretches_cover_the_forest_and_keep_to_their_size(
    some: list[list[Scored]], tokens: int, scored: int
) -> None:
    forest = grow([pack(requests) for requests in some])
    at = 0
    for stretch in forest.stretches(Shape(tokens, scored)):
        assert stretch.start == at < stretch.stop
        assert len(stretch) <= tokens
        assert len(stretch.scored) <= scored
        due = {int(n) for n, _, _ in forest.wanted if stretch.start <= n < stretch.stop}
        assert [int(row) + at for row in stretch.scored] == sorted(due)
        at = stretch.stop
    assert at == len(forest)


@given(st.lists(requests(), min_size=1, max_size=30), st.integers(1, 150))
def test_a_row_sees_itself_and_what_leads_to_it_and_nothing_else(
    some: list[list[Scored]], tokens: int
) -> None:
    forest = grow([doc for doc in map(pack, some) if is_short(doc)])
    behind: list[int] = []  # nodes whose keys are carried from stretch to stretch, by depth
    for stretch in forest.stretches(Shape(tokens, tokens)):
        rows = list(range(stretch.start, stretch.stop))
        numbered = [*behind, *[-1] * (DEPTH - len(behind)), *rows]
        count = -(-len(rows) // BLOCK)
        keys, seen = _blocks(stretch, count)
        for row, node in enumerate(rows):
            block, place = divmod(row, BLOCK)
            visible = [numbered[key] for key in keys[block][seen[block, place]]]
            assert visible == [*forest.spine(node), node]
        behind = [numbered[key] for key in _next_spine(stretch)]
        if stretch.stop < len(forest):
            assert behind == forest.spine(stretch.stop)


def test_docs_are_short_by_what_stands_behind_the_prefix() -> None:
    prefix = tuple(range(100))
    for length, short in ((DEPTH, True), (DEPTH + 1, False)):
        doc = pack([Scored(prefix + tuple(range(length)), (0,))], prefix)
        assert doc.prefix == len(prefix)
        assert is_short(doc) is short
    empty = pack([])
    assert np.size(empty.tokens) == 0
    assert not is_short(empty)
