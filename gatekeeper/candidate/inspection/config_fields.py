"""The fields of adapter_config.json and what each may hold: LoraConfig of PEFT 0.21, as data."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

__all__ = ["FIELDS", "MAX_RANK"]

MAX_RANK = 65_536

_LARGEST = 3.4028234663852886e38
"""Of float32."""

_Check = Callable[[Any], bool]


def _number(value: Any) -> bool:
    """A number that float32, in which adapters compute, can hold; NaN compares as false."""
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= _LARGEST


def _rank(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 < value <= MAX_RANK


def _flag(value: Any) -> bool:
    return isinstance(value, bool)


def _text(value: Any) -> bool:
    return value is None or isinstance(value, str)


def _names(value: Any) -> bool:
    return value is None or (isinstance(value, list) and all(isinstance(n, str) for n in value))


def _names_or_text(value: Any) -> bool:
    return _names(value) or isinstance(value, str)


def _integers(value: Any) -> bool:
    return isinstance(value, list) and all(
        isinstance(n, int) and not isinstance(n, bool) and n >= 0 for n in value
    )


def _layers(value: Any) -> bool:
    return value is None or _integers(value) or _integers([value])


def _tokens(value: Any) -> bool:
    if isinstance(value, dict):
        return all(_integers(indices) for indices in value.values())
    return value is None or _integers(value)


def _map_of(check: _Check) -> _Check:
    return lambda value: (
        value is None or (isinstance(value, dict) and all(check(v) for v in value.values()))
    )


def _anything(value: Any) -> bool:
    return True


def _initialisation(value: Any) -> bool:
    return value is None or isinstance(value, bool | str)


FIELDS: Mapping[str, _Check] = {
    "alora_invocation_tokens": lambda v: v is None or _integers(v),
    "alpha_pattern": _map_of(_number),
    "arrow_config": _anything,
    "auto_mapping": lambda v: v is None or isinstance(v, dict),
    "base_model_name_or_path": _text,
    "bias": lambda v: v in ("none", "all", "lora_only"),
    "corda_config": _anything,
    "ensure_weight_tying": _flag,
    "eva_config": _anything,
    "exclude_modules": _names_or_text,
    "fan_in_fan_out": _flag,
    "inference_mode": _flag,
    "init_lora_weights": _initialisation,
    "kasa_config": _anything,
    "layer_replication": lambda v: v is None or isinstance(v, list),
    "layers_pattern": _names_or_text,
    "layers_to_transform": _layers,
    "loftq_config": _anything,
    "lora_alpha": _number,
    "lora_bias": _flag,
    "lora_dropout": lambda v: _number(v) and 0 <= v <= 1,
    "lora_ga_config": _anything,
    "megatron_config": _anything,
    "megatron_core": _text,
    "modules_to_save": _names,
    "monteclora_config": _anything,
    "peft_type": _text,
    "peft_version": _text,
    "qalora_group_size": lambda v: v is None or _rank(v),
    "r": _rank,
    "rank_pattern": _map_of(_rank),
    "revision": _text,
    "runtime_config": _anything,
    "target_modules": _names_or_text,
    "target_parameters": _names,
    "task_type": _text,
    "trainable_token_indices": _tokens,
    "use_bdlora": _anything,
    "use_dora": _flag,
    "use_qalora": _flag,
    "use_rslora": _flag,
    "velora_config": _anything,
}
