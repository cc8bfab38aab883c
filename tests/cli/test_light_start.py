"""Commands that only read or move pointers must start without the heavy libraries."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from gatekeeper.registry import Registry

HEAVY = ("torch", "transformers", "datasets", "lm_eval", "scipy", "peft")

PROBE = """
import sys
sys.argv = ["gate", *{arguments!r}]
from gatekeeper.cli import main
try:
    main()
except SystemExit:
    pass
loaded = [name for name in {heavy!r} if name in sys.modules]
print("LOADED", loaded, file=sys.stderr)
"""


@pytest.mark.parametrize(
    "arguments",
    [
        ["--help"],
        ["log"],
        ["lineage", "base"],
        ["status"],
        ["rollback"],
        ["policy", "check", "default"],
        ["policy", "explain", "strict"],
        ["registry", "verify"],
        ["schema", "policy"],
        ["suite", "list"],
        ["check", "--help"],
    ],
    ids=" ".join,
)
def test_a_light_command_imports_nothing_heavy(arguments: list[str], tmp_path: Path) -> None:
    Registry.create(tmp_path / ".gate")
    done = subprocess.run(
        [sys.executable, "-c", PROBE.format(arguments=arguments, heavy=HEAVY)],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        check=True,
    )
    assert "LOADED []" in done.stderr, done.stderr
    assert "Traceback" not in done.stderr


def test_the_version_is_told_without_reading_what_is_installed(tmp_path: Path) -> None:
    slow = ("importlib.metadata", "pydantic", "yaml", "rich")
    done = subprocess.run(
        [sys.executable, "-c", PROBE.format(arguments=["--version"], heavy=slow)],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        check=True,
    )
    assert "LOADED []" in done.stderr, done.stderr


def test_files_are_inspected_without_a_model_library(
    tiny_base: Path, tiny_adapter: Path, tmp_path: Path
) -> None:
    arguments = ["inspect", str(tiny_adapter), "--static", "--base", str(tiny_base)]
    done = subprocess.run(
        [sys.executable, "-c", PROBE.format(arguments=arguments, heavy=HEAVY)],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        check=True,
    )
    assert "LOADED []" in done.stderr, done.stderr
    assert "adapter LORA r=4" in done.stdout
