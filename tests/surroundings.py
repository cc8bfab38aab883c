"""The same surroundings for every run: whoever starts it, in CI or at a desk, in a wide terminal.

Settled when conftest.py is imported, before a library looks; child processes inherit it.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from pathlib import Path

from gatekeeper.files.cache_folder import cache_folder

__all__ = ["clear_away", "models_folder", "settle"]

_PREFIX = "gate-tests-"
_KEPT = ("GATE_CACHE", "GATE_FIGURES")
_FOREIGN = ("GATE_", "GITHUB_", "GIT_", "HF_", "LC_", "XDG_")
"""What the gate, git and the hub's libraries would heed, but was not meant for a test."""
_LOUD = ("CI", "CLICOLOR", "CLICOLOR_FORCE", "COLORTERM", "FORCE_COLOR", "LANGUAGE", "NO_COLOR")
_SETTLED = {
    # Bits are those of a CPU; tests/scoring/test_gpu_rules.py takes a GPU itself.
    "CUDA_VISIBLE_DEVICES": "",
    # The last bits of a sum depend on the number of threads; and tests run beside one another.
    "OMP_NUM_THREADS": "1",
    # Where a test asks for more threads, those that wait leave the cores to the other worker.
    "OMP_WAIT_POLICY": "PASSIVE",
    "TOKENIZERS_PARALLELISM": "false",
    "HF_HUB_OFFLINE": "1",
    "COLUMNS": "80",
    "LINES": "24",
    "TERM": "xterm-256color",
    "LANG": "C.UTF-8",
    "TZ": "UTC",
}

_PACKAGES = {
    "PIP_CONFIG_FILE": "~/.config/pip/pip.conf",
    "PIP_CACHE_DIR": "~/.cache/pip",
    "NPM_CONFIG_USERCONFIG": "~/.npmrc",
    "NPM_CONFIG_CACHE": "~/.npm",
}
"""Tests that install packages do so from where this machine gets them, and what it has of them."""


def settle() -> None:
    """Settle the environment, with an empty home folder. `clear_away` removes that."""
    os.environ["GATE_CACHE"] = str(cache_folder().absolute())  # from the true home
    for name, file in _PACKAGES.items():
        if name not in os.environ and (path := Path(file).expanduser()).exists():
            os.environ[name] = str(path)
    for name in list(os.environ):
        if name in _LOUD or (name.startswith(_FOREIGN) and name not in _KEPT):
            del os.environ[name]
    os.environ |= _SETTLED | {"HOME": tempfile.mkdtemp(prefix=_PREFIX)}
    time.tzset()


def clear_away() -> None:
    """Remove the home folder that `settle` made, and what libraries left in it."""
    home = Path(os.environ["HOME"])
    if home.name.startswith(_PREFIX):
        shutil.rmtree(home, ignore_errors=True)


def models_folder() -> Path:
    """Where the converted embedded base is shared with other runs; asked before a cache is set.

    Where nothing can be written it is the run's own, and converted again: half a minute.
    """
    folder = cache_folder() / "models"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        folder = Path(os.environ["HOME"]) / "models"
        folder.mkdir(exist_ok=True)
    return folder
