"""Digests of large files, cached. A file is identified by path, size, time and inode.

The cache is a convenience: it is in the cache folder and may be deleted at any time.
"""

from __future__ import annotations

import contextlib
import json
import time
from pathlib import Path

from gatekeeper.digests import digest_bytes, digest_file
from gatekeeper.files.cache_folder import cache_folder
from gatekeeper.files.write_whole import write_whole

__all__ = ["cached_digest"]

_SETTLED_NS = 2_000_000_000
"""A file changed within the last two seconds may change again without its time changing."""


def cached_digest(file: Path) -> str:
    """Digest of a file, read only when it has changed. Raises OSError when it cannot be read."""
    path = file.resolve()
    before = _fingerprint(path)
    memory = cache_folder() / "digests" / digest_bytes(str(path).encode())[7:39]
    with contextlib.suppress(OSError, ValueError, KeyError):
        known = json.loads(memory.read_text())
        if known["fingerprint"] == before:
            return str(known["digest"])
    digest = digest_file(path)
    if _fingerprint(path) == before and time.time_ns() - before[1] > _SETTLED_NS:
        _remember(memory, {"path": str(path), "fingerprint": before, "digest": digest})
    return digest


def _fingerprint(path: Path) -> list[int]:
    found = path.stat()
    return [found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino, found.st_dev]


def _remember(memory: Path, content: dict[str, object]) -> None:
    # A cache that cannot be written is not a reason to fail.
    with contextlib.suppress(OSError):
        memory.parent.mkdir(parents=True, exist_ok=True)
        write_whole(memory, json.dumps(content))
