"""A model folder as a frozen torch module: its device, dtype, 4-bit weights, one GPU or several."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch

from gatekeeper.base.pin import settled_dtype
from gatekeeper.errors import BaseError, first_line
from gatekeeper.evidence import BasePin
from gatekeeper.files.model_folder import ModelFolder
from gatekeeper.scoring.model.bitsandbytes_import import importing_bitsandbytes
from gatekeeper.scoring.out_of_memory import MORE_MEMORY, is_out_of_memory

__all__ = ["default_device", "load_model"]

_SHARE_FOR_WEIGHTS = 0.7
"""Of a GPU's free memory; the rest is for states, logits and adapters."""
_DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}


def default_device() -> str:
    """ "cuda" where there is one, else "cpu"."""
    return "cuda" if torch.cuda.is_available() else "cpu"


def load_model(folder: ModelFolder, pin: BasePin, device: str) -> Any:
    """Load a model folder as the pin says, never wrapped by anything. Raises BaseError."""
    from transformers import AutoModelForCausalLM

    dtype = _DTYPES.get(settled_dtype(pin.dtype, device))
    if dtype is None:
        raise BaseError(f"Unknown dtype {pin.dtype!r}.", f"Use one of {', '.join(_DTYPES)}.")
    options: dict[str, Any] = {}
    if pin.quantization == "nf4":
        options = _nf4(dtype, device)
    elif _needs_several(folder, dtype, device):
        options = {"device_map": "auto"}
    try:
        with _quiet():
            model = AutoModelForCausalLM.from_pretrained(
                str(folder.path),
                config=_config(folder.path),
                dtype=dtype,
                local_files_only=True,
                trust_remote_code=False,
                use_safetensors=True,
                **options,
            )
            if not options:
                model = model.to(device)
    except Exception as problem:
        hint = MORE_MEMORY if is_out_of_memory(problem) else None
        raise BaseError(f"{folder.path} cannot be loaded: {first_line(problem)}", hint) from problem
    if pin.quantization == "nf4":
        _keep_layout(model)
    _require_resident(folder.path, model)
    model.eval()
    for parameter in model.parameters():
        parameter.requires_grad_(False)
    return model


def _config(folder: Path) -> Any:
    """The folder's config without its choice of attention: transformers uses the default.

    A config may name kernels to download, or ones that this machine does not have.
    """
    from transformers import AutoConfig

    config = AutoConfig.from_pretrained(str(folder), local_files_only=True, trust_remote_code=False)
    parts = (getattr(config, name, None) for name in getattr(config, "sub_configs", {}))
    for each in (config, *filter(None, parts)):
        each._attn_implementation = None
    return config


def _require_resident(folder: Path, model: Any) -> None:
    """What is left outside the GPUs is loaded for each forward, so its bytes cannot be proven."""
    places = set(map(str, (getattr(model, "hf_device_map", None) or {}).values()))
    if "disk" in places or ("cpu" in places and len(places) > 1):
        raise BaseError(
            f"{folder} does not fit on this machine's GPUs; part of it would be left outside.",
            "Use more or larger GPUs, or --quantization nf4.",
        )


def _needs_several(folder: ModelFolder, dtype: torch.dtype, device: str) -> bool:
    """Whether the weights do not fit on one GPU and there are more; layers are then spread."""
    if device != "cuda" or torch.cuda.device_count() < 2:
        return False
    numbers = sum(tensor.size for tensor in folder.tensors.values())
    free, _ = torch.cuda.mem_get_info(0)
    return numbers * dtype.itemsize > _SHARE_FOR_WEIGHTS * free


def _nf4(dtype: torch.dtype, device: str) -> dict[str, Any]:
    try:
        with importing_bitsandbytes():
            import bitsandbytes  # noqa: F401
    except ImportError as problem:
        raise BaseError(
            "A 4-bit base needs the package bitsandbytes.", "Run: pip install bitsandbytes"
        ) from problem
    from transformers import BitsAndBytesConfig

    return {
        "quantization_config": BitsAndBytesConfig(
            load_in_4bit=True, bnb_4bit_quant_type="nf4", bnb_4bit_compute_dtype=dtype
        ),
        "device_map": {"": device},
    }


def _keep_layout(model: Any) -> None:
    """Prevent the repacking of 4-bit weights that some CPUs do in the first forward.

    It happens in place, and reading the weights afterwards (state_dict, DoRA) corrupts the model.
    """
    for module in model.modules():
        if hasattr(module, "support_avx512bf16_for_cpu"):
            module.support_avx512bf16_for_cpu = False


@contextmanager
def _quiet() -> Iterator[None]:
    """Libraries' progress bars would break up ours."""
    from transformers.utils import logging

    shown = logging.is_progress_bar_enabled()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        if shown:
            logging.enable_progress_bar()
