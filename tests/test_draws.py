"""Property tests draw the same examples in every run, whatever else is loaded."""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest
from draws import draws
from hypothesis import given, settings
from hypothesis import strategies as st


def drawn() -> list[str]:
    """What one property test draws in the profile of an ordinary run."""
    seen: list[str] = []

    @settings(settings.get_profile("ci"), max_examples=300)
    @given(st.text(), st.integers())
    def run(text: str, number: int) -> None:
        seen.append(f"{text}/{number}")

    run()
    return seen


def test_every_run_draws_the_same_examples() -> None:
    assert drawn() == drawn()


@pytest.mark.skipif(not settings.default.derandomize, reason="a long search may draw constants")
def test_constants_of_loaded_modules_are_not_drawn(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = drawn()
    constants = "".join(f"A{n} = 'a constant of its own {n}', {10**9 + n}\n" for n in range(50))
    (tmp_path / "full_of_constants.py").write_text(constants)
    monkeypatch.syspath_prepend(str(tmp_path))
    importlib.import_module("full_of_constants")
    assert drawn() == before


def test_a_profile_with_more_examples_has_more_for_every_test() -> None:
    many = settings.default.max_examples // 100
    assert draws(40).max_examples == 40 * many
