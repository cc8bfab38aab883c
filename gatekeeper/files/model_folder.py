"""A model folder, the base's or a full checkpoint's: its config, its weight files, its tensors.

Read without torch and without trust: no pickle is opened and no index leads out of the folder.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gatekeeper.errors import BaseError
from gatekeeper.files.tensor_file import DamagedFileError, StoredTensor, read_tensors
from gatekeeper.files.untrusted import parse_json

__all__ = ["model_config", "model_tensors", "weight_files", "weight_map"]

_PICKLES = ("pytorch_model.bin", "pytorch_model.bin.index.json", "model.pt", "model.pth")


def weight_files(folder: Path) -> tuple[Path, ...]:
    """The safetensors files of a model folder, sorted by name.

    Raises BaseError when there is no config, no safetensors, or a shard is missing.
    """
    if not (folder / "config.json").is_file():
        raise BaseError(f"{folder} holds no config.json, so it is not a model.")
    index = folder / "model.safetensors.index.json"
    if index.is_file():
        names = sorted(set(weight_map(index).values()))
        missing = [name for name in names if not (folder / name).is_file()]
        if missing:
            raise BaseError(f"{folder} lacks the weight shards {', '.join(missing)}.")
        return tuple(folder / name for name in names)
    if (folder / "model.safetensors").is_file():
        return (folder / "model.safetensors",)
    if any((folder / name).exists() for name in _PICKLES):
        raise BaseError(
            f"{folder} holds its weights only as pickles, which can run code when opened.",
            "Convert them to safetensors first.",
        )
    raise BaseError(f"{folder} holds no model.safetensors.")


def weight_map(index: Path) -> dict[str, str]:
    """Tensor name to file name, from an index. Raises BaseError when it is damaged or leads out."""
    try:
        content = parse_json(index.read_bytes())
        found = {str(tensor): str(file) for tensor, file in content["weight_map"].items()}
    except (ValueError, KeyError, TypeError, AttributeError) as problem:
        raise BaseError(f"{index} is not an index of weights: {problem}") from problem
    if any(file != Path(file).name for file in found.values()):
        raise BaseError(f"{index} names files outside its folder.")
    return found


def model_config(folder: Path) -> dict[str, Any]:
    """config.json of a model folder. Raises BaseError when it is unreadable."""
    try:
        content = parse_json((folder / "config.json").read_bytes())
    except (OSError, ValueError) as problem:
        raise BaseError(f"{folder / 'config.json'} cannot be read: {problem}") from problem
    if not isinstance(content, dict):
        raise BaseError(f"{folder / 'config.json'} is not a JSON object.")
    return content


def model_tensors(folder: Path) -> Mapping[str, StoredTensor]:
    """Every stored tensor of a model folder, by its name in the files. Raises BaseError."""
    found: dict[str, StoredTensor] = {}
    for file in weight_files(folder):
        try:
            found.update(read_tensors(file))
        except DamagedFileError as problem:
            raise BaseError(f"{file} is no sound safetensors file: {problem}") from problem
    return found
