"""What a pipeline reads, exit codes and files, cannot be bent by an empty variable or a path."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from commands import gate
from trained import World

GATE = [sys.executable, "-c", "from gatekeeper.cli import main; main()"]


@pytest.mark.parametrize("given", ["", " , ", ",", "promote", "hold,promote", "nothing"])
def test_a_fail_on_that_names_no_failure_is_a_usage_error(
    given: str, world: World, place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, _, err = gate(["check", str(world.careless), "--fail-on", given], capsys)
    assert code == 2
    assert "--fail-on" in err


def test_an_empty_variable_of_the_surroundings_changes_no_exit_code(
    world: World, place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("GATE_FAIL_ON", "GATE_EXIT_ZERO", "FAIL_ON", "GATE_CHECK_EXIT_ZERO"):
        monkeypatch.setenv(name, "")
    assert gate(["check", str(world.careless)], capsys)[0] == 10


@pytest.fixture
def devices(tmp_path: Path) -> Path:
    """Devices of our own, so that a mistake takes nothing from the machine."""
    if os.geteuid() != 0:
        pytest.skip("only root makes devices")
    folder = tmp_path / "dev"
    folder.mkdir()
    os.mknod(folder / "null", stat.S_IFCHR | 0o666, os.makedev(1, 3))
    return folder


@pytest.mark.parametrize("flag", ["--json", "--html", "--md", "--junit"])
def test_a_device_is_written_to_and_stays_a_device(
    flag: str, devices: Path, world: World, place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, _, err = gate(["check", str(world.careful), flag, str(devices / "null")], capsys)
    assert code == 0, err
    assert stat.S_ISCHR((devices / "null").stat().st_mode)
    assert [path.name for path in devices.iterdir()] == ["null"]


def test_a_pipe_gets_the_report(
    world: World, place: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pipe, got = tmp_path / "pipe", []
    os.mkfifo(pipe)
    reader = threading.Thread(target=lambda: got.append(pipe.read_text()), daemon=True)
    reader.start()
    assert gate(["check", str(world.careful), "--md", str(pipe)], capsys)[0] == 0
    reader.join(60)
    assert "promote" in got[0]
    assert stat.S_ISFIFO(pipe.stat().st_mode)


def test_standard_output_by_its_device_gets_the_report_and_stays(
    checked: Path, tmp_path: Path
) -> None:
    done = subprocess.run(
        [*GATE, "report", "careful", "--json", "/dev/stdout"], cwd=checked,
        capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert '"verdict": "promote"' in done.stdout
    assert Path("/dev/stdout").is_symlink()


def test_a_link_is_written_through_and_stays_a_link(
    world: World, place: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "there.md").write_text("old")
    (tmp_path / "here.md").symlink_to(tmp_path / "there.md")
    assert gate(["check", str(world.careful), "--md", str(tmp_path / "here.md")], capsys)[0] == 0
    assert (tmp_path / "here.md").is_symlink()
    assert "promote" in (tmp_path / "there.md").read_text()


@pytest.mark.parametrize("path", [".", "gone/r.html", "odd\udcff/r.html", "odd\udcff.html"])
def test_a_path_that_cannot_be_written_is_told_before_anything_is_scored(
    path: str, world: World, place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (place / "odd\udcff").mkdir()
    for flag in ("--html", "--write"):
        code, _, err = gate(["check", str(world.careful), flag, path], capsys)
        assert code == 2
        assert "Internal error" not in err
    assert not list((place / ".gate").glob("evidence/*"))
    shutil.rmtree(place / "odd\udcff")
