"""Which training shape is above which, and where an adapter stands."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from gatekeeper.policy.policy import Escalation
from gatekeeper.verdict import Rung
from gatekeeper.verdict.rungs import (
    ALL_LINEAR,
    is_above,
    lora_config,
    next_rung,
    reaches_top,
    rung_height,
)

LADDER = Escalation().rungs
shapes = st.builds(
    Rung,
    r=st.integers(1, 128),
    targets=st.one_of(
        st.just("all-linear"),
        st.sets(st.sampled_from(sorted(ALL_LINEAR)), min_size=1).map(lambda s: tuple(sorted(s))),
    ),
)


@given(shapes, shapes)
def test_no_two_shapes_are_above_each_other(one: Rung, other: Rung) -> None:
    assert not (is_above(one, other) and is_above(other, one))
    assert not is_above(one, one)


@given(shapes, shapes)
def test_what_is_above_is_never_sorted_below(one: Rung, other: Rung) -> None:
    if is_above(one, other):
        assert rung_height(one) >= rung_height(other)
    assert rung_height(Rung(method="full")) > rung_height(one)


@given(shapes)
def test_the_next_rung_is_above_and_full_is_above_all(shape: Rung) -> None:
    following = next_rung(shape, LADDER)
    assert following is not None
    assert is_above(following, shape)
    assert is_above(Rung(method="full"), shape)
    assert next_rung(Rung(method="full"), LADDER) is None


@given(shapes)
def test_only_what_covers_the_top_rung_reaches_it(shape: Rung) -> None:
    # All seven modules may be written out, too.
    everywhere = shape.targets == "all-linear" or set(shape.targets) >= ALL_LINEAR
    assert reaches_top(shape, LADDER) == ((shape.r or 0) >= 64 and everywhere)


def test_a_shape_trained_in_some_layers_is_below_the_same_shape_in_all() -> None:
    first = LADDER[0]
    assert next_rung(first, LADDER) == LADDER[1]
    assert next_rung(first, LADDER, some_layers=True) == first


def test_alpha_stays_twice_the_rank() -> None:
    assert all(
        lora_config(rung)["lora_alpha"] == 2 * (rung.r or 0)
        for rung in LADDER
        if rung.method == "lora"
    )
