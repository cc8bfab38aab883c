"""Names of tensors in an adapter file, as PEFT 0.21 writes them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from gatekeeper.files.tensor_file import StoredTensor

__all__ = ["PREFIX", "base_copies", "is_factor", "lora_pairs", "outer", "partner", "some"]

PREFIX = "base_model.model."

_A, _B = ".lora_A.weight", ".lora_B.weight"
_EMBEDDING_A, _EMBEDDING_B = ".lora_embedding_A", ".lora_embedding_B"

_PARTNER = {_A: _B, _B: _A, _EMBEDDING_A: _EMBEDDING_B, _EMBEDDING_B: _EMBEDDING_A}

Tensors = Mapping[str, StoredTensor]


def lora_pairs(tensors: Tensors) -> Iterator[tuple[str, StoredTensor, StoredTensor]]:
    """Yield (module, A, B) of every complete pair, embeddings included, sorted by module."""
    for name in sorted(tensors):
        for a, b in ((_A, _B), (_EMBEDDING_A, _EMBEDDING_B)):
            if name.endswith(a) and (other := tensors.get(name.removesuffix(a) + b)) is not None:
                yield name.removesuffix(a).removeprefix(PREFIX), tensors[name], other


def is_factor(name: str) -> bool:
    """Whether the tensor is A or B of a module."""
    return name.endswith((_A, _B, _EMBEDDING_A, _EMBEDDING_B))


def outer(name: str, shape: tuple[int, ...]) -> tuple[int, ...]:
    """The sizes of a factor without its rank."""
    return shape[1:] if name.endswith((_A, _EMBEDDING_A)) else shape[:-1]


def partner(name: str) -> str | None:
    """Name of the other factor of the same module; None for what is not a factor."""
    for suffix, other in _PARTNER.items():
        if name.endswith(suffix):
            return name.removesuffix(suffix) + other
    return None


def base_copies(config: Mapping[str, Any], tensors: Tensors) -> tuple[str, ...]:
    """Tensors that PEFT would write over the base's own: embeddings, heads, biases."""
    saved = tuple(config.get("modules_to_save") or ())
    found = []
    for name in sorted(tensors):
        module, _, kind = name.removeprefix(PREFIX).rpartition(".")
        if kind not in ("weight", "bias") or ".lora_" in name:
            continue
        if any(part.endswith(saved) for part in _ancestors(module)):
            continue
        trained_bias = kind == "bias" and config.get("bias", "none") != "none"
        if module.endswith(".base_layer") or trained_bias:
            found.append(name)
    return tuple(found)


def _ancestors(module: str) -> Iterator[str]:
    while module:
        yield module
        module = module.rpartition(".")[0]


def some(names: tuple[str, ...], most: int = 3) -> str:
    """The first few names, and how many more there are."""
    shown = ", ".join(names[:most])
    return shown if len(names) <= most else f"{shown} and {len(names) - most} more"
