"""docs/extending.md runs: its files are written, its diffs applied, its commands tried.

Each section gets a folder and a copy of the package of its own. A code block behind a line that is
a file name and a colon is that file, or, as a diff, a change to it; a console block is run, and the
lines behind a command must be part of what it prints.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml
from trained import World

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "extending.md").read_text(encoding="utf-8")
SECTIONS = dict(re.findall(r"^## (.+?)\n(.*?)(?=^## |\Z)", PAGE, re.M | re.S))
RUN = [title for title, text in SECTIONS.items() if "```console" in text]
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.M | re.S)
FILE = re.compile(r"`([\w./-]+)`:\n\Z")
NO_ANSWER = (1, 2, 127)
"""Exit codes of a tool that broke or was called wrongly; a verdict has others."""


@dataclass(frozen=True)
class Bench:
    """Where a section is tried: a user's folder, and a copy of the package to change."""

    folder: Path
    checkout: Path

    def run(self, line: str) -> str:
        """Run one line of a console block; everything that it printed."""
        paths = os.pathsep.join([str(self.folder.parent / "bin"), os.environ["PATH"]])
        done = subprocess.run(
            ["bash", "-c", line], cwd=self.folder, capture_output=True, text=True, check=False,
            env=os.environ | {"PATH": paths, "PYTHONPATH": str(self.checkout)},
        )  # fmt: skip
        printed = done.stdout + done.stderr
        assert done.returncode not in NO_ANSWER, f"$ {line}\n{printed}"
        assert "Traceback" not in printed, f"$ {line}\n{printed}"
        return printed

    def place(self, name: str) -> Path:
        """Where a file of the page lies: the package's in the copy, others in the folder."""
        return (self.checkout if name.startswith("gatekeeper/") else self.folder) / name


@pytest.fixture(scope="module")
def checked_once(world: World, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that the page speaks of: base, adapter, suites, gate.yaml, one check."""
    folder = tmp_path_factory.mktemp("extending") / "here"
    folder.mkdir()
    (folder / "base").symlink_to(world.base)
    shutil.copytree(world.suites, folder / "suites")
    shutil.copytree(world.careful, folder / "careful")
    manifest = folder / "careful" / "run.yaml"
    manifest.write_text(
        yaml.safe_dump(yaml.safe_load(manifest.read_text()) | {"dataset": str(world.data)})
    )
    shutil.copy(world.policy, folder / "policy.yaml")
    settings = {"base": "base", "policy": "policy.yaml", "suites": ["suites"], "registry": ".gate"}
    (folder / "gate.yaml").write_text(yaml.safe_dump(settings))
    Bench(folder, ROOT).run(f"{sys.executable} -c '{GATE}' check careful")
    return folder


GATE = "from gatekeeper.cli import main; main()"


@pytest.fixture
def bench(checked_once: Path, tmp_path: Path) -> Bench:
    """A section's own folder and copy of the package, with `gate` and `python` on its PATH."""
    shutil.copytree(checked_once, tmp_path / "here", symlinks=True)
    checkout = tmp_path / "checkout"
    shutil.copytree(
        ROOT / "gatekeeper", checkout / "gatekeeper", ignore=shutil.ignore_patterns("__pycache__")
    )
    for shipped in ("suites", "policies", "registry"):
        (checkout / shipped).symlink_to(ROOT / shipped)
    (tmp_path / "bin").mkdir()
    for name, arguments in (("python", ""), ("gate", f" -c '{GATE}'")):
        shim = tmp_path / "bin" / name
        shim.write_text(f'#!/bin/sh\nexec "{sys.executable}"{arguments} "$@"\n')
        shim.chmod(0o755)
    return Bench(tmp_path / "here", checkout)


def apply(diff: str, file: Path) -> None:
    """Change a file as a reader would: find the lines, put the others in their place."""
    lines = diff.splitlines(keepends=True)
    before = "".join(line[1:] or "\n" for line in lines if line[0] in " -")
    after = "".join(line[1:] or "\n" for line in lines if line[0] in " +")
    text = file.read_text(encoding="utf-8")
    assert text.count(before) == 1, f"docs/extending.md: {file.name} does not hold, once:\n{before}"
    file.write_text(text.replace(before, after), encoding="utf-8")


def follow(title: str, bench: Bench) -> set[Path]:
    """Do what a section says, from top to bottom; the files of the package that it touched."""
    section, touched = SECTIONS[title], set()
    name = None
    for block in BLOCK.finditer(section):
        language, content = block.groups()
        if named := FILE.search(section[: block.start()].rstrip(" ")):
            name = named[1]
        if language == "console":
            _console(content, bench)
            continue
        assert name is not None, f"{title}: a block of {language} without a file"
        file = bench.place(name)
        if language == "diff":
            apply(content, file)
        else:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(content, encoding="utf-8")
        if bench.checkout in file.parents:
            touched.add(file)
    return touched


def _console(content: str, bench: Bench) -> None:
    printed = ""
    for line in content.splitlines():
        if line.startswith("$ "):
            printed = bench.run(line.removeprefix("$ "))
        else:
            assert line in printed, f"{line!r} is not printed, but:\n{printed}"


@pytest.mark.parametrize("title", RUN)
def test_an_example_does_what_the_page_says(title: str, bench: Bench) -> None:
    touched = follow(title, bench)
    for command in (["check"], ["format", "--check"]) if touched else ():
        done = subprocess.run(
            [sys.executable, "-m", "ruff", *command, "--config", str(ROOT / "pyproject.toml"),
             *map(str, sorted(touched))],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout


def test_a_new_key_of_the_policy_changes_no_digest_that_was_recorded(bench: Bench) -> None:
    from gatekeeper.policy import builtin_policies, load_policy

    follow("A rule of the policy", bench)
    asked = "from gatekeeper.policy import load_policy as p; print(p('%s').policy.digest)"
    for name in builtin_policies():
        found = bench.run(f'python -c "{asked % name}"').strip()
        assert found == load_policy(name).policy.digest


def test_every_kind_of_extension_that_is_promised_has_its_example() -> None:
    assert RUN == [
        "A capability", "A scorer", "A report format", "A registry store", "A rule of the policy",
    ]  # fmt: skip
