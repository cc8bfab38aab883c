"""Wilson's interval of a share, one formula at two levels."""

from __future__ import annotations

import pytest
from scipy.stats import binomtest

from gatekeeper.escalation.diagnosis import probe_interval
from gatekeeper.evidence import TrainProbe
from gatekeeper.statistics.wilson import wilson


@pytest.mark.parametrize("level", [0.90, 0.95])
@pytest.mark.parametrize(("right", "samples"), [(0, 7), (1, 30), (50, 100), (299, 300), (9, 9)])
def test_it_is_the_interval_of_the_literature(right: int, samples: int, level: float) -> None:
    found = binomtest(right, samples).proportion_ci(level, method="wilson")
    assert wilson(right / samples, samples, level=level) == pytest.approx(found, abs=1e-4)


def test_it_holds_its_share_and_shrinks_with_samples() -> None:
    wide, narrow = wilson(0.3, 50), wilson(0.3, 500)
    assert wide[0] < narrow[0] < 0.3 < narrow[1] < wide[1]


def test_no_samples_have_no_interval() -> None:
    with pytest.raises(ValueError, match="at least one sample"):
        wilson(0.5, 0)


def test_intervals_in_recorded_verdicts_are_recomputed_to_the_last_bit() -> None:
    probe = TrainProbe(samples=96, base_score=0.1, candidate_score=0.59375)
    assert probe_interval(probe) == (0.5098252565331447, 0.6725350400618604)
