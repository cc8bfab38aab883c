"""Environments as users have them: outside the checkout, and nothing on the path but their own."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
import venv
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LOCK = ROOT / "requirements" / "lock.txt"
TORCH = shlex.split(os.environ.get("TORCH", "torch==2.13.0"))
"""What `make` installs as torch, before anything that would bring another build of it."""

SYSTEM = "/usr/local/bin:/usr/bin:/bin"
OURS = ("GATE_", "PYTHON", "VIRTUAL_ENV")


@dataclass(frozen=True)
class Environment:
    """One virtual environment. Commands run in a folder that is no checkout."""

    folder: Path
    constraints: Path | None = LOCK

    @property
    def variables(self) -> dict[str, str]:
        """A user's environment: nothing of the checkout or of the environment that tests it."""
        kept = {key: text for key, text in os.environ.items() if not key.startswith(OURS)}
        pinned = {"PIP_CONSTRAINT": str(self.constraints)} if self.constraints else {}
        return kept | pinned | {
            "GATE_CACHE": str(self.folder / "cache"),
            "PATH": f"{self.folder / 'bin'}:{SYSTEM}",
            "PIP_NO_COMPILE": "1",  # half of an install's time; Python compiles what it imports
        }  # fmt: skip

    def run(
        self,
        *command: str | Path,
        cwd: Path | None = None,
        code: int = 0,
        more: Mapping[str, str] | None = None,
    ) -> subprocess.CompletedProcess[str]:
        """Run a command of this environment; it must end with `code`."""
        program = self.folder / "bin" / str(command[0])
        words = [str(program) if program.exists() else str(command[0]), *map(str, command[1:])]
        done = subprocess.run(
            words, cwd=cwd or self.folder, env=self.variables | dict(more or {}),
            capture_output=True, text=True, timeout=900, check=False,
        )  # fmt: skip
        said = f"{shlex.join(words)}\n{done.stdout[-4000:]}\n{done.stderr[-4000:]}"
        assert done.returncode == code, f"ended with {done.returncode}: {said}"
        return done

    def gate(
        self, *arguments: str | Path, cwd: Path, code: int = 0
    ) -> subprocess.CompletedProcess[str]:
        """Run `gate` in a folder of a user."""
        return self.run("gate", *arguments, cwd=cwd, code=code)

    def install(self, *what: str | Path) -> None:
        """`pip install`, as a user says it."""
        self.run("pip", "install", "--quiet", *what)

    def installed(self) -> dict[str, str]:
        """Name -> version of what pip lists."""
        listed = self.run("pip", "list", "--format=freeze").stdout
        return dict(line.lower().split("==") for line in listed.split())


@dataclass(frozen=True)
class Built:
    """A checkout without what lies beside it, and its two archives."""

    tree: Path
    sdist: Path
    wheel: Path


@dataclass(frozen=True)
class Project:
    """A user's folder with a gate.yaml, and an environment with `gate` in it."""

    folder: Path
    environment: Environment

    def gate(self, *arguments: str | Path, code: int = 0) -> subprocess.CompletedProcess[str]:
        """Run `gate` there."""
        return self.environment.gate(*arguments, cwd=self.folder, code=code)


def new_environment(folder: Path, constraints: Path | None = LOCK) -> Environment:
    """An empty environment of the running Python."""
    venv.create(folder, with_pip=True, symlinks=True)
    return Environment(folder, constraints)


def copy_of_checkout(folder: Path) -> Path:
    """What a checkout of this commit holds, edits included, and nothing that lies beside it."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    for name in filter(None, listed.stdout.split("\0")):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes((ROOT / name).read_bytes())
    return folder


def build(tree: Path, out: Path) -> Built:
    """The sdist, and the wheel that comes of it."""
    command = [sys.executable, "-m", "build", "--outdir", str(out), str(tree)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]
    [sdist], [wheel] = out.glob("*.tar.gz"), out.glob("*.whl")
    return Built(tree, sdist, wheel)
