"""A suite that could hide a loss is an error, or holds; it never promotes."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from commands import gate
from trained import World


@pytest.mark.parametrize("chance", [".nan", ".inf", "2.0", "1.0", "-5", "-0.01"])
def test_a_chance_that_is_no_probability_is_an_error_with_its_line(
    chance: str, world: World, place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(world.suites, place / "suites")
    suite = place / "suites" / "skills" / "suite.yaml"
    lines = suite.read_text().splitlines()
    at = next(number for number, line in enumerate(lines) if "chance:" in line)
    lines[at] = f"{lines[at].split('chance:')[0]}chance: {chance}"
    suite.write_text("\n".join(lines) + "\n")
    settings = place / "gate.yaml"
    settings.write_text(settings.read_text().replace(str(world.suites), str(place / "suites")))
    for command in (["suite", "check", "skills"], ["check", str(world.careless)]):
        code, _, err = gate(command, capsys)
        assert code == 2
        assert f"suite.yaml:{at + 1}: " in err
        assert "chance" in err
