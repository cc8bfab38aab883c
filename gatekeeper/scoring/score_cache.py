"""Scores on disk, by content: what was scored once is never scored again, and never for another.

Each key (base, arm, task, engine, machine kind) has a folder of journals, one per writing process;
what is one result for the whole key (a self-test, drift on neutral text) is one file in it.
A journal line carries its own checksum, so a torn line (kill -9, full disk) is a missing score and
nothing else; writers never touch one another's files. The cache may be deleted at any time.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import shutil
import time
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from gatekeeper.digests import digest_json
from gatekeeper.files.cache_folder import cache_folder
from gatekeeper.files.write_whole import write_whole
from gatekeeper.scoring.interface import SampleScore

__all__ = ["CacheInfo", "ScoreCache", "ScoreKey", "default_cache"]


_RESULT = "result.json"


@dataclass(frozen=True, slots=True)
class ScoreKey:
    """Everything that a score depends on. Two runs with one key give the same bits."""

    base: str
    dtype: str
    quantization: str
    arm: str
    """Digest of the candidate, or "base"."""
    task: str
    engine: str
    """Engine version and how rows are packed."""
    device: str

    @property
    def digest(self) -> str:
        """Name of the key's folder."""
        return digest_json(asdict(self)).removeprefix("sha256:")


@dataclass(frozen=True, slots=True)
class CacheInfo:
    """What the cache contains. Times are seconds since the epoch, None when it is empty."""

    folder: Path
    keys: int
    scores: int
    bytes: int
    oldest: float | None
    newest: float | None


def default_cache() -> ScoreCache:
    """The user's cache: `scores` under GATE_CACHE or ~/.cache/gatekeeper."""
    return ScoreCache(cache_folder() / "scores")


class ScoreCache:
    """Reads and appends scores. One object per process; many processes may share a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._known: dict[str, dict[str, SampleScore]] = {}
        self._journal = f"{os.getpid()}-{secrets.token_hex(6)}.jsonl"

    def read(self, key: ScoreKey) -> dict[str, SampleScore]:
        """Scores by sample id. What another process adds after the first read is not seen."""
        name = key.digest
        if name not in self._known:
            found: dict[str, SampleScore] = {}
            for journal in sorted((self.folder / name).glob("*.jsonl")):
                for score in _lines(journal):
                    found.setdefault(score.sample_id, score)
            self._known[name] = found
            with contextlib.suppress(OSError):
                os.utime(self.folder / name)  # pruning looks at the last use
        return dict(self._known[name])

    def append(self, key: ScoreKey, scores: Sequence[SampleScore]) -> None:
        """Add scores in one write. A cache that cannot be written is not a reason to fail."""
        if not scores:
            return
        name = key.digest
        self._known.setdefault(name, {}).update({s.sample_id: s for s in scores})
        data = b"".join(_line(score) for score in scores)
        with contextlib.suppress(OSError):
            _append(self._folder(key) / self._journal, data)

    def _folder(self, key: ScoreKey) -> Path:
        """The key's folder, created on the first write; a file in it says what it is for."""
        folder = self.folder / key.digest
        folder.mkdir(parents=True, exist_ok=True)
        if not (folder / "key.json").exists():
            write_whole(folder / "key.json", json.dumps(asdict(key), indent=1).encode())
        return folder

    def result(self, key: ScoreKey) -> Any | None:
        """What `remember` was given for the whole key; None when there is nothing valid."""
        file = self.folder / key.digest / _RESULT
        with contextlib.suppress(OSError, ValueError):
            sum_, _, data = file.read_bytes().partition(b" ")
            if int(sum_, 16) == zlib.crc32(data):
                os.utime(file.parent)  # pruning looks at the last use
                return json.loads(data)
        return None

    def remember(self, key: ScoreKey, result: Any) -> None:
        """Keep one JSON value for the whole key. A cache that cannot be written is not an error."""
        data = json.dumps(result, ensure_ascii=False, allow_nan=False).encode()
        with contextlib.suppress(OSError):
            folder = self._folder(key)
            write_whole(folder / _RESULT, b"%08x %s" % (zlib.crc32(data), data))

    def info(self) -> CacheInfo:
        """Count keys, scores and bytes. Reads every journal."""
        keys = list(_keys(self.folder))
        files = [file for key in keys for file in key.iterdir() if file.is_file()]
        times = [file.stat().st_mtime for file in files]
        return CacheInfo(
            folder=self.folder,
            keys=len(keys),
            scores=sum(
                len({s.sample_id for j in key.glob("*.jsonl") for s in _lines(j)}) for key in keys
            ),
            bytes=sum(file.stat().st_size for file in files),
            oldest=min(times, default=None),
            newest=max(times, default=None),
        )

    def prune(self, *, max_bytes: int | None = None, older_than: float | None = None) -> int:
        """Delete keys not used for `older_than` seconds, then the least recently used ones.

        Continues until at most `max_bytes` are left. Returns the bytes freed.
        """
        sizes = {}
        for key in _keys(self.folder):
            with contextlib.suppress(OSError):
                size = sum(file.stat().st_size for file in key.iterdir())
                sizes[key] = (key.stat().st_mtime, size)
        left = sum(size for _, size in sizes.values())
        freed = 0
        for key, (used, size) in sorted(sizes.items(), key=lambda item: item[1]):
            old = older_than is not None and time.time() - used > older_than
            if old or (max_bytes is not None and left > max_bytes):
                shutil.rmtree(key, ignore_errors=True)
                self._known.pop(key.name, None)
                left, freed = left - size, freed + size
        return freed


def _keys(folder: Path) -> Iterator[Path]:
    if folder.is_dir():
        yield from sorted(path for path in folder.iterdir() if path.is_dir())


def _line(score: SampleScore) -> bytes:
    content = asdict(score)
    del content["cached"]
    data = json.dumps(content, ensure_ascii=False, allow_nan=False).encode()
    return b"%08x %s\n" % (zlib.crc32(data), data)


def _lines(journal: Path) -> Iterator[SampleScore]:
    """The complete lines of a journal; torn and foreign ones are skipped."""
    with contextlib.suppress(OSError):
        for line in journal.read_bytes().split(b"\n"):
            sum_, _, data = line.partition(b" ")
            with contextlib.suppress(ValueError, TypeError):
                if int(sum_, 16) == zlib.crc32(data):
                    yield SampleScore(**json.loads(data), cached=True)


def _append(file: Path, data: bytes) -> None:
    handle = os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    try:
        # A line torn by an earlier kill must not swallow the next one.
        if os.fstat(handle).st_size and not _ends_whole(file):
            data = b"\n" + data
        os.write(handle, data)
    finally:
        os.close(handle)


def _ends_whole(file: Path) -> bool:
    with file.open("rb") as stream:
        stream.seek(-1, os.SEEK_END)
        return stream.read(1) == b"\n"
