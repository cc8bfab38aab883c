"""Sealed JSON: a readable document whose last line is the digest of everything before it.

Any changed byte, white space included, breaks the seal. Pure: bytes in, bytes out.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from gatekeeper.digests import digest_bytes

__all__ = ["SealError", "seal", "unseal"]

_TAIL = re.compile(rb',\n  "digest": "(sha256:[0-9a-f]{64})"\n\}\n')
_TAIL_LENGTH = len(',\n  "digest": "sha256:"\n}\n') + 64
_END = b"\n}\n"


class SealError(ValueError):
    """The bytes are not what was sealed; the message says why, in a few words."""


def seal(document: Mapping[str, Any]) -> tuple[bytes, str]:
    """Write a non-empty document as indented JSON with its digest; returns (bytes, digest)."""
    body = json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False).encode() + b"\n"
    digest = digest_bytes(body)
    return body.removesuffix(_END) + f',\n  "digest": "{digest}"'.encode() + _END, digest


def unseal(data: bytes) -> tuple[bytes, str]:
    """Check the seal and return (the JSON that was sealed, its digest).

    Raises SealError.
    """
    if not data:
        raise SealError("is empty")
    if b"<<<<<<< " in data and b"\n>>>>>>> " in data:
        raise SealError("contains git conflict markers: two branches both wrote it")
    tail = _TAIL.fullmatch(data[-_TAIL_LENGTH:])
    if tail is None:
        raise SealError("is truncated or was changed: it does not end with its digest")
    body = data[:-_TAIL_LENGTH] + _END
    digest = tail[1].decode()
    if digest_bytes(body) != digest:
        raise SealError("was changed: its bytes do not match its digest")
    return body, digest
