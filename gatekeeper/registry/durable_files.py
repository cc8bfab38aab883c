"""Durable files: written once, synced, and given their name atomically.

Everything unfinished is in a *staging* folder that its writer locks; a folder without a living
owner is a leftover and is removed by the next writer. Knows nothing about the files' content.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path

from gatekeeper.errors import RegistryError

__all__ = [
    "READ_ONLY",
    "filesystem_errors",
    "put_if_absent",
    "remove_tree",
    "replace_durably",
    "staging",
    "sweep",
    "sync_file",
    "sync_folder",
    "write_durably",
]

READ_ONLY = 0o444


@contextlib.contextmanager
def filesystem_errors(what: str) -> Iterator[None]:
    """Turn an OSError of the registry's files into a RegistryError that says what to do."""
    try:
        yield
    except OSError as problem:
        place = problem.filename2 or problem.filename
        reason = problem.strerror or str(problem)
        raise RegistryError(
            f"{what}: {reason}" + (f" ({place})." if place else "."), _hint(problem.errno)
        ) from problem


def _hint(number: int | None) -> str:
    if number in (errno.ENOSPC, errno.EDQUOT):
        return "Free some space and run the same command again; nothing recorded was lost."
    if number in (errno.EACCES, errno.EPERM, errno.EROFS):
        return "The registry is not writable here: check owner, permissions and mount."
    if number == errno.EIO:
        return "The disk reports an error: look at it before anything else, then try again."
    return "Fix the cause and run the same command again; nothing recorded was lost."


def sync_folder(folder: Path) -> None:
    """Make the names in a folder survive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_durably(path: Path, data: bytes, mode: int = READ_ONLY) -> None:
    """Write a new file and sync it. Raises FileExistsError when there is one."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
    try:
        view = memoryview(data)
        while view:
            view = view[os.write(descriptor, view) :]
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_file(path: Path) -> None:
    """Make the bytes of a file that another process wrote survive a power cut."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def put_if_absent(staged: Path, final: Path) -> bool:
    """Give a synced file its final name, once: False when another writer has taken the name."""
    try:
        os.link(staged, final)
    except FileExistsError:
        # A network file system may report a retried success as "exists".
        return os.path.samestat(staged.stat(), final.stat())
    return True


def replace_durably(staged: Path, final: Path) -> None:
    """Replace a file in one step: readers see the old or the new one, whole."""
    staged.replace(final)
    sync_folder(final.parent)


def remove_tree(folder: Path) -> None:
    """Remove a folder that may already be half gone."""
    shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def staging(root: Path) -> Iterator[Path]:
    """A private folder for unfinished files; removed afterwards, or by others after a kill."""
    root.mkdir(parents=True, exist_ok=True)
    sweep(root)
    folder, lock = _own_folder(root)
    try:
        yield folder
    finally:
        remove_tree(folder)
        os.close(lock)


def _own_folder(root: Path) -> tuple[Path, int]:
    while True:
        folder = root / secrets.token_hex(8)
        folder.mkdir()
        lock: int | None = None
        try:
            lock = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if os.path.samestat(os.fstat(lock), folder.stat()):
                return folder, lock
        except (BlockingIOError, FileNotFoundError):
            # A sweeper was faster than our lock and mistook the folder for a leftover.
            pass
        except OSError as problem:
            if lock is not None and problem.errno in (errno.ENOLCK, errno.EOPNOTSUPP):
                return folder, lock
            if lock is not None:
                os.close(lock)
            raise
        if lock is not None:
            os.close(lock)


def sweep(root: Path, *, dry_run: bool = False) -> list[Path]:
    """Remove staging folders whose writers are dead; returns them."""
    found: list[Path] = []
    try:
        entries = sorted(root.iterdir())
    except FileNotFoundError:
        return found
    for folder in entries:
        try:
            lock = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
        except OSError:
            continue
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            continue  # its writer lives
        else:
            found.append(folder)
            if not dry_run:
                remove_tree(folder)
        finally:
            os.close(lock)
    return found
