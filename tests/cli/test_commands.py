"""What a newcomer meets: help, a set-up that can be repeated, and errors that say what to do."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from gatekeeper.cli import COMMANDS, gate, main


def run(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as leaving:
        main(arguments)
    told = capsys.readouterr()
    code = leaving.value.code
    return int(code or 0), told.out, told.err


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help(name: str) -> None:
    done = CliRunner().invoke(gate, [name, "--help"])
    assert done.exit_code == 0, done.output
    assert "Usage:" in done.output


def test_an_unknown_command_is_answered_with_the_nearest_one(
    capsys: pytest.CaptureFixture[str],
) -> None:
    code, _, err = run(["rolback"], capsys)
    assert code == 2
    assert "rollback" in err


def test_init_makes_a_folder_in_which_the_policy_is_valid(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(["init", "--base", "smollm2-135m-instruct", "--task", "mine"], capsys)[0] == 0
    code, out, _ = run(["policy", "check", "policies/gate.yaml"], capsys)
    assert code == 0
    assert "valid" in out
    code, out, _ = run(["policy", "explain"], capsys)
    assert "mine: must be shown to reach 80%" in out
    assert run(["status"], capsys)[0] == 0


def test_init_twice_overwrites_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    run(["init"], capsys)
    (tmp_path / "gate.yaml").write_text("policy: strict\n")
    code, out, _ = run(["init"], capsys)
    assert code == 0
    assert "kept" in out
    assert (tmp_path / "gate.yaml").read_text() == "policy: strict\n"


def test_a_missing_registry_is_told_in_two_lines(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, _, err = run(["log", "--registry", str(tmp_path / "none")], capsys)
    assert code == 2
    assert "gate init" in err
    assert "Traceback" not in err


def test_an_unknown_key_in_gate_yaml_names_file_line_and_a_guess(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "gate.yaml").write_text("base: x\npolcy: strict\n")
    code, _, err = run(["status"], capsys)
    assert code == 2
    assert "gate.yaml:2: polcy: unknown key." in err
    assert "Did you mean policy? Fix or remove it." in err


def test_a_channels_name_is_part_of_the_place_whatever_it_looks_like(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "gate.yaml").write_text("base: x\nchannels:\n  Main:\n    polcy: strict\n")
    _, _, err = run(["status"], capsys)
    assert "gate.yaml:4: channels.Main.polcy: unknown key." in err
    assert "Did you mean policy? Fix or remove it." in err


def test_check_without_an_adapter_is_a_usage_error(capsys: pytest.CaptureFixture[str]) -> None:
    code, _, err = run(["check"], capsys)
    assert code == 2
    assert "--aa" in err


def test_force_without_a_reason_is_a_usage_error(capsys: pytest.CaptureFixture[str]) -> None:
    code, _, err = run(["promote", "x", "--force"], capsys)
    assert code == 2
    assert "--reason" in err
