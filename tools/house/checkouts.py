"""An older commit's files in a temporary folder; the work tree stays as it is."""

from __future__ import annotations

import io
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

__all__ = ["UnknownCommit", "checkout_of"]


class UnknownCommit(Exception):
    """The commit is not in this clone (a shallow one, or no git at all)."""


@contextmanager
def checkout_of(root: Path, commit: str) -> Iterator[Path]:
    """Give a folder with the package as it was at a commit. Raises UnknownCommit."""
    wanted = ["gatekeeper", "pyproject.toml"]
    try:
        archive = subprocess.run(
            ["git", "-C", str(root), "archive", commit, "--", *wanted],
            check=True, capture_output=True,
        ).stdout  # fmt: skip
    except (OSError, subprocess.CalledProcessError) as problem:
        raise UnknownCommit(f"{commit} is not in this clone: git fetch --unshallow") from problem
    with tempfile.TemporaryDirectory(prefix="gate-") as folder:
        with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
            tar.extractall(folder, filter="data")
        yield Path(folder)
