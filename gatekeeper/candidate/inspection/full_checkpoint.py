"""A fully fine-tuned checkpoint against the base: the same model, with different numbers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from gatekeeper.candidate.finding_codes import FindingCode, held, refused, told
from gatekeeper.evidence import Finding
from gatekeeper.files.tensor_file import StoredTensor

__all__ = ["judge_checkpoint"]

_ARCHITECTURE = ("model_type", "architectures", "vocab_size", "hidden_size", "num_hidden_layers")


def judge_checkpoint(
    config: Mapping[str, Any],
    tensors: Mapping[str, StoredTensor],
    base: Mapping[str, StoredTensor] | None,
    base_config: Mapping[str, Any] | None,
) -> Iterator[Finding]:
    """Everything that the files of a full checkpoint show."""
    if config.get("auto_map"):
        yield refused(
            FindingCode.REMOTE_CODE,
            "config.json asks to import third-party code (auto_map).",
            ("auto_map",),
        )
    yield told(
        FindingCode.NOT_DETACHABLE_BY_DESIGN,
        "A full checkpoint has nothing to detach: to roll it back, the channel moves to another "
        "digest.",
    )
    yield from _finite(tensors)
    if base is None or base_config is None:
        yield told(
            FindingCode.BASE_NOT_COMPARED,
            "Without the base, its architecture and vocabulary could not be compared.",
        )
        return
    differing = tuple(key for key in _ARCHITECTURE if config.get(key) != base_config.get(key))
    if differing:
        yield refused(
            FindingCode.ARCHITECTURE_DIFFERS,
            "Its architecture differs from the base's: "
            + ", ".join(f"{k} {config.get(k)}, not {base_config.get(k)}" for k in differing)
            + ".",
            differing,
        )
        return
    lost = tuple(sorted(set(base) - set(tensors)))
    # A head tied to the embeddings may be stored or not.
    if lost := tuple(name for name in lost if name != "lm_head.weight"):
        yield refused(
            FindingCode.MISSING_TENSORS,
            f"{len(lost)} of the base's tensors are missing, among them {lost[0]}.",
            lost,
        )
    elif all(_same(tensors[name], base[name]) for name in base if name in tensors):
        yield held(FindingCode.NO_EFFECT, "The checkpoint equals the base, number for number.")


def _finite(tensors: Mapping[str, StoredTensor]) -> Iterator[Finding]:
    import numpy as np

    bad = tuple(
        name
        for name, tensor in sorted(tensors.items())
        if tensor.is_float and not all(bool(np.isfinite(piece).all()) for piece in tensor.chunks())
    )
    if bad:
        yield refused(
            FindingCode.NOT_FINITE,
            f"NaN or infinity in {len(bad)} of {len(tensors)} tensors, among them {bad[0]}.",
            bad,
        )


def _same(one: StoredTensor, other: StoredTensor) -> bool:
    import numpy as np

    if one.shape != other.shape:
        return False
    if not (one.is_float and other.is_float):
        return False
    return all(np.array_equal(a, b) for a, b in zip(one.chunks(), other.chunks(), strict=True))
