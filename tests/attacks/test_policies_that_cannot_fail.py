"""A policy that lets everything pass is an error with its line, not a promotion."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from commands import gate
from trained import World

from gatekeeper.errors import PolicyError
from gatekeeper.policy import load_policy, policy_from_text

RULES = {
    "bar": "task: {suite: rot, bar: 0.0, min_gain: 0.1}",
    "margin": "forgetting: {suite: skills, margin: 1.0}",
    "margins.caps": "forgetting: {suite: skills, margin: 0.1, margins: {caps: 1.0}}",
    "max_lost": "forgetting: {suite: skills, margin: 0.1, max_lost: 1.0}",
    "max_overlap": "contamination: {max_overlap: 1.0}",
}
VALUES = {
    "max_kl": "max_kl: .inf",
    "max_kl of nothing": "max_kl: .nan",
    "alpha": "alpha: 1e-300",
    "alpha of nothing": "alpha: .nan",
    "a margin of nothing": "forgetting: {suite: skills, margin: .nan}",
    "a huge budget": f"budget: {{max_samples: {10**400}}}",
}


@pytest.mark.parametrize(("key", "line"), RULES.items(), ids=RULES)
def test_a_limit_that_every_candidate_keeps_is_an_error_with_its_line(
    key: str, line: str, world: World, place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (place / "lax.yaml").write_text(f"name: lax\n{line}\n")
    for command in (["policy", "check", "lax.yaml"], ["check", str(world.careful)]):
        more = ["--policy", "lax.yaml"] if command[0] == "check" else []
        code, _, err = gate([*command, *more], capsys)
        assert code == 2
        assert "lax.yaml:2: " in err
        assert key.split(".")[-1] in err
        assert "cannot fail" in err
    assert not list((place / ".gate" / "evidence").glob("*"))


@pytest.mark.parametrize("line", VALUES.values(), ids=VALUES)
def test_a_value_that_the_statistics_cannot_use_is_an_error_with_its_line(
    line: str, place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (place / "odd.yaml").write_text(f"name: odd\n{line}\n")
    code, _, err = gate(["policy", "check", "odd.yaml"], capsys)
    assert code == 2
    assert "odd.yaml:2: " in err


def test_a_recorded_policy_is_read_as_it_was_recorded() -> None:
    lax = {"name": "lax", "task": {"suite": "rot", "bar": 0.0, "min_gain": 0.1}}
    assert policy_from_text(yaml.safe_dump(lax)).policy.task[0].bar == 0.0


def test_a_limit_that_is_inherited_names_the_file_that_inherits_it(tmp_path: Path) -> None:
    (tmp_path / "lax.yaml").write_text("name: lax\ncontamination: {max_overlap: 1.0}\n")
    (tmp_path / "mine.yaml").write_text("extends: lax.yaml\nname: mine\n")
    with pytest.raises(PolicyError, match=r"mine\.yaml"):
        load_policy("mine.yaml", tmp_path)


@pytest.mark.parametrize("device", ["/dev/zero", "/dev/urandom", "/dev"])
def test_what_is_not_a_file_is_not_read_for_ever(
    device: str, place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (place / "endless.yaml").write_text(f"name: endless\nextends: {device}\n")
    code, _, err = gate(["policy", "check", "endless.yaml"], capsys)
    assert code == 2
    assert device in err


def test_a_policy_may_come_through_a_pipe(world: World) -> None:
    gate_command = f"{sys.executable} -c 'from gatekeeper.cli import main; main()'"
    done = subprocess.run(
        ["bash", "-c", f"{gate_command} policy check <(cat {world.policy})"],
        capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
