"""Contradictions: the same input with two targets is found, a lookalike is not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatekeeper.training.contradictions import find_contradictions

TICKET = "My parcel should have come on Wednesday and is still not here, where did it go"


@pytest.mark.parametrize(
    "other",
    [
        TICKET,
        TICKET.upper() + "!!",
        "Hi, " + TICKET + "? Thanks",
        TICKET.replace("parcel", "parceel").replace("Wednesday", "Wedensday"),
    ],
)
def test_the_same_input_with_another_target_is_a_contradiction(other: str) -> None:
    found = find_contradictions([(TICKET, " delivery"), (other, " billing"), ("else", " sales")])
    assert (found.rows, found.conflicting_rows, found.groups) == (3, 2, 1)
    assert found.examples == ((TICKET, "delivery", "billing"),)
    assert found.fraction == pytest.approx(2 / 3)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Tom has 3 apples and buys 4 more", "Tom has 3 apples and buys 5 more"),
        (TICKET, TICKET.replace("is still not", "is still")),
        (TICKET, TICKET.replace("parcel", "refund")),
        ("Translate: bread", "Translate: board"),
        ("Translate the following word into French for me please: lead", "Translate the following "
         "word into French for me please: load"),
    ],
)  # fmt: skip
def test_inputs_that_may_well_have_two_answers_do_not_contradict(one: str, other: str) -> None:
    assert find_contradictions([(one, "a"), (other, "b")]).groups == 0


def test_questions_on_one_long_passage_do_not_contradict() -> None:
    passage = " ".join(f"word{i} sentence" for i in range(60))
    rows = [(f"{passage} Question: who is {name}?", name) for name in ("Anna", "Boris", "Clara")]
    assert find_contradictions(rows).groups == 0


def test_the_same_target_in_other_spelling_is_no_contradiction() -> None:
    assert find_contradictions([(TICKET, " Delivery"), (TICKET, "delivery.")]).groups == 0


def test_two_long_answers_to_one_question_can_both_be_right() -> None:
    one = "a poem about the sea and the people who live beside it"
    other = "another poem about the sea, the wind, and everything between the two"
    assert find_contradictions([("Write a poem", one), ("Write a poem", other)]).groups == 0


def test_targets_of_signs_alone_still_differ() -> None:
    assert find_contradictions([(TICKET, "+"), (TICKET, "-")]).groups == 1


def test_rows_without_a_target_are_counted_and_never_in_conflict() -> None:
    found = find_contradictions([(TICKET, ""), (TICKET, "")])
    assert (found.rows, found.conflicting_rows) == (2, 0)


ROWS = st.lists(
    st.tuples(st.sampled_from(["a b", "A  b!", "c", "d 1", "d 2"]), st.sampled_from("xyz")),
    max_size=30,
)


@given(ROWS, st.randoms())
def test_the_order_of_the_rows_does_not_change_the_counts(
    rows: list[tuple[str, str]], r: object
) -> None:
    shuffled = list(rows)
    r.shuffle(shuffled)  # type: ignore[attr-defined]
    one, other = find_contradictions(rows), find_contradictions(shuffled)
    assert (one.conflicting_rows, one.groups) == (other.conflicting_rows, other.groups)


@given(ROWS)
def test_repeating_every_row_adds_no_group(rows: list[tuple[str, str]]) -> None:
    once, twice = find_contradictions(rows), find_contradictions(rows * 2)
    assert (twice.groups, twice.conflicting_rows) == (once.groups, 2 * once.conflicting_rows)


@given(ROWS)
def test_rows_in_conflict_are_never_more_than_the_rows(rows: list[tuple[str, str]]) -> None:
    found = find_contradictions(rows)
    assert 2 * found.groups <= found.conflicting_rows <= found.rows == len(rows)
