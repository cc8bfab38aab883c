"""What takes long to make and never changes is made once, for all workers and for later runs.

It lies in pytest's cache folder under a name made of what it depends on: the code that makes it,
the versions of the libraries, and the processor. `make clean` removes it.
"""

from __future__ import annotations

import fcntl
import inspect
import os
import platform
import shutil
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

from gatekeeper.digests import digest_json
from gatekeeper.machine import installed_versions, processor

__all__ = ["keep"]


def keep(
    folder: Path, what: str, made_by: tuple[ModuleType, ...], make: Callable[[Path], object]
) -> Path:
    """The folder that `make` fills, filled before if it can be. Read only: copy what you change."""
    depends_on = {
        "code": [inspect.getsource(module) for module in made_by],
        "versions": installed_versions(),
        "python": platform.python_version(),
        "processor": processor(),
    }
    place = folder / f"{what}-{digest_json(depends_on).removeprefix('sha256:')[:16]}"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / f"{place.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # the other worker waits instead of making it too
        if not place.is_dir():
            half = place.with_name(f".{place.name}-{os.getpid()}")
            shutil.rmtree(half, ignore_errors=True)
            make(half)
            half.rename(place)
    return place
