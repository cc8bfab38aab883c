"""A full disk, a limit, a folder that is gone, a signal: a sentence, and nothing left behind."""

from __future__ import annotations

import os
import resource
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from trained import World

GATE = [sys.executable, "-c", "from gatekeeper.cli import main; main()"]


def run(
    arguments: list[str], folder: Path, before: Callable[[], object] | None = None, **more: str
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*GATE, *arguments], cwd=folder, capture_output=True, text=True, timeout=300, check=False,
        preexec_fn=before, env=os.environ | more,
    )  # fmt: skip


def told(done: subprocess.CompletedProcess[str]) -> str:
    assert "Traceback" not in done.stderr
    assert "Internal error" not in done.stderr
    return done.stderr


def test_a_limit_on_file_sizes_is_named(world: World, place: Path) -> None:
    def limited() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))

    done = run(["check", str(world.careful)], place, limited)
    assert done.returncode == 2
    assert "File too large" in told(done)


def test_a_registry_that_cannot_be_written_is_told_before_anything_is_scored(
    world: World, place: Path
) -> None:
    assert run(["check", str(world.careful), "--max-samples", "20"], place).returncode in (0, 10)
    for name in ("staging",):
        shutil.rmtree(place / ".gate" / name, ignore_errors=True)
        (place / ".gate" / name).write_text("in the way")
    done = run(["check", str(world.careless)], place)
    assert done.returncode not in (0, 1)
    assert "at most" not in told(done), "nothing was scored"


def test_a_working_folder_that_was_removed_is_named(world: World, tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    script = f"import os, shutil; shutil.rmtree({str(gone)!r}); from gatekeeper.cli import main; "
    done = subprocess.run(
        [sys.executable, "-c", f"{script} main(['status'])"], cwd=gone, text=True,
        capture_output=True, timeout=300, check=False,
    )  # fmt: skip
    assert done.returncode == 2
    assert "working folder" in told(done)


def test_a_width_of_nothing_prints_all_the_same(checked: Path) -> None:
    done = run(["report", "careful"], checked, COLUMNS="0")
    assert "promote" in done.stdout


@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_a_signal_leaves_no_copy_of_the_candidate(
    ending: signal.Signals, world: World, place: Path, tmp_path: Path
) -> None:
    aside = tmp_path / "tmp"
    aside.mkdir()
    running = subprocess.Popen(
        [*GATE, "check", str(world.careful)], cwd=place, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        env=os.environ | {"TMPDIR": str(aside), "GATE_CACHE": str(tmp_path / "cache")},
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )  # fmt: skip
    assert running.stderr is not None
    for line in running.stderr:
        if "preparing the tasks" in line:
            running.send_signal(ending)
            break
    _, rest = running.communicate(timeout=300)
    assert running.returncode == 130, rest
    assert "Interrupted" in rest
    assert not list(aside.iterdir())
    assert not list((place / ".gate" / "staging").iterdir())


def test_what_a_kill_left_is_swept_by_the_next_check(
    world: World, place: Path, tmp_path: Path
) -> None:
    running = subprocess.Popen(
        [*GATE, "check", str(world.careful)], cwd=place, text=True, stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL, env=os.environ | {"GATE_CACHE": str(tmp_path / "cache")},
    )  # fmt: skip
    assert running.stderr is not None
    for line in running.stderr:
        if "preparing the tasks" in line:
            running.kill()
            break
    running.communicate(timeout=300)
    assert list((place / ".gate" / "staging").iterdir())
    assert run(["check", str(world.careful), "--max-samples", "20"], place).returncode in (0, 10)
    assert not list((place / ".gate" / "staging").iterdir())
