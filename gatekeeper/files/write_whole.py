"""Files written whole: readers see the old file or the new one, never half of either.

Not durable: after a power cut the old file may be back. Files that must survive one are written by
the registry's `durable_files`.
"""

from __future__ import annotations

import secrets
from pathlib import Path

__all__ = ["write_whole"]


def write_whole(path: Path, content: str | bytes) -> None:
    """Write a temporary file next to it, then rename it atomically. Text becomes UTF-8.

    What is no regular file, such as /dev/stdout or a pipe, is written to directly.

    Raises OSError when the folder is missing, full or not writable; nothing is left behind then.
    """
    data = content.encode("utf-8") if isinstance(content, str) else content
    if path.exists() and not path.is_file():
        # A device or a pipe is written to. Renaming over /dev/null would take it from everybody.
        with path.open("wb") as stream:
            stream.write(data)
        return
    path = path.resolve()  # a link stays a link
    beside = path.with_name(f".gate-{secrets.token_hex(8)}")
    try:
        beside.write_bytes(data)
        beside.replace(path)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise
