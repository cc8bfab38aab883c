"""Digests: how everything pinned is named. Pure: bytes in, `sha256:<hex>` out."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

__all__ = ["SHORT", "canonical_json", "digest_bytes", "digest_file", "digest_json", "short"]

SHORT = 12
_CHUNK = 1 << 20


def canonical_json(value: Any) -> bytes:
    """Encode plain data so that equal values give equal bytes (sorted keys, no spaces, no NaN).

    Raises ValueError on NaN and infinities: they have no JSON form and never belong in a digest.
    """
    return json.dumps(
        value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    ).encode()


def digest_bytes(data: bytes) -> str:
    """Return `sha256:<64 hex>` of the bytes."""
    return "sha256:" + hashlib.sha256(data).hexdigest()


def digest_json(value: Any) -> str:
    """Digest plain data by its canonical JSON."""
    return digest_bytes(canonical_json(value))


def digest_file(path: Path) -> str:
    """Digest a file's bytes, a megabyte at a time. Raises OSError when it cannot be read."""
    hasher = hashlib.sha256()
    with path.open("rb") as stream:
        while chunk := stream.read(_CHUNK):
            hasher.update(chunk)
    return "sha256:" + hasher.hexdigest()


def short(digest: str) -> str:
    """Return the first 12 hex digits, for people."""
    return digest.removeprefix("sha256:")[:SHORT]
