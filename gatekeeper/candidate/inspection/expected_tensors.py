"""Which tensors an adapter file must contain, from its config and the base's stored tensors.

PEFT fills a missing matrix with random numbers and silently drops an unexpected one, so the two
lists are compared here by name and shape, before anything is loaded.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from gatekeeper.candidate.inspection.module_patterns import (
    matches_target,
    pattern_value,
    saved_modules,
)
from gatekeeper.candidate.inspection.tensor_names import PREFIX
from gatekeeper.files.tensor_file import StoredTensor

__all__ = ["BaseModules", "Expected", "expect_tensors"]

_EMBEDDINGS = ("embed_tokens", "wte", "wpe", "word_embeddings", "embed_in", "embeddings")
_HEADS = ("lm_head", "embed_out", "output")
_FUSED = ("num_experts", "num_local_experts", "n_routed_experts", "moe_num_experts")


@dataclass(frozen=True)
class BaseModules:
    """Modules of the base with a weight matrix, as far as its files show."""

    shapes: Mapping[str, tuple[int, ...]]
    """Module -> shape of its weight as stored."""
    tensors: Mapping[str, tuple[int, ...]]
    """Every parameter, the tied head included."""
    derivable: bool
    """False where the files' names are not the modules' names (fused experts and the like)."""

    @classmethod
    def of(cls, stored: Mapping[str, StoredTensor], config: Mapping[str, Any]) -> BaseModules:
        """Read them from the base's stored tensors and its config.json."""
        tensors = {name: tensor.shape for name, tensor in stored.items()}
        if config.get("tie_word_embeddings") and "lm_head.weight" not in tensors:
            embedding = next((n for n in tensors if n.endswith("embed_tokens.weight")), None)
            if embedding is not None:
                tensors["lm_head.weight"] = tensors[embedding]
        shapes = {
            name.removesuffix(".weight"): shape
            for name, shape in tensors.items()
            if name.endswith(".weight") and len(shape) == 2
        }
        fused = any(config.get(key) for key in _FUSED) or "text_config" in config
        return cls(shapes=shapes, tensors=tensors, derivable=not fused)

    def is_embedding(self, module: str) -> bool:
        """Judged by name: the files do not say what class a module has."""
        return module.rpartition(".")[2] in _EMBEDDINGS

    def is_output(self, module: str) -> bool:
        """Whether the module is the language model head."""
        return module in _HEADS


@dataclass(frozen=True)
class Expected:
    """What the file must contain. None in a shape is a size that only the base's code knows."""

    required: Mapping[str, tuple[int, ...]]
    optional: Mapping[str, tuple[int, ...]]
    """Copies of the base's own tensors that PEFT saves as well."""
    targets: tuple[str, ...]


def expect_tensors(config: Mapping[str, Any], base: BaseModules) -> Expected:
    """Derive the tensors of a LoRA adapter. The config must already have been judged."""
    targets = tuple(
        module
        for module in sorted(base.shapes)
        if matches_target(module, config, is_output=base.is_output(module))
        and not (_all_linear(config) and base.is_embedding(module))
    )
    required: dict[str, tuple[int, ...]] = {}
    optional: dict[str, tuple[int, ...]] = {}
    for module in targets:
        required.update(_lora(module, config, base))
        if base.is_embedding(module) or base.is_output(module):
            optional[f"{PREFIX}{module}.base_layer.weight"] = base.shapes[module]
    for module in saved_modules(_modules(base), config.get("modules_to_save") or ()):
        required.update(
            (PREFIX + name, shape)
            for name, shape in base.tensors.items()
            if name.startswith(module + ".")
        )
    required.update(_tokens(config, base))
    return Expected(required=required, optional=optional, targets=targets)


def _all_linear(config: Mapping[str, Any]) -> bool:
    targets = config.get("target_modules")
    return isinstance(targets, str) and targets.lower() == "all-linear"


def _lora(
    module: str, config: Mapping[str, Any], base: BaseModules
) -> Iterator[tuple[str, tuple[int, ...]]]:
    rank = pattern_value(config.get("rank_pattern") or {}, module, config["r"])
    rows, columns = base.shapes[module]
    name = PREFIX + module
    if base.is_embedding(module):
        yield f"{name}.lora_embedding_A", (rank, rows)
        yield f"{name}.lora_embedding_B", (columns, rank)
        width = columns
    else:
        if config.get("fan_in_fan_out"):
            rows, columns = columns, rows
        yield f"{name}.lora_A.weight", (rank, columns)
        yield f"{name}.lora_B.weight", (rows, rank)
        width = rows
        if config.get("lora_bias"):
            yield f"{name}.lora_B.bias", (rows,)
    if config.get("use_dora"):
        yield f"{name}.lora_magnitude_vector", (width,)


def _modules(base: BaseModules) -> tuple[str, ...]:
    found: set[str] = set()
    for name in base.tensors:
        module = name.rpartition(".")[0]
        while module:
            found.add(module)
            module = module.rpartition(".")[0]
    return tuple(sorted(found))


def _tokens(config: Mapping[str, Any], base: BaseModules) -> Iterator[tuple[str, tuple[int, ...]]]:
    wanted = config.get("trainable_token_indices")
    if not wanted:
        return
    if isinstance(wanted, list):
        inputs = [module for module in base.shapes if base.is_embedding(module)]
        wanted = dict.fromkeys(inputs[:1], wanted)
    for key, indices in wanted.items():
        for module in saved_modules(sorted(base.shapes), (key,)):
            yield (
                f"{PREFIX}{module}.token_adapter.trainable_tokens_delta",
                (len(indices), base.shapes[module][1]),
            )
