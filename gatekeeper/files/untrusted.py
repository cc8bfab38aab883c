"""Files of an untrusted folder: which may be read, and reading them safely.

A file may be a link inside its own folder, or the hub cache's link into its `blobs`; a link to
anywhere else, a pipe or a device is never opened.
"""

from __future__ import annotations

import codecs
import fcntl
import json
import os
import shutil
import stat
from pathlib import Path
from typing import Any

from gatekeeper.files.plain_values import value_fault

__all__ = [
    "MAX_JSON_BYTES",
    "UnsafeFileError",
    "copy_file",
    "parse_json",
    "read_small",
    "safe_path",
]

MAX_JSON_BYTES = 64 << 20
"""tokenizer.json of large vocabularies reaches some 35 MB."""


class UnsafeFileError(ValueError):
    """The file may not be opened; the message says why in one clause."""


_MARKS = (codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)

_FICLONE = 0x40049409
"""Linux: give one file the content of another without copying it."""


def safe_path(folder: Path, name: str) -> Path | None:
    """Resolve a file of the folder, or None when there is none.

    Raises UnsafeFileError for links that leave the folder and for anything but regular files.
    """
    if name != Path(name).name:
        raise UnsafeFileError(f"{name!r} is a path, not a file name")
    path = folder / name
    if not os.path.lexists(path):
        return None
    home = folder.resolve()
    target = path.resolve()
    if not _belongs(target, home):
        raise UnsafeFileError(f"{name} is a link that leaves the folder")
    if not target.exists():
        raise UnsafeFileError(f"{name} is a broken link")
    if not stat.S_ISREG(target.stat().st_mode):
        raise UnsafeFileError(f"{name} is not a regular file")
    return target


def _belongs(target: Path, home: Path) -> bool:
    if target.is_relative_to(home):
        return True
    # The hub cache keeps models--x/snapshots/<commit>/file -> models--x/blobs/<digest>.
    return home.parent.name == "snapshots" and target.is_relative_to(home.parent.parent / "blobs")


def read_small(folder: Path, name: str, limit: int = MAX_JSON_BYTES) -> bytes | None:
    """Read a file of the folder, or None when there is none.

    Raises UnsafeFileError when it may not be opened or is larger than `limit` bytes.
    """
    path = safe_path(folder, name)
    if path is None:
        return None
    with os.fdopen(_open(path), "rb") as stream:
        data = stream.read(limit + 1)
    if len(data) > limit:
        raise UnsafeFileError(f"{name} is larger than {limit >> 20} MB")
    return data


def copy_file(folder: Path, name: str, destination: Path) -> bool:
    """Copy a file of the folder under the same name; False when there is none.

    Raises UnsafeFileError when it may not be opened.
    """
    path = safe_path(folder, name)
    if path is None:
        return False
    with (
        os.fdopen(_open(path), "rb") as source,
        (destination / name).open("xb") as target,
    ):
        if not _share(source.fileno(), target.fileno()):
            shutil.copyfileobj(source, target, 1 << 20)
    return True


def _share(source: int, target: int) -> bool:
    """Share the blocks where the file system can (Btrfs, XFS): a later write separates them.

    A hard link would not do: writing to the source would write to the copy.
    """
    try:
        fcntl.ioctl(target, _FICLONE, source)
    except OSError:
        return False
    return True


def _open(path: Path) -> int:
    # The path was resolved: a link here now means that the file was swapped in the meantime.
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as problem:
        raise UnsafeFileError(f"{path.name} cannot be opened ({problem.strerror})") from problem
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise UnsafeFileError(f"{path.name} is not a regular file")
    return handle


def parse_json(data: bytes) -> Any:
    """Parse JSON that every reader reads the same way.

    UTF-8 without a byte order mark, no NaN, no infinity, no name twice, no absurd depth. Raises
    ValueError with one clause on what is wrong.
    """
    if data.startswith(_MARKS):
        raise ValueError("it begins with a byte order mark; save it as plain UTF-8")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as problem:
        raise ValueError("it is not UTF-8") from problem
    try:
        content = json.loads(text, object_pairs_hook=_unique, parse_constant=_no_constant)
    except RecursionError as problem:
        raise ValueError("it is nested too deeply") from problem
    if (fault := value_fault(content)) is not None:
        raise ValueError(fault)
    return content


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        twice = next(name for name, _ in pairs if sum(name == other for other, _ in pairs) > 1)
        raise ValueError(f"it has the key {twice!r} twice")
    return found


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not valid JSON")
