"""Packing loses no token, adds none, and does not depend on what else is scored."""

from __future__ import annotations

import math

import numpy as np
from draws import draws
from hypothesis import example, given
from hypothesis import strategies as st

from gatekeeper.scoring.forwards.packing import (
    PackedDoc,
    Shape,
    common_prefix,
    height,
    pack,
    plan,
    scored_share,
)
from gatekeeper.scoring.tasks.tokens import Scored

tokens = st.lists(st.integers(0, 3), min_size=1, max_size=8).map(tuple)


@st.composite
def requests(draw: st.DrawFn) -> list[Scored]:
    """Requests that share much: few token values, one common beginning."""
    start = draw(st.lists(st.integers(0, 3), max_size=12).map(tuple))
    found = []
    for _ in range(draw(st.integers(1, 5))):
        inputs = start + draw(tokens)
        targets = draw(st.lists(st.integers(0, 3), min_size=1, max_size=len(inputs)).map(tuple))
        found.append(Scored(inputs, targets))
    return found


def path(doc: PackedDoc, node: int) -> list[int]:
    """Tokens from the prefix down to a node."""
    found: list[int] = []
    while node >= 0:
        found.append(int(doc.tokens[node]))
        node = int(doc.parents[node])
    return found[::-1]


@given(requests())
def test_every_request_can_be_read_back_from_the_tree(some: list[Scored]) -> None:
    prefix = common_prefix(some)
    doc = pack(some, prefix)
    assert doc.prefix in (0, len(prefix))
    for request, branch in zip(some, doc.branches, strict=True):
        nodes = doc.scored[branch.rows]
        assert tuple(branch.targets) == request.targets
        assert len(nodes) == len(request.targets)
        assert prefix[: doc.prefix] + tuple(path(doc, int(nodes[-1]))) == request.inputs
        assert list(doc.positions[nodes]) == list(
            range(len(request.inputs) - len(request.targets), len(request.inputs))
        )


@given(requests())
def test_a_token_in_the_same_place_is_encoded_once(some: list[Scored]) -> None:
    doc = pack(some)
    paths = [tuple(path(doc, node)) for node in range(len(doc))]
    assert len(set(paths)) == len(paths)
    wanted = {r.inputs[: i + 1] for r in some for i in range(len(r.inputs))}
    assert set(paths) == wanted
    assert doc.naive == sum(len(r.inputs) for r in some)


@given(requests())
def test_a_node_sees_itself_and_its_ancestors_only(some: list[Scored]) -> None:
    doc = pack(some)
    for node, row in enumerate(doc.visible()):
        assert [int(doc.tokens[n]) for n in np.flatnonzero(row)] == path(doc, node)


@given(requests())
def test_nothing_that_is_scored_is_hidden_in_the_prefix(some: list[Scored]) -> None:
    prefix = common_prefix(some)
    assert all(len(r.inputs) - len(r.targets) >= len(prefix) for r in some)
    assert all(r.inputs[: len(prefix)] == prefix for r in some)


@given(requests(), tokens)
def test_a_doc_that_begins_otherwise_is_packed_without_the_prefix(
    some: list[Scored], other: tuple[int, ...]
) -> None:
    doc = pack(some, (9, *other))
    assert doc.prefix == 0
    assert doc.naive == sum(len(r.inputs) for r in some)


@draws(60)
@given(st.lists(requests(), max_size=12), st.integers(8, 40))
def test_every_doc_is_in_one_batch_and_no_batch_is_too_full(
    many: list[list[Scored]], size: int
) -> None:
    docs = [pack(some) for some in many]
    shape = Shape(size, max(1, int(size * scored_share(docs))))
    batches = plan(docs, shape)
    assert sorted(index for batch in batches for index in batch) == list(range(len(docs)))
    for batch in batches:
        rows = sum(len(docs[i]) for i in batch), sum(len(docs[i].scored) for i in batch)
        assert len(batch) == 1 or (rows[0] <= shape.tokens and rows[1] <= shape.scored)


@given(st.integers(1, 500), st.integers(1, 200))
def test_a_doc_larger_than_the_shape_gets_a_whole_multiple_of_it(tokens: int, scored: int) -> None:
    shape = Shape(64, 16)
    fitting = shape.fitting(tokens, scored)
    assert fitting.tokens % 64 == 0
    assert tokens <= fitting.tokens < tokens + 64
    assert scored <= fitting.scored < scored + 16


def room_left(docs: list[PackedDoc], batches: list[list[int]], rows: int) -> list[int]:
    """Rows of each forward that no doc fills."""
    return [rows - sum(len(docs[i]) for i in batch) for batch in batches]


@given(st.lists(st.integers(1, 90), min_size=1, max_size=60), st.integers(90, 1024))
def test_a_forward_is_left_only_when_the_next_doc_does_not_fit(
    lengths: list[int], rows: int
) -> None:
    docs = [pack([Scored(tuple(range(length)), (0,))]) for length in lengths]
    batches = plan(docs, Shape(rows, rows))
    openers = [len(docs[batch[0]]) for batch in batches]
    for forward, left in enumerate(room_left(docs, batches, rows)):
        assert all(left < later for later in openers[forward + 1 :])


@given(st.integers(1, 300), st.integers(64, 8192))
@example(length=57, budget=512)
def test_the_docs_of_a_look_fill_their_forwards(length: int, budget: int) -> None:
    """Docs of one length are the hardest to pack, since none is small enough for what is left.

    25 docs of 57 rows, with a little spare, need three forwards of 499 rows, rounded up to 512.
    Three of these hold 24 whole docs. The fourth forward is the price of not splitting a doc:
    heights that suit docs of one length are worse for docs of many, and move cached scores.
    """
    docs = [pack([Scored(tuple(range(length)), (0,))])] * 25
    rows = height(docs, budget)
    assert rows <= budget
    if length > rows // 8:
        return
    batches = plan(docs, Shape(rows, rows))
    needed = 1.05 * 25 * length
    assert len(batches) <= math.ceil(needed / budget) + 1
    *full, _ = room_left(docs, batches, rows)
    assert all(left < length for left in full)
    if len(batches) == 1:
        assert rows <= needed + 64


def test_tasks_that_share_looks_have_forwards_for_their_share_of_them() -> None:
    docs = [pack([Scored(tuple(range(100)), (0,))])] * 16
    assert height(docs, 8192) > 2500
    assert height(docs, 8192, siblings=57) < 200
