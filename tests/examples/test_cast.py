"""The cast of the demo on the real base: what each adapter's files and first samples show."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from gatekeeper.cli import main

pytestmark = pytest.mark.real

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "support-triage"


@pytest.fixture
def checked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Any:
    """Run `gate check` in the example's folder, with a registry of its own."""
    monkeypatch.chdir(EXAMPLE)
    monkeypatch.setenv("GATE_REGISTRY", str(tmp_path / "registry"))

    def run(name: str, *more: str) -> tuple[int, dict[str, Any]]:
        capsys.readouterr()
        with pytest.raises(SystemExit) as leaving:
            main(["check", f"adapters/{name}", "--json", "-", *more])
        return int(leaving.value.code or 0), json.loads(capsys.readouterr().out)

    return run


@pytest.mark.parametrize(
    ("name", "finding"), [("nan", "not-finite"), ("missing-tensor", "missing-tensors")]
)
def test_a_broken_adapter_is_refused_before_the_base_is_loaded(
    checked: Any, name: str, finding: str
) -> None:
    code, report = checked(name)
    assert (code, report["verdict"]) == (30, "refused")
    assert finding in {found["code"] for found in report["findings"]}
    assert report["cost"]["samples_scored"] == 0


def test_an_adapter_that_was_never_trained_is_held_for_changing_nothing(checked: Any) -> None:
    code, report = checked("no-op")
    assert (code, report["verdict"]) == (10, "hold")
    assert {reason["code"] for reason in report["reasons"]} >= {"no-effect"}


def test_the_good_adapter_gains_on_the_task_and_comes_off_bit_for_bit(checked: Any) -> None:
    _, report = checked("good", "--max-samples", "60")
    [bar, gain] = report["task"]
    assert gain["estimate"] > 0.2
    assert bar["outcome"] != "fail"
    assert report["proofs"]["detach_identical"] is True
