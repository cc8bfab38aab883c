"""The numbers and names in an adapter file: all there, of the right shape, finite, not all zero."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from gatekeeper.evidence import Finding
from gatekeeper.inspection.codes import FindingCode, held, refused, told, warned
from gatekeeper.inspection.expected import PREFIX, BaseModules, Expected, expect_tensors
from gatekeeper.inspection.patterns import pattern_value
from gatekeeper.safetensors_file import StoredTensor

__all__ = ["base_copies", "judge_tensors", "lora_pairs"]

_A, _B = ".lora_A.weight", ".lora_B.weight"
_EMBEDDING_A, _EMBEDDING_B = ".lora_embedding_A", ".lora_embedding_B"

Tensors = Mapping[str, StoredTensor]


def judge_tensors(
    config: Mapping[str, Any],
    tensors: Tensors,
    base: Mapping[str, StoredTensor] | None,
    base_config: Mapping[str, Any] | None,
) -> tuple[Finding, ...]:
    """Everything that names, shapes and numbers say; with the base's tensors, much more."""
    kinds = tuple(sorted(name for name, tensor in tensors.items() if not tensor.is_float))
    if kinds:
        return (
            refused(
                FindingCode.UNSUPPORTED_DTYPE,
                f"{_some(kinds)}: {tensors[kinds[0]].dtype} is no dtype of an adapter.",
                kinds,
                "Save it as float32, bfloat16 or float16.",
            ),
        )
    found: list[Finding] = []
    modules = BaseModules.of(base, base_config or {}) if base is not None else None
    if modules is not None and modules.derivable:
        found += _against_base(config, tensors, modules)
    else:
        if modules is not None:
            found.append(
                told(
                    FindingCode.NAMES_NOT_DERIVED,
                    "The base's files do not name its modules one to one, so the tensors' names "
                    "are proven only when the adapter is attached.",
                )
            )
        found += _by_pairing(config, tensors)
    found += _ranks(config, tensors)
    found += _finite(tensors)
    if not found:
        found += _writes_base(config, tensors, base)
        found += _effect(config, tensors, base)
    return tuple(found)


def lora_pairs(tensors: Tensors) -> Iterator[tuple[str, StoredTensor, StoredTensor]]:
    """Yield (module, A, B) of every complete pair, embeddings included, sorted by module."""
    for name in sorted(tensors):
        for a, b in ((_A, _B), (_EMBEDDING_A, _EMBEDDING_B)):
            if name.endswith(a) and (other := tensors.get(name.removesuffix(a) + b)) is not None:
                yield name.removesuffix(a).removeprefix(PREFIX), tensors[name], other


def _against_base(
    config: Mapping[str, Any], tensors: Tensors, modules: BaseModules
) -> Iterator[Finding]:
    expected = expect_tensors(config, modules)
    if not expected.targets and not expected.required:
        yield refused(
            FindingCode.NO_MODULE_MATCHES,
            f"No module of the base matches target_modules {config.get('target_modules')!r}.",
            hint="Was the adapter trained on another architecture?",
        )
        return
    missing = tuple(sorted(set(expected.required) - set(tensors)))
    if config.get("ensure_weight_tying"):
        missing = tuple(name for name in missing if "lm_head" not in name)
    copies = base_copies(config, tensors)
    surplus = tuple(
        sorted(set(tensors) - set(expected.required) - set(expected.optional) - set(copies))
    )
    if missing:
        yield refused(
            FindingCode.MISSING_TENSORS,
            f"{len(missing)} of {len(expected.required)} tensors are missing: {_some(missing)}. "
            "PEFT would fill them with random numbers.",
            missing,
        )
    if surplus:
        yield refused(
            FindingCode.UNEXPECTED_TENSORS,
            f"{len(surplus)} tensors belong to no module that the config names: {_some(surplus)}. "
            "PEFT would drop them without a word.",
            surplus,
        )
    yield from _shapes(tensors, expected)


def _shapes(tensors: Tensors, expected: Expected) -> Iterator[Finding]:
    wrong = []
    for name, shape in {**expected.required, **expected.optional}.items():
        if name not in tensors or tensors[name].shape == shape:
            continue
        # A wrong rank is one fact about the config, told once by _ranks.
        if not (_is_factor(name) and _outer(name, tensors[name].shape) == _outer(name, shape)):
            wrong.append(name)
    if wrong:
        first = wrong[0]
        shape = expected.required.get(first) or expected.optional[first]
        yield refused(
            FindingCode.SHAPE_MISMATCH,
            f"{len(wrong)} tensors do not fit the base: {first} is "
            f"{_sizes(tensors[first].shape)}, the base needs {_sizes(shape)}.",
            tuple(wrong),
            "Was the adapter trained on another base, or with another vocabulary size?",
        )


def _is_factor(name: str) -> bool:
    return name.endswith((_A, _B, _EMBEDDING_A, _EMBEDDING_B))


def _outer(name: str, shape: tuple[int, ...]) -> tuple[int, ...]:
    """The sizes of a factor without its rank."""
    return shape[1:] if name.endswith((_A, _EMBEDDING_A)) else shape[:-1]


