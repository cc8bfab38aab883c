"""How property tests draw: the same examples in every run, and fresh ones in `make torture`.

Every run uses the profile `ci`. `pytest --hypothesis-profile=torture` draws fifty times as many
examples from a new seed; it prints how to reproduce what it finds, and remembers it.
"""

from __future__ import annotations

from hypothesis import HealthCheck, settings
from hypothesis.internal.conjecture import providers

__all__ = ["draws", "load_profile", "same_draws_whatever_is_loaded"]

_USUAL = 100
"""Examples of a test that asks for no number, in `ci`."""
# A busy machine is no reason to fail: nothing here goes by the clock.
_ANY_SPEED = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow]}


def load_profile() -> None:
    """Register both profiles and load `ci`."""
    settings.register_profile(
        "ci", max_examples=_USUAL, derandomize=True, database=None, **_ANY_SPEED
    )
    settings.register_profile(
        "torture", max_examples=50 * _USUAL, derandomize=False, print_blob=True, **_ANY_SPEED
    )
    settings.load_profile("ci")


def draws(usual: int) -> settings:
    """Settings of a test that draws `usual` examples in `ci`, and more where the profile does."""
    return settings(max_examples=max(1, usual * settings.default.max_examples // _USUAL))


def same_draws_whatever_is_loaded() -> None:
    """Keep Hypothesis from drawing constants out of the modules that happen to be loaded.

    It does so even when it is derandomised, so that a test would draw other examples when it runs
    alone, in another order, or against an installed package.
    """
    providers.is_local_module_file = lambda path: False
