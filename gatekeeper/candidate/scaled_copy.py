"""The same adapter at another scale: alpha multiplied, weights untouched, its origin recorded.

The update of a LoRA module is alpha / r · B·A, so a smaller alpha is the same adapter, weaker; at
zero it is the base. What alpha does not scale (whole modules, biases, DoRA's magnitudes) cannot be
weakened this way and is refused.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gatekeeper.candidate.folder import CONFIG, WEIGHTS, read_adapter
from gatekeeper.errors import AdapterRefused, ConfigError
from gatekeeper.files.untrusted import UnsafeFileError, copy_file
from gatekeeper.training.run_manifest import (
    find_manifest,
    manifest_path,
    read_manifest,
    write_manifest,
)

__all__ = ["scaled_copy", "unscalable"]

_STATE = "trainer_state.json"


def unscalable(config: Mapping[str, Any]) -> str | None:
    """Why alpha does not scale the whole of this adapter; None when it does."""
    if config.get("peft_type") != "LORA":
        return "it is not a LoRA adapter"
    if config.get("modules_to_save"):
        return "it contains whole modules (modules_to_save), which alpha does not scale"
    if config.get("trainable_token_indices"):
        return "it contains whole token embeddings, which alpha does not scale"
    if config.get("bias") not in (None, "none") or config.get("lora_bias"):
        return "it contains biases, which alpha does not scale"
    if config.get("use_dora"):
        return "it is a DoRA adapter, whose magnitudes alpha does not scale"
    return None


def scaled_copy(source: Path, target: Path, factor: float, *, name: str | None = None) -> str:
    """Write `source` with alpha times `factor` into the new folder `target`; return its digest.

    With a `name` the run manifest and the training curve are copied too, and the manifest says
    what it was rescaled from. Raises AdapterRefused for what cannot be read or scaled, ConfigError
    when `target` already exists.
    """
    read = read_adapter(source)
    if read.kind != "adapter" or read.problems:
        raise AdapterRefused(
            f"{source} is not a readable adapter, so it cannot be rescaled.",
            f"Run `gate inspect {source}` to see why.",
        )
    if why := unscalable(read.config):
        raise AdapterRefused(
            f"{source} cannot be rescaled: {why}.", "Train it more gently instead."
        )
    if target.exists():
        raise ConfigError(f"{target} already exists.", "Name another folder with --out.")
    target.mkdir(parents=True)
    try:
        copy_file(source, WEIGHTS, target)
    except UnsafeFileError as problem:
        raise AdapterRefused(f"{source}: {problem}, so it was not opened.") from problem
    config = dict(read.config)
    config["lora_alpha"] = _scaled(config["lora_alpha"], factor)
    if patterns := config.get("alpha_pattern"):
        config["alpha_pattern"] = {key: _scaled(alpha, factor) for key, alpha in patterns.items()}
    (target / CONFIG).write_text(json.dumps(config, indent=2) + "\n", encoding="utf-8")
    if name is not None:
        _carry_run(source, target, name, read.digest, config["lora_alpha"])
    return read_adapter(target).digest


def _scaled(alpha: float, factor: float) -> float:
    """Ten significant digits: 16 · 0.7 is 11.2 and not 11.199999999999999."""
    return float(f"{alpha * factor:.10g}")


def _carry_run(source: Path, target: Path, name: str, origin: str, alpha: float) -> None:
    """The training run stays the same; only name, alpha and origin change."""
    place = find_manifest(source)
    if place is None:
        return
    manifest = read_manifest(place)
    files = {"dataset": manifest.dataset, "validation_dataset": manifest.validation_dataset}
    located = {
        key: manifest_path(place.parent / Path(file).expanduser(), target)
        for key, file in files.items()
        if file
    }
    changed = {
        "name": name, "adapter": {**manifest.adapter, "alpha": alpha}, "rescaled_from": origin,
        "parent": origin, "escalated_from": None,
    }  # fmt: skip
    write_manifest(manifest.model_copy(update=located | changed), target)
    states = [source / _STATE, place.parent / _STATE]
    state = next((file for file in states if file.is_file() and not file.is_symlink()), None)
    if state is not None:
        shutil.copyfile(state, target / _STATE)
