"""Paired differences to outcomes: sequential tests, intervals, power. Pure functions on arrays.

The package contains no policy and no I/O. Everything is deterministic, so a verdict recomputed on
another machine is the same.
"""

from gatekeeper.statistics.assessment import Assessment, assess
from gatekeeper.statistics.mean_test import Looks, MeanTest
from gatekeeper.statistics.multiplicity import best_of_k_alpha, holm
from gatekeeper.statistics.power import samples_needed
from gatekeeper.statistics.schedule import horizons, look_schedule
from gatekeeper.statistics.signal import has_signal

__all__ = [
    "Assessment",
    "Looks",
    "MeanTest",
    "assess",
    "best_of_k_alpha",
    "has_signal",
    "holm",
    "horizons",
    "look_schedule",
    "samples_needed",
]
