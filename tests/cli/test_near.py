"""A slip of the pen in a name is told from a name that is new."""

from __future__ import annotations

import pytest

from gatekeeper.phrases import slip_of


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("prodction", "production"),
        ("produciton", "production"),
        ("Production", "production"),
        ("production_eu", "production-eu"),
        ("stagign", "staging"),
        ("canary_1", "canary-1"),
    ],
)
def test_a_slip_is_answered_with_the_name_that_was_meant(typed: str, meant: str) -> None:
    assert slip_of(typed, ["production", "production-eu", "staging", "canary-1"]) == meant


@pytest.mark.parametrize(
    ("new", "known"),
    [
        ("production-eu", ["production"]),
        ("production-eu", ["production-us"]),
        ("canary-2", ["canary-1"]),
        ("production2", ["production"]),
        ("west", ["east"]),
        ("dev", ["test"]),
        ("staging", ["production", "staging"]),
        ("anything", []),
    ],
)
def test_a_new_name_is_no_slip(new: str, known: list[str]) -> None:
    assert slip_of(new, [name for name in known if name != new]) is None
