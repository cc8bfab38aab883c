"""The numbers in an adapter file: finite, not all zero, and none that belong to the base."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from gatekeeper.candidate.finding_codes import FindingCode, held, refused, warned
from gatekeeper.candidate.inspection.tensor_names import (
    PREFIX,
    base_copies,
    is_factor,
    lora_pairs,
    some,
)
from gatekeeper.evidence import Finding
from gatekeeper.files.tensor_file import StoredTensor

__all__ = ["judge_effect", "judge_finite", "judge_writes"]

Tensors = Mapping[str, StoredTensor]


def judge_finite(tensors: Tensors) -> Iterator[Finding]:
    """NaN and infinity, by tensor."""
    import numpy as np

    bad = tuple(
        name
        for name, tensor in sorted(tensors.items())
        if not all(bool(np.isfinite(piece).all()) for piece in tensor.chunks())
    )
    if bad:
        yield refused(
            FindingCode.NOT_FINITE,
            f"NaN or infinity in {len(bad)} of {len(tensors)} tensors: {some(bad)}.",
            bad,
            "The training run diverged; train again with a lower learning rate.",
        )


def judge_writes(
    config: Mapping[str, Any], tensors: Tensors, base: Mapping[str, StoredTensor] | None
) -> Iterator[Finding]:
    """Weights of the base itself in the file, which PEFT would load over the base's."""
    copies = base_copies(config, tensors)
    if not copies:
        return
    if base is None:
        yield warned(
            FindingCode.WRITES_BASE,
            f"The file contains weights of the base itself ({some(copies)}); they cannot be "
            "compared without the base.",
            copies,
        )
        return
    differing = tuple(name for name in copies if not _equals_base(tensors[name], base))
    if differing:
        yield refused(
            FindingCode.WRITES_BASE,
            f"Attaching would overwrite the base's own {some(differing)} with different numbers, "
            "and detaching would not restore them.",
            differing,
            "Train with bias='none' and save with save_embedding_layers=False; to train the "
            "embeddings, use modules_to_save.",
        )


def _equals_base(tensor: StoredTensor, base: Mapping[str, StoredTensor]) -> bool:
    import numpy as np

    name = tensor.name.removeprefix(PREFIX).replace(".base_layer.", ".")
    own = base.get(name)
    if own is None and name == "lm_head.weight":
        own = next((t for n, t in base.items() if n.endswith("embed_tokens.weight")), None)
    if own is None or own.shape != tensor.shape:
        return False
    pairs = zip(tensor.chunks(), own.chunks(), strict=True)
    return all(np.array_equal(one, other) for one, other in pairs)


def judge_effect(
    config: Mapping[str, Any], tensors: Tensors, base: Mapping[str, StoredTensor] | None
) -> Iterator[Finding]:
    """All-zero B in every module, and nothing else that was trained: a no-op."""
    dead: list[str] = []
    live: list[str] = []
    for module, a, b in lora_pairs(tensors):
        zero = _zero(a) or _zero(b) or config["lora_alpha"] == 0
        (dead if zero else live).append(module)
    others = [name for name in tensors if not is_factor(name) and ".base_layer." not in name]
    moved = [name for name in others if not _untouched(tensors[name], config, base)]
    if dead and not live and not moved:
        yield held(
            FindingCode.NO_EFFECT,
            "This adapter changes nothing: B·A is zero in every module.",
            tuple(dead),
            "Was it saved before training, or with gradients switched off?",
        )
    elif dead:
        yield warned(
            FindingCode.NO_EFFECT,
            f"{len(dead)} of {len(dead) + len(live)} modules carry no update: {some(tuple(dead))}.",
            tuple(dead),
        )


def _zero(tensor: StoredTensor) -> bool:
    return not any(bool(piece.any()) for piece in tensor.chunks())


def _untouched(
    tensor: StoredTensor, config: Mapping[str, Any], base: Mapping[str, StoredTensor] | None
) -> bool:
    """Is a saved module, bias, token row or DoRA magnitude still as it was before training?"""
    import numpy as np

    name = tensor.name.removeprefix(PREFIX)
    if name.endswith(".lora_B.bias"):
        return _zero(tensor)
    if base is None:
        return False
    if name.endswith(".lora_magnitude_vector"):
        own = base.get(name.removesuffix(".lora_magnitude_vector") + ".weight")
        if own is None or len(own.shape) != 2:
            return False
        norms = np.linalg.norm(own.numbers(), axis=1)
        return norms.shape == tensor.shape and np.allclose(norms, tensor.numbers(), rtol=1e-3)
    if name.endswith(".token_adapter.trainable_tokens_delta"):
        # Despite its name, PEFT keeps the rows themselves in it, not a difference.
        module = name.removesuffix(".token_adapter.trainable_tokens_delta")
        own, wanted = base.get(module + ".weight"), config["trainable_token_indices"]
        if own is None:
            return False
        if isinstance(wanted, dict):
            wanted = next(rows for key, rows in wanted.items() if module.endswith(key))
        return np.array_equal(own.numbers()[wanted], tensor.numbers())
    return _equals_base(tensor, base)
