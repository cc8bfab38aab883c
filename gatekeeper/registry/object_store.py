"""The object store: snapshots of candidates, named by the digest of their content.

A snapshot contains the files that make up the candidate, read-only, and a sealed `manifest.json`
with the digest of each file's bytes. So a server that is given the path gets what was checked, and
every byte can be verified without knowing what an adapter is.
"""

from __future__ import annotations

import json
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from gatekeeper.digests import digest_file
from gatekeeper.errors import AdapterRefused, RegistryError
from gatekeeper.registry.durable_files import (
    READ_ONLY,
    remove_tree,
    sync_file,
    sync_folder,
    write_durably,
)
from gatekeeper.registry.sealed_json import SealError, seal, unseal

__all__ = ["MANIFEST", "Kind", "Manifest", "ObjectStore"]

Kind = Literal["adapter", "checkpoint"]

MANIFEST = "manifest.json"
SCHEMA = "gatekeeper/object/v1"
_DIGEST = re.compile(r"^sha256:([0-9a-f]{64})$")
_HEX = re.compile(r"^[0-9a-f]{64}$")


class _DamageError(ValueError):
    """What is wrong with a snapshot, as the end of a sentence."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """`manifest.json` of a snapshot."""

    digest: str
    """Of the manifest itself; the log names it."""
    kind: Kind
    content: str
    """The content digest: the snapshot's name."""
    files: dict[str, str]


class ObjectStore:
    """The folder `objects/`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, digest: str) -> Path:
        """Where a digest's snapshot is or would be. Raises RegistryError for an invalid digest."""
        found = _DIGEST.match(digest)
        if found is None:
            raise RegistryError(f"{digest!r} is not a digest.", "One looks like sha256:<64 hex>.")
        return self.folder / found[1]

    def digests(self) -> list[str]:
        """Every existing snapshot."""
        if not self.folder.is_dir():
            return []
        return sorted(f"sha256:{p.name}" for p in self.folder.iterdir() if _HEX.match(p.name))

    def manifest_digest(self, digest: str) -> str | None:
        """Digest of a snapshot's manifest; None when there is no valid one."""
        try:
            return self._manifest(digest).digest
        except (_DamageError, OSError):
            return None

    def fault(self, digest: str, manifest_digest: str | None = None) -> str | None:
        """What is wrong with a snapshot; None when every byte is as it was stored.

        With the digest that the log names, a consistently forged manifest is found as well.
        """
        try:
            manifest = self._manifest(digest)
            if manifest_digest is not None and manifest.digest != manifest_digest:
                raise _DamageError("has a different manifest from the one that the log names")
            self._check_files(self.path(digest), manifest)
        except _DamageError as problem:
            return str(problem)
        except OSError as problem:
            return f"cannot be read ({problem.strerror})"
        return None

    def content_fault(self, digest: str) -> str | None:
        """Does the content still have the digest that is its name? Slower than `fault`."""
        from gatekeeper.candidate.folder import read_adapter
        from gatekeeper.errors import GateError

        try:
            found = read_adapter(self.path(digest)).digest
        except (GateError, OSError) as problem:
            return f"cannot be read as a candidate ({problem})"
        return None if found == digest else "contains a candidate that does not match its name"

    def store(self, source: Path, kind: Kind, staged_in: Path) -> str:
        """Snapshot a candidate and return its digest, computed on the copy.

        Idempotent; a damaged snapshot of the same digest is replaced by the good copy. Raises
        AdapterRefused for unsafe or missing files, OSError when the disk refuses.
        """
        from gatekeeper.candidate.folder import read_adapter, snapshot

        copy = staged_in / "object"
        remove_tree(copy)
        snapshot(source, copy)
        read = read_adapter(copy)
        if read.problems:
            # Its digest would leave out what could not be read, and so name something else.
            raise AdapterRefused(read.problems[0].text, "Fix the candidate or copy it again.")
        if read.kind != kind:
            raise RegistryError(f"{source} contains {read.kind}, not {kind}.", "Check the folder.")
        digest = read.digest
        self._seal_copy(copy, kind, digest)
        final = self.path(digest)
        self.folder.mkdir(parents=True, exist_ok=True)
        if final.exists() and self.fault(digest) is None:
            os.utime(final)  # young again, so that `gc` leaves it for the event that will follow
            return digest
        if final.exists():
            final.rename(staged_in / "damaged")
        try:
            copy.rename(final)
        except OSError:
            # Another writer stored the same content at the same moment.
            if self.fault(digest) is not None:
                raise
        sync_folder(self.folder)
        return digest

    def remove(self, digest: str) -> None:
        """Remove a snapshot; readers see all of it or nothing."""
        folder = self.path(digest)
        doomed = folder.with_name(f".gone-{folder.name}-{os.getpid()}")
        folder.rename(doomed)
        remove_tree(doomed)

    def half_removed(self) -> list[Path]:
        """What a killed `remove` left behind."""
        return sorted(self.folder.glob(".gone-*")) if self.folder.is_dir() else []

    def _seal_copy(self, copy: Path, kind: Kind, digest: str) -> None:
        files = {path.name: digest_file(path) for path in sorted(copy.iterdir())}
        for name in files:
            sync_file(copy / name)
            (copy / name).chmod(READ_ONLY)
        document = {"schema_id": SCHEMA, "kind": kind, "content": digest, "files": files}
        write_durably(copy / MANIFEST, seal(document)[0])
        sync_folder(copy)

    def _manifest(self, digest: str) -> Manifest:
        try:
            body, own_digest = unseal((self.path(digest) / MANIFEST).read_bytes())
        except FileNotFoundError:
            missing = not self.path(digest).is_dir()
            raise _DamageError("is missing" if missing else f"has no {MANIFEST}") from None
        except SealError as problem:
            raise _DamageError(f"is damaged: {MANIFEST} {problem}") from problem
        content = json.loads(body)
        if content.get("schema_id") != SCHEMA:
            raise _DamageError(
                f"has a {MANIFEST} of a different version: {content.get('schema_id')}"
            )
        if content["content"] != digest:
            raise _DamageError("is the snapshot of a different candidate")
        return Manifest(own_digest, content["kind"], digest, content["files"])

    def _check_files(self, folder: Path, manifest: Manifest) -> None:
        found = {path.name for path in folder.iterdir()}
        if extra := sorted(found - set(manifest.files) - {MANIFEST}):
            raise _DamageError(f"contains a file that was not stored with it: {extra[0]}")
        for name, digest in manifest.files.items():
            if name not in found:
                raise _DamageError(f"is missing {name}")
            if (folder / name).is_symlink() or digest_file(folder / name) != digest:
                raise _DamageError(f"is damaged: the bytes of {name} changed")