def _by_pairing(config: Mapping[str, Any], tensors: Tensors) -> Iterator[Finding]:
    """Without the base: each A needs its B and the other way round."""
    lost = []
    for name in tensors:
        for one, other in ((_A, _B), (_B, _A), (_EMBEDDING_A, _EMBEDDING_B)):
            if name.endswith(one) and name.removesuffix(one) + other not in tensors:
                lost.append(name.removesuffix(one) + other)
        if name.endswith(_EMBEDDING_B) and name.removesuffix(_EMBEDDING_B) + _EMBEDDING_A not in (
            tensors
        ):
            lost.append(name.removesuffix(_EMBEDDING_B) + _EMBEDDING_A)
    if lost:
        yield refused(
            FindingCode.MISSING_TENSORS,
            f"{len(lost)} tensors are missing: {_some(tuple(lost))}. PEFT would fill them with "
            "random numbers.",
            tuple(sorted(lost)),
        )
    if not any(_is_factor(name) for name in tensors):
        yield refused(
            FindingCode.MISSING_TENSORS, "The file holds no LoRA tensor at all.", tuple(tensors)
        )
    strange = tuple(sorted(name for name in tensors if not name.startswith(PREFIX)))
    if strange:
        yield refused(
            FindingCode.UNEXPECTED_TENSORS,
            f"{len(strange)} tensors are not named as PEFT names them: {_some(strange)}.",
            strange,
        )


def _ranks(config: Mapping[str, Any], tensors: Tensors) -> Iterator[Finding]:
    wrong: list[tuple[str, int, int]] = []
    for name, tensor in sorted(tensors.items()):
        if not _is_factor(name):
            continue
        module = name.rpartition(".lora_")[0].removeprefix(PREFIX)
        wanted = pattern_value(config.get("rank_pattern") or {}, module, config["r"])
        axis = 0 if name.endswith((_A, _EMBEDDING_A)) else -1
        has = tensor.shape[axis] if len(tensor.shape) == 2 else 0
        if has != wanted:
            wrong.append((name, wanted, has))
    if wrong:
        name, wanted, has = wrong[0]
        yield refused(
            FindingCode.RANK_MISMATCH,
            f"The config says r={wanted} but {name} has rank {has}"
            + (f" (and {len(wrong) - 1} more tensors disagree)." if len(wrong) > 1 else "."),
            tuple(name for name, _, _ in wrong),
        )


def _finite(tensors: Tensors) -> Iterator[Finding]:
    import numpy as np

    bad = tuple(
        name
        for name, tensor in sorted(tensors.items())
        if not all(bool(np.isfinite(piece).all()) for piece in tensor.chunks())
    )
    if bad:
        yield refused(
            FindingCode.NOT_FINITE,
            f"NaN or infinity in {len(bad)} of {len(tensors)} tensors: {_some(bad)}.",
            bad,
            "The training run diverged; train again with a lower learning rate.",
        )


def base_copies(config: Mapping[str, Any], tensors: Tensors) -> tuple[str, ...]:
    """Tensors that PEFT would write over the base's own: embeddings, heads, biases."""
    saved = tuple(config.get("modules_to_save") or ())
    found = []
    for name in sorted(tensors):
        module, _, kind = name.removeprefix(PREFIX).rpartition(".")
        if kind not in ("weight", "bias") or ".lora_" in name:
            continue
        if any(part.endswith(saved) for part in _ancestors(module)) and saved:
            continue
        trained_bias = kind == "bias" and config.get("bias", "none") != "none"
        if module.endswith(".base_layer") or trained_bias:
            found.append(name)
    return tuple(found)


def _ancestors(module: str) -> Iterator[str]:
    while module:
        yield module
        module = module.rpartition(".")[0]


def _writes_base(
    config: Mapping[str, Any], tensors: Tensors, base: Mapping[str, StoredTensor] | None
) -> Iterator[Finding]:
    copies = base_copies(config, tensors)
    if not copies:
        return
    if base is None:
        yield warned(
            FindingCode.WRITES_BASE,
            f"The file carries weights of the base itself ({_some(copies)}); without the base it "
            "cannot be told whether they differ.",
            copies,
        )
        return
    differing = tuple(name for name in copies if not _equals_base(tensors[name], base))
    if differing:
        yield refused(
            FindingCode.WRITES_BASE,
            f"Attaching would overwrite the base's own {_some(differing)} with other numbers, and "
            "detaching would not bring them back.",
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


def _effect(
    config: Mapping[str, Any], tensors: Tensors, base: Mapping[str, StoredTensor] | None
) -> Iterator[Finding]:
    """All-zero B in every module, and nothing else that was trained: a no-op."""
    dead: list[str] = []
    live: list[str] = []
    for module, a, b in lora_pairs(tensors):
        zero = _zero(a) or _zero(b) or config["lora_alpha"] == 0
        (dead if zero else live).append(module)
    others = [name for name in tensors if not _is_factor(name) and ".base_layer." not in name]
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
            f"{len(dead)} of {len(dead) + len(live)} modules carry no update: "
            f"{_some(tuple(dead))}.",
            tuple(dead),
        )


def _zero(tensor: StoredTensor) -> bool:
    return not any(bool(piece.any()) for piece in tensor.chunks())


def _untouched(
    tensor: StoredTensor, config: Mapping[str, Any], base: Mapping[str, StoredTensor] | None
) -> bool:
    """Is a saved module, bias, token row or DoRA magnitude still what it was before training?"""
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
        # Despite its name PEFT keeps the rows themselves in it, not a difference.
        module = name.removesuffix(".token_adapter.trainable_tokens_delta")
        own, wanted = base.get(module + ".weight"), config["trainable_token_indices"]
        if own is None:
            return False
        if isinstance(wanted, dict):
            wanted = next(rows for key, rows in wanted.items() if module.endswith(key))
        return np.array_equal(own.numbers()[wanted], tensor.numbers())
    return _equals_base(tensor, base)


def _some(names: tuple[str, ...], most: int = 3) -> str:
    shown = ", ".join(names[:most])
    return shown if len(names) <= most else f"{shown} and {len(names) - most} more"


def _sizes(shape: tuple[int, ...]) -> str:
    return "x".join(str(size) for size in shape) or "a scalar"
