"""The exact test of two candidates on a fixed number of samples."""

from __future__ import annotations

import pytest
from draws import draws
from hypothesis import given
from hypothesis import strategies as st

from gatekeeper.statistics.mcnemar import mcnemar

COUNTS = st.tuples(st.integers(0, 60), st.integers(0, 60), st.integers(0, 400))


@draws(60)
@given(COUNTS, st.sampled_from([0.01, 0.05, 0.2]))
def test_the_interval_excludes_zero_exactly_when_the_test_rejects(
    counts: tuple[int, int, int], alpha: float
) -> None:
    first, second, rest = counts
    found = mcnemar(first, second, first + second + rest + 1, alpha=alpha)
    assert found.low <= found.estimate <= found.high
    if abs(found.p_value - alpha) > 1e-9:
        assert (found.low > 0 or found.high < 0) == (found.p_value < alpha)


@draws(40)
@given(COUNTS)
def test_turning_the_two_round_turns_the_result_round(counts: tuple[int, int, int]) -> None:
    first, second, rest = counts
    samples = first + second + rest + 1
    one = mcnemar(first, second, samples, alpha=0.05)
    other = mcnemar(second, first, samples, alpha=0.05)
    assert one.estimate == -other.estimate
    assert one.low == pytest.approx(-other.high)
    assert one.p_value == pytest.approx(other.p_value)


def test_a_value_from_the_definition() -> None:
    """2 * P(X <= 2) for X binomial(12, 1/2) is 2 * 79 / 4096."""
    assert mcnemar(2, 10, 100, alpha=0.05).p_value == pytest.approx(2 * 79 / 4096)


def test_counts_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ValueError, match="do not fit"):
        mcnemar(5, 6, 10, alpha=0.05)
