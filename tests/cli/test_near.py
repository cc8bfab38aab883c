"""Names that were nearly typed: one suggestion, one wording; a slip is told from a new name."""

from __future__ import annotations

import pytest

from gatekeeper.cli import main
from gatekeeper.phrases import did_you_mean, slip_of


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


def test_a_near_name_is_suggested_and_the_hint_goes_on() -> None:
    assert did_you_mean("strct", ["strict", "quick"]) + "Known: two." == (
        "Did you mean strict? Known: two."
    )


def test_several_near_names_are_suggested_when_asked_for() -> None:
    known = ["triage-r2", "triage-r4", "general"]
    assert did_you_mean("triage-r3", known, most=3) == "Did you mean triage-r4 or triage-r2? "


def test_nothing_near_is_no_suggestion() -> None:
    assert did_you_mean("zz", ["strict", "quick"]) == ""


def test_an_unknown_command_is_answered_in_the_same_words(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit):
        main(["chek"])
    assert "No such command 'chek'. Did you mean check?" in capsys.readouterr().err
