"""The tensors of an adapter file: none missing, none extra, all of the right shape and rank."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from gatekeeper.candidate.finding_codes import FindingCode, refused, told
from gatekeeper.candidate.inspection.expected_tensors import BaseModules, Expected, expect_tensors
from gatekeeper.candidate.inspection.module_patterns import pattern_value
from gatekeeper.candidate.inspection.tensor_names import (
    PREFIX,
    base_copies,
    is_factor,
    outer,
    partner,
    some,
)
from gatekeeper.candidate.inspection.tensor_numbers import judge_effect, judge_finite, judge_writes
from gatekeeper.evidence import Finding
from gatekeeper.files.tensor_file import StoredTensor
from gatekeeper.phrases import count

__all__ = ["judge_tensors"]

Tensors = Mapping[str, StoredTensor]


def judge_tensors(
    config: Mapping[str, Any],
    tensors: Tensors,
    base: Mapping[str, StoredTensor] | None,
    base_config: Mapping[str, Any] | None,
) -> tuple[Finding, ...]:
    """Everything that names, shapes and numbers show; much more with the base's tensors."""
    kinds = tuple(sorted(name for name, tensor in tensors.items() if not tensor.is_float))
    if kinds:
        return (
            refused(
                FindingCode.UNSUPPORTED_DTYPE,
                f"{some(kinds)}: {tensors[kinds[0]].dtype} is not a dtype that adapters are "
                "stored in.",
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
                    "The names in the base's files do not map one to one to its modules, so the "
                    "adapter's tensor names are only verified when it is attached.",
                )
            )
        found += _by_pairing(config, tensors)
    found += _ranks(config, tensors)
    found += judge_finite(tensors)
    if not found:
        found += judge_writes(config, tensors, base)
        found += judge_effect(config, tensors, base)
    return tuple(found)


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
            f"The file is missing {len(missing)} of {count(len(expected.required), 'tensor')}: "
            f"{some(missing)}. "
            "PEFT would fill in random numbers.",
            missing,
        )
    if surplus:
        yield refused(
            FindingCode.UNEXPECTED_TENSORS,
            f"The file has {count(len(surplus), 'tensor')} for modules that the config does not "
            f"name: {some(surplus)}. "
            "PEFT would drop them silently.",
            surplus,
        )
    yield from _shapes(tensors, expected)


def _shapes(tensors: Tensors, expected: Expected) -> Iterator[Finding]:
    wrong = []
    for name, shape in {**expected.required, **expected.optional}.items():
        if name not in tensors or tensors[name].shape == shape:
            continue
        # A wrong rank is one fact about the config, reported once by _ranks.
        if not (is_factor(name) and outer(name, tensors[name].shape) == outer(name, shape)):
            wrong.append(name)
    if wrong:
        first = wrong[0]
        shape = expected.required.get(first) or expected.optional[first]
        yield refused(
            FindingCode.SHAPE_MISMATCH,
            f"{count(len(wrong), 'tensor')} with a shape that does not fit the base: {first} is "
            f"{_sizes(tensors[first].shape)}, but the base needs {_sizes(shape)}.",
            tuple(wrong),
            "Was the adapter trained on a different base, or with a different vocabulary size?",
        )


def _by_pairing(config: Mapping[str, Any], tensors: Tensors) -> Iterator[Finding]:
    """Without the base: each A needs its B, and each B its A."""
    lost = [other for name in tensors if (other := partner(name)) and other not in tensors]
    if lost:
        yield refused(
            FindingCode.MISSING_TENSORS,
            f"The file is missing {count(len(lost), 'tensor')}: {some(tuple(lost))}. "
            "PEFT would fill in random numbers.",
            tuple(sorted(lost)),
        )
    if not any(is_factor(name) for name in tensors):
        yield refused(
            FindingCode.MISSING_TENSORS, "The file contains no LoRA tensors.", tuple(tensors)
        )
    strange = tuple(sorted(name for name in tensors if not name.startswith(PREFIX)))
    if strange:
        yield refused(
            FindingCode.UNEXPECTED_TENSORS,
            f"{count(len(strange), 'tensor')} with a name that PEFT does not use: {some(strange)}.",
            strange,
        )


def _ranks(config: Mapping[str, Any], tensors: Tensors) -> Iterator[Finding]:
    wrong: list[tuple[str, int, int]] = []
    for name, tensor in sorted(tensors.items()):
        if not is_factor(name):
            continue
        module = name.rpartition(".lora_")[0].removeprefix(PREFIX)
        wanted = pattern_value(config.get("rank_pattern") or {}, module, config["r"])
        axis = 0 if outer(name, (0, 1)) == (1,) else -1
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


def _sizes(shape: tuple[int, ...]) -> str:
    return "x".join(str(size) for size in shape) or "a scalar"
