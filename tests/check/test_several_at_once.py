"""Several candidates in one check: one file each, and one verdict for a pipeline."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import torch
from trained import World

from gatekeeper.candidate.folder import AdapterFolder, read_adapter
from gatekeeper.cli import main
from gatekeeper.scoring.model import loaded_base as model_module


def test_the_step_output_of_several_candidates_is_the_worst_verdict(
    world: World, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    outputs, summary = place / "outputs", place / "summary"
    monkeypatch.setenv("GITHUB_OUTPUT", str(outputs))
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(summary))
    with pytest.raises(SystemExit) as leaving:
        main(["check", str(world.careless), str(world.careful), "--html", "page.html"])
    assert leaving.value.code == 10
    said = re.findall(r"^verdict<<(\S+)\n(.*)\n\1$", outputs.read_text(), re.MULTILINE)
    assert [verdict for _, verdict in said] == ["hold", "promote", "hold"]
    assert len(list(place.glob("page-c-*.html"))) == 2
    assert summary.read_text().count("<!-- gatekeeper:") == 2


def test_a_candidate_that_cannot_be_attached_is_refused_and_the_others_are_decided(
    world: World,
    place: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    fail_to_attach(monkeypatch, world.careless, KeyError("no such module"))
    told = check_both(world, capsys)
    verdicts = {report["adapter"]["name"]: report["verdict"] for report in told}
    assert verdicts == {"careless": "refused", "careful": "promote"}
    refused = next(r for r in told if r["verdict"] == "refused")
    assert refused["findings"][-1]["code"] == "cannot-attach"
    assert "no such module" in refused["findings"][-1]["text"]


def test_memory_that_runs_out_is_never_blamed_on_the_adapter(
    world: World,
    place: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    fail_to_attach(monkeypatch, world.careless, torch.OutOfMemoryError("CUDA out of memory"))
    with pytest.raises(SystemExit) as leaving:
        main(["check", str(world.careless)])
    assert leaving.value.code == 1
    assert "Out of memory while measuring careless." in capsys.readouterr().err
    with pytest.raises(SystemExit):
        main(["log"])
    assert "refused" not in capsys.readouterr().out


def fail_to_attach(monkeypatch: pytest.MonkeyPatch, folder: Path, problem: Exception) -> None:
    """PEFT meets a problem with this adapter, and with no other."""
    real, digest = model_module.inject, read_adapter(folder).digest

    def inject(model: Any, adapter: AdapterFolder, device: str) -> Any:
        if adapter.digest == digest:
            raise problem
        return real(model, adapter, device)

    monkeypatch.setattr(model_module, "inject", inject)


def check_both(world: World, capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    capsys.readouterr()
    with pytest.raises(SystemExit):
        main(["check", str(world.careless), str(world.careful), "--json", "-"])
    found = json.loads(capsys.readouterr().out)
    assert isinstance(found, list)
    return found
