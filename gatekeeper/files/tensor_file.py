"""Safetensors files without torch: the tensors of a file, their shapes, and their numbers.

The safetensors library judges whether a file is valid; this module adds a cap on the header before
anything is parsed, byte offsets, and numbers of dtypes that numpy does not know (bfloat16).
"""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["MAX_HEADER_BYTES", "DamagedFileError", "StoredTensor", "read_tensors"]

MAX_HEADER_BYTES = 16 << 20
"""A header names each tensor once; real ones stay below a few hundred kilobytes."""

_NUMPY_TYPE = {"F64": "<f8", "F32": "<f4", "F16": "<f2", "BF16": "<u2"}
_CHUNK = 1 << 22


class DamagedFileError(ValueError):
    """The file is not a valid safetensors file; the message says why in one clause."""


@dataclass(frozen=True, slots=True)
class StoredTensor:
    """One tensor in a file: `start` is the offset of its first byte from the start of the file."""

    name: str
    dtype: str
    shape: tuple[int, ...]
    file: Path
    start: int

    @property
    def size(self) -> int:
        """Number of elements."""
        return math.prod(self.shape)

    @property
    def is_float(self) -> bool:
        """Whether `numbers` can read it."""
        return self.dtype in _NUMPY_TYPE

    def chunks(self, elements: int = _CHUNK) -> Iterator[NDArray[np.float32]]:
        """Yield the numbers as flat float32 pieces, so that a huge tensor never fills memory.

        Raises DamagedFileError for dtypes that are not plain floating-point numbers.
        """
        import numpy as np

        if not self.is_float:
            raise DamagedFileError(f"{self.name} has dtype {self.dtype}, which is not supported")
        kind = np.dtype(_NUMPY_TYPE[self.dtype])
        with self.file.open("rb") as stream:
            stream.seek(self.start)
            for begin in range(0, self.size, elements):
                wanted = min(elements, self.size - begin)
                data = stream.read(wanted * kind.itemsize)
                if len(data) != wanted * kind.itemsize:
                    raise DamagedFileError(f"{self.name} ends before its last number")
                raw = np.frombuffer(data, dtype=kind)
                if self.dtype == "BF16":
                    yield (raw.astype(np.uint32) << 16).view(np.float32)
                else:
                    with np.errstate(over="ignore"):
                        yield raw.astype(np.float32)

    def numbers(self) -> NDArray[np.float32]:
        """All numbers in their shape, as float32."""
        import numpy as np

        pieces = list(self.chunks())
        flat = np.concatenate(pieces) if pieces else np.zeros(0, dtype=np.float32)
        return flat.reshape(self.shape)


def read_tensors(file: Path) -> Mapping[str, StoredTensor]:
    """Read the names, dtypes and shapes of a file; its numbers stay on disk.

    Raises DamagedFileError when the file is truncated, malformed, or its header is absurdly large.
    """
    from safetensors import SafetensorError, safe_open

    size = file.stat().st_size
    with file.open("rb") as stream:
        head = stream.read(8)
        if len(head) < 8:
            raise DamagedFileError("it is shorter than a header")
        (length,) = struct.unpack("<Q", head)
        if length > MAX_HEADER_BYTES:
            raise DamagedFileError(
                f"its header claims {length} bytes, more than {MAX_HEADER_BYTES}"
            )
        if 8 + length > size:
            raise DamagedFileError("it ends inside its header")
        header = stream.read(length)
    try:
        with safe_open(str(file), framework="np"):
            pass
    except SafetensorError as problem:
        detail = str(problem).removeprefix("Error while deserializing header: ")
        raise DamagedFileError(f"it is truncated or malformed ({detail})") from problem
    entries = json.loads(header, object_pairs_hook=_unique)
    entries.pop("__metadata__", None)
    return {
        name: StoredTensor(
            name=name,
            dtype=entry["dtype"],
            shape=tuple(entry["shape"]),
            file=file,
            start=8 + length + entry["data_offsets"][0],
        )
        for name, entry in sorted(entries.items())
    }


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """Two readers may pick different tensors of the same name, so a repeated name is damage."""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise DamagedFileError("its header names a tensor twice")
    return found
