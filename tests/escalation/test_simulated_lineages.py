"""Made-up lineages with known causes: a small run of benchmarks/escalation.py."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))

from escalation import Climb, of, report, share, simulate
from lineages import DATA, TRAINING, Truth


@pytest.fixture(scope="module")
def climbs() -> list[Climb]:
    return simulate(240, seed=11)


def test_full_fine_tuning_is_never_named_where_it_is_wrong(climbs: list[Climb]) -> None:
    assert share(climbs, "wrong_full") <= 0.01


def test_a_fault_of_the_data_hardly_ever_raises_the_rank(climbs: list[Climb]) -> None:
    assert share(of(climbs, *DATA), "wrong_rank") <= 0.05
    assert share(of(climbs, *TRAINING), "wrong_rank") <= 0.08


def test_ambiguous_labels_cost_a_rung_or_two_and_never_full_fine_tuning(
    climbs: list[Climb],
) -> None:
    group = of(climbs, Truth.AMBIGUOUS)
    assert max(climb.steps for climb in group) <= 2
    assert share(group, "wrong_full") == 0


def test_lack_of_rank_is_found_and_mended_by_climbing(climbs: list[Climb]) -> None:
    missed = [c for c in of(climbs, Truth.RANK) if c.missed and c.world.hole is None]
    named = sum(c.first == "capacity" for c in missed)
    assert len(missed) >= 5
    assert named >= 0.8 * len(missed)  # a score or so of lineages; the benchmark has 1,200


def test_the_report_holds_every_cause(climbs: list[Climb]) -> None:
    text = report(climbs)
    assert all(truth in text for truth in Truth)
