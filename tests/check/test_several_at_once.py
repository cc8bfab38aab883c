"""Several candidates in one check: one file each, and one verdict for a pipeline."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from trained import World

from gatekeeper.cli import main


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
