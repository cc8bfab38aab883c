"""adapter_config.json, read as untrusted data: what each field may be, what it implies.

PEFT ignores fields that it does not know and trusts all others. Here every field is judged
before PEFT sees it.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

from gatekeeper.candidate.finding_codes import FindingCode, refused, told, warned
from gatekeeper.candidate.inspection.config_fields import FIELDS
from gatekeeper.candidate.inspection.module_patterns import is_safe_pattern
from gatekeeper.evidence import Finding

__all__ = ["SUPPORTED_TYPE", "judge_config"]

SUPPORTED_TYPE = "LORA"
MAX_PATTERNS = 4096
EXTREME_SCALE = 64.0
"""No training recipe that we know of has alpha / r beyond this."""

_PATTERNS = ("target_modules", "exclude_modules", "modules_to_save", "layers_pattern")

_MUTATING = ("pissa", "olora", "corda", "loftq", "lora_ga")
"""Initialisations that move part of the base into the adapter."""

_UNSUPPORTED: Mapping[str, str] = {
    "alora_invocation_tokens": "it switches itself on at certain tokens of the prompt",
    "arrow_config": "it routes between other adapters that are not in this folder",
    "megatron_config": "it is for Megatron's own layers",
    "monteclora_config": "it samples at random",
    "runtime_config": "it is a setting of one machine, which PEFT never saves",
    "target_parameters": "it replaces parameters instead of wrapping modules",
    "use_bdlora": "its block layout is not checked here",
    "use_qalora": "it needs a GPTQ base",
    "velora_config": "it replaces the backward pass with code that is not checked here",
}
_INSTEAD: Mapping[str, str] = {
    "target_parameters": "On a mixture of experts PEFT adds it to all-linear; name the attention "
    "modules instead: target_modules=['q_proj', 'k_proj', 'v_proj', 'o_proj']."
}


def judge_config(config: Mapping[str, Any]) -> tuple[Finding, ...]:
    """Everything that the config alone says."""
    kind = config.get("peft_type")
    if kind != SUPPORTED_TYPE:
        return (
            refused(
                FindingCode.UNSUPPORTED_PEFT_TYPE,
                f"peft_type {kind!r} is not supported; {SUPPORTED_TYPE} is (LoRA, QLoRA, rsLoRA, "
                "DoRA).",
            ),
        )
    broken = tuple(_fields(config))
    if broken:
        return broken
    return (*_patterns(config), *_code(config), *_detachable(config), *_variants(config))


def _fields(config: Mapping[str, Any]) -> Iterator[Finding]:
    # A later PEFT saves its new fields too; those that are off say nothing.
    unknown = tuple(sorted(key for key in config if key not in FIELDS and config[key]))
    if unknown:
        yield refused(
            FindingCode.UNKNOWN_CONFIG_FIELD,
            f"adapter_config.json has fields that PEFT 0.21 would silently ignore: "
            f"{', '.join(unknown)}.",
            unknown,
            "A newer PEFT may give them a meaning; save the adapter with PEFT 0.21 or remove them.",
        )
    for key, check in FIELDS.items():
        if key in config and not check(config[key]):
            yield refused(
                FindingCode.BAD_CONFIG_VALUE,
                f"adapter_config.json: {_shown(config[key])} is not a valid value for {key}.",
                (key,),
            )
    for key in ("r", "lora_alpha"):
        if key not in config:
            yield refused(
                FindingCode.BAD_CONFIG_VALUE, f"adapter_config.json does not set {key}.", (key,)
            )
    if config.get("target_modules") is None and not config.get("target_parameters"):
        yield refused(
            FindingCode.BAD_CONFIG_VALUE,
            "adapter_config.json does not set target_modules.",
            ("target_modules",),
        )


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


def _patterns(config: Mapping[str, Any]) -> Iterator[Finding]:
    for key in (*_PATTERNS, "rank_pattern", "alpha_pattern"):
        value = config.get(key) or ()
        if not isinstance(value, str) and len(value) > MAX_PATTERNS:
            yield refused(
                FindingCode.UNSAFE_PATTERN,
                f"adapter_config.json has {len(value)} patterns in {key}; at most {MAX_PATTERNS} "
                "are allowed.",
                (key,),
            )
            continue
        patterns = [value] if isinstance(value, str) else list(value)
        if patterns and not is_safe_pattern(*patterns):
            unsafe = next((each for each in patterns if not is_safe_pattern(each)), None)
            what = (
                f"{len(patterns)} patterns" if unsafe is None else f"the pattern {_shown(unsafe)}"
            )
            yield refused(
                FindingCode.UNSAFE_PATTERN,
                f"adapter_config.json: {what} in {key} could take exponential time to match, or "
                "cannot be used where PEFT inserts it.",
                (key,),
                "Name the modules one by one.",
            )


def _code(config: Mapping[str, Any]) -> Iterator[Finding]:
    mapping = config.get("auto_mapping")
    if mapping:
        # Without a library nothing is imported; trainers add their own marks (unsloth_fixed).
        library = str(mapping.get("parent_library") or "")
        name = str(mapping.get("base_model_class") or "Model")
        ours = library.split(".")[0] in ("", "transformers", "peft") and name.isidentifier()
        if not ours:
            yield refused(
                FindingCode.REMOTE_CODE,
                f"auto_mapping asks to import {library}.{name}, which is third-party code.",
                ("auto_mapping",),
                "Train with task_type='CAUSAL_LM'; then PEFT writes no auto_mapping.",
            )
    core = config.get("megatron_core")
    if core not in (None, "megatron.core"):
        yield refused(
            FindingCode.REMOTE_CODE,
            f"megatron_core asks to import {core}, which is third-party code.",
            ("megatron_core",),
        )
    task = config.get("task_type")
    if task not in (None, "CAUSAL_LM"):
        yield refused(
            FindingCode.UNSUPPORTED_TASK_TYPE,
            f"task_type {task} is not supported; CAUSAL_LM is.",
        )
    for key, why in _UNSUPPORTED.items():
        if config.get(key):
            yield refused(
                FindingCode.UNSUPPORTED_FEATURE,
                f"{key} is not supported: {why}.",
                (key,),
                _INSTEAD.get(key),
            )


def _detachable(config: Mapping[str, Any]) -> Iterator[Finding]:
    if config.get("layer_replication"):
        yield refused(
            FindingCode.NOT_DETACHABLE,
            "layer_replication rebuilds the base's layers, and neither disabling nor unloading "
            "the adapter restores the base.",
            ("layer_replication",),
            "Save the expanded model as a separate base and train the adapter on that.",
        )
    if config.get("kasa_config"):
        yield refused(
            FindingCode.NOT_DETACHABLE,
            "kasa_config cuts singular values out of the base's weights when it is attached.",
            ("kasa_config",),
        )
    start = config.get("init_lora_weights")
    if isinstance(start, str) and start.lower().startswith(_MUTATING):
        yield refused(
            FindingCode.BASE_MUTATING_INIT,
            f"init_lora_weights={start} moves part of the base's weights into the adapter, so "
            "attaching it changes the base itself.",
            ("init_lora_weights",),
            "Convert it to a plain LoRA: PeftModel.save_pretrained(..., "
            "path_initial_model_for_weight_conversion=<the adapter as it was before training>).",
        )


def _variants(config: Mapping[str, Any]) -> Iterator[Finding]:
    if saved := tuple(config.get("modules_to_save") or ()):
        yield warned(
            FindingCode.MODULES_TO_SAVE,
            f"It contains fully trained copies of {', '.join(saved)}, which PEFT's unload() would "
            "leave in the base. gate takes them out of the tree and proves it.",
            saved,
        )
    if (bias := config.get("bias", "none")) != "none":
        yield warned(
            FindingCode.TRAINED_BIAS,
            f"bias={bias}: PEFT writes trained biases into the base's own; detaching is proven "
            "for this adapter.",
        )
    named = [
        label
        for key, label in (
            ("use_dora", "DoRA"),
            ("use_rslora", "rsLoRA"),
            ("trainable_token_indices", "trainable tokens"),
            ("lora_bias", "bias on B"),
        )
        if config.get(key)
    ]
    if named:
        yield told(
            FindingCode.VARIANT,
            f"Variant: {', '.join(named)}. Detaching is proven for this adapter.",
            tuple(named),
        )
    scale = config["lora_alpha"] / (
        math.sqrt(config["r"]) if config.get("use_rslora") else config["r"]
    )
    if abs(scale) > EXTREME_SCALE:
        yield warned(
            FindingCode.EXTREME_SCALE,
            f"lora_alpha {config['lora_alpha']:g} at r={config['r']} scales the update by "
            f"{scale:g}.",
        )
