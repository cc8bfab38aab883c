"""One mean against one threshold: what holds for every data, and where the test knows its end."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from draws import draws
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom

from gatekeeper.statistics import (
    Looks,
    MeanTest,
    assess,
    has_signal,
    look_schedule,
    samples_needed,
)
from gatekeeper.statistics.null_tail import lattice_step, lower_tail, most_likely_at, upper_tail
from gatekeeper.statistics.spending import levels, spent

PAIRED = np.array([-1.0, 0.0, 1.0])
paired = st.lists(st.sampled_from([-1.0, 0.0, 1.0]), min_size=1, max_size=120)
graded = st.lists(st.floats(-1, 1, allow_nan=False), min_size=1, max_size=40)


def run(values: list[float], threshold: float, horizon: int = 0, **more: float) -> object:
    horizon = max(horizon, len(values))
    looks = tuple(n for n in look_schedule(horizon, 25) if n <= len(values))
    test = MeanTest(threshold, 0.05)
    return assess(np.array(values), test, Looks(looks, horizon), **more)


@draws(40)
@given(paired | graded, st.sampled_from([-0.1, -0.05, -0.02, 0.05]))
def test_the_interval_holds_the_estimate_and_agrees_with_the_outcome(
    values: list[float], threshold: float
) -> None:
    found = run(values, threshold)
    assert -1 <= found.low <= found.estimate <= found.high <= 1
    if found.outcome == "inconclusive":
        assert found.settled_at is None
    else:
        assert found.settled_at <= len(values)
    if found.outcome == "pass" and found.settled_at == len(values):
        assert found.low >= threshold - 1e-6
    if found.outcome == "fail" and found.settled_at == len(values):
        assert found.high <= threshold + 1e-6
    assert (found.p_value <= 0.05 * (1 + 1e-9)) >= (found.outcome == "fail")


@draws(25)
@given(paired)
def test_a_mirrored_question_has_the_mirrored_tail(values: list[float]) -> None:
    counts = np.array([[values.count(v) for v in PAIRED]], dtype=float)
    up = upper_tail(PAIRED, counts, -0.05, -1.0, 1.0)
    down = lower_tail(PAIRED, counts[:, ::-1], 0.05, 1.0, 1.0)
    assert up == pytest.approx(down)


def test_the_tail_is_that_of_the_exact_distribution() -> None:
    for n, lost, gained, margin in ((250, 6, 6, 0.05), (200, 3, 3, 0.05), (600, 40, 45, 0.02)):
        counts = np.array([[lost, n - lost - gained, gained]], dtype=float)
        weights = most_likely_at(PAIRED + margin, counts / n)[0]
        exact = _exact_tail(n, weights, gained - lost)
        found = upper_tail(PAIRED, counts, -margin, -1.0, 1.0)[0]
        above = _exact_tail(n, weights, gained - lost + 1)
        assert above < found <= exact * 1.02


def _exact_tail(n: int, weights: np.ndarray, least: int) -> float:
    """P(gained - lost >= least) by the characteristic function of the sum."""
    size = 2 * n + 1
    turn = np.exp(2j * np.pi * np.arange(size) / size)
    chances = np.real(np.fft.fft((weights[0] / turn + weights[1] + weights[2] * turn) ** n)) / size
    return float(sum(chances[s % size] for s in range(least, n + 1)))


@pytest.mark.parametrize(("right", "n", "bar"), [(345, 400, 0.8), (198, 200, 0.95), (70, 200, 0.3)])
def test_a_bar_uses_the_binomial_tail(right: int, n: int, bar: float) -> None:
    counts = np.array([[n - right, right]], dtype=float)
    found = upper_tail(np.array([0.0, 1.0]), counts, bar, 0.0, 1.0)[0]
    assert found == pytest.approx(binom.sf(right - 1, n, bar), rel=0.05)


def test_unchanged_samples_pass_only_when_there_are_enough_of_them() -> None:
    assert run([0.0] * 50, -0.05).outcome == "inconclusive"
    assert run([0.0] * 59, -0.05).outcome == "pass"  # 0.95 ** 59 < 0.05
    assert run([0.0] * 175, -0.05, horizon=2000).outcome == "pass"


@pytest.mark.parametrize("n", [1, 25, 400, 3000])
def test_base_against_itself_never_fails(n: int) -> None:
    assert run([0.0] * n, -0.01).outcome != "fail"


def test_what_was_settled_stays_settled() -> None:
    bad = [-1.0, 0.0, 0.0] * 40
    first = run(bad, -0.05, horizon=1000)
    assert first.outcome == "fail"
    later = run(bad + [0.0] * 800, -0.05, horizon=1000)
    assert (later.outcome, later.settled_at) == ("fail", first.settled_at)


def test_a_budget_that_ends_early_spends_what_is_left() -> None:
    values = [0.0] * 70
    assert run(values, -0.05, horizon=400).outcome == "inconclusive"
    ended = assess(
        np.array(values), MeanTest(-0.05, 0.05), Looks((25, 50, 70), horizon=400, ended=True)
    )
    assert ended.outcome == "pass"


def test_samples_out_of_range_or_none_are_an_error() -> None:
    for values in ([], [1.5], [-2.0]):
        with pytest.raises(ValueError):
            run(values, -0.05)


@draws(30)
@given(
    st.sampled_from(["pass", "fail"]),
    st.integers(60, 6000),
    st.integers(10, 60),
    st.floats(1, 700),
)
def test_never_more_than_alpha_is_spent(side: str, horizon: int, every: int, start: float) -> None:
    looks = look_schedule(horizon, every)
    used = [spent(side, look, horizon, start) for look in looks]
    assert used == sorted(used)
    assert used[0] >= 0
    assert used[-1] == 1.0
    found = levels(side, looks, horizon, 0.05, start=start)
    assert all(0 <= level <= 0.05 + 1e-4 for level in found)
    assert sum(found) >= 0.05 - 2e-3


def test_levels_keep_alpha_over_all_looks_together() -> None:
    looks = look_schedule(2000, 25)
    steps = np.diff(np.array(looks), prepend=0)
    random = np.random.default_rng(1)
    walk = np.cumsum(random.standard_normal((20_000, len(looks))) * np.sqrt(steps), axis=1)
    from scipy.special import ndtri

    for side in ("pass", "fail"):
        limits = -ndtri(np.array(levels(side, looks, 2000, 0.05, start=120)))
        crossed = (walk / np.sqrt(looks) >= limits).any(axis=1).mean()
        assert crossed == pytest.approx(0.05, abs=0.005)


def test_looks_are_multiples_and_end_at_the_horizon() -> None:
    for horizon, every in itertools.product((1, 20, 260, 5000), (5, 25, 40)):
        looks = look_schedule(horizon, every)
        assert looks[-1] == horizon
        assert all(look % every == 0 for look in looks[:-1])
        assert list(looks) == sorted(set(looks))
    assert len(look_schedule(100_000, 25)) < 150


def test_the_lattice_of_scores_is_found() -> None:
    assert lattice_step(PAIRED) == 1
    assert lattice_step(np.array([-0.25, 0.5])) == 0.25
    assert lattice_step(np.array([0.1234, 1.0])) == 0


def test_a_forecast_of_samples_is_enough_four_times_in_five() -> None:
    shares = np.array([0.05, 0.9, 0.05])
    needed = samples_needed(PAIRED, shares, MeanTest(-0.05, 0.05))
    assert needed is not None
    random = np.random.default_rng(2)
    draws = [random.choice(PAIRED, size=needed, p=shares).tolist() for _ in range(150)]
    runs = [run(values, -0.05, intervals=False) for values in draws]
    passed = sum(found.outcome == "pass" for found in runs) / len(runs)
    assert 0.68 <= passed <= 0.95
    assert samples_needed(PAIRED, np.array([0.1, 0.85, 0.05]), MeanTest(-0.05, 0.05)) is None


def test_signal_needs_more_than_luck() -> None:
    assert has_signal(np.array([1.0] * 70 + [0.0] * 130), 0.25, 0.05)
    assert not has_signal(np.array([1.0] * 55 + [0.0] * 145), 0.25, 0.05)
    assert not has_signal(np.array([0.0] * 200), 0.0, 0.05)
    assert has_signal(np.array([0.0] * 199 + [1.0]), 0.0, 0.05)
    assert not math.isnan(run([0.3, -0.2, 0.1], -0.05).estimate)
