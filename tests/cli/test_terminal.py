"""What a terminal gets: colours only where they are wanted, one line when quiet, a way back."""

from __future__ import annotations

import os
import pty
import re
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest
import yaml
from trained import World

from gatekeeper.registry import Registry

GATE = [sys.executable, "-c", "from gatekeeper.cli import main; main()"]


def on_terminal(folder: Path, *arguments: str, **environment: str) -> str:
    """What `gate` writes to a terminal of 80 columns."""
    mine, theirs = pty.openpty()
    variables = {k: v for k, v in os.environ.items() if k not in ("NO_COLOR", "CI")}
    variables |= {"TERM": "xterm-256color", "COLUMNS": "80"} | environment
    done = subprocess.Popen(
        [*GATE, *arguments], cwd=folder, env=variables, stdin=theirs, stdout=theirs, stderr=theirs
    )
    os.close(theirs)
    told = b""
    while True:
        try:
            part = os.read(mine, 65536)
        except OSError:
            break
        if not part:
            break
        told += part
    done.wait(timeout=300)
    os.close(mine)
    return told.decode()


def piped(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*GATE, *arguments], cwd=folder, capture_output=True, text=True, timeout=300, check=False
    )


def test_a_terminal_gets_colour_and_never_more_than_80_columns(checked: Path) -> None:
    for arguments in (("report", "careless", "-v"), ("compare", "careful", "careless", "-v")):
        told = on_terminal(checked, *arguments)
        assert "\x1b[" in told
        plain = re.sub(r"\x1b\[[\d;]*m|\r", "", told)
        assert max(map(len, plain.splitlines())) <= 80


@pytest.mark.parametrize("variables", [{"NO_COLOR": "1"}, {"TERM": "dumb"}])
def test_no_color_and_a_dumb_terminal_get_no_colour(
    checked: Path, variables: dict[str, str]
) -> None:
    for arguments in (("report", "careless"), ("report", "nobody")):
        told = on_terminal(checked, *arguments, **variables)
        assert "\x1b[3" not in told
        assert "\x1b[9" not in told


def test_a_pipe_gets_ascii_facts_without_a_single_escape(checked: Path) -> None:
    done = piped(checked, "report", "careless")
    assert "\x1b" not in done.stdout
    assert done.stdout.isascii()
    assert done.stdout.startswith("verdict:   hold\nexit_code: 10\n")


def test_quiet_is_one_line_and_verbose_says_more(checked: Path) -> None:
    quiet = piped(checked, "report", "careless", "-q").stdout
    assert len(quiet.splitlines()) == 1
    assert quiet.startswith("HOLD careless: ")
    plain, verbose = (on_terminal(checked, "report", "careless", *more) for more in ((), ("-v",)))
    assert len(verbose) > len(plain)
    assert "exit code 10" in verbose


def test_ctrl_c_says_how_to_go_on_and_leaves_nothing_half_done(
    world: World, tmp_path: Path
) -> None:
    settings = {"base": str(world.base), "policy": str(world.policy), "suites": [str(world.suites)]}
    (tmp_path / "gate.yaml").write_text(yaml.safe_dump(settings))
    arguments = ["check", str(world.careful), "--max-samples", "200"]
    running = subprocess.Popen(
        [*GATE, *arguments], cwd=tmp_path, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        env={**os.environ, "GATE_CACHE": str(tmp_path / "cache")},
        # A test run started in the background hands on an ignored Ctrl-C.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )  # fmt: skip
    assert running.stderr is not None
    alarm = threading.Timer(300, running.kill)
    alarm.start()
    told = ""
    for line in running.stderr:
        told += line
        if "preparing the tasks" in line:
            running.send_signal(signal.SIGINT)
            break
    out, rest = running.communicate(timeout=300)
    alarm.cancel()
    assert running.returncode == 130, told + rest
    assert "Interrupted" in rest
    assert f"gate check {world.careful} --max-samples 200" in rest
    assert "Traceback" not in rest
    assert out == ""
    assert not Registry.open(tmp_path / ".gate").state().checks
