"""A model folder, the base's or a full checkpoint's: its config, weight files, tensors, tokenizer.

Read without torch and without trust: no pickle is opened and no index leads out of the folder.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from gatekeeper.errors import BaseError, PickleOnly
from gatekeeper.files.tensor_file import DamagedFileError, StoredTensor, read_tensors
from gatekeeper.files.tokenizer_files import TokenizerFiles, read_tokenizer
from gatekeeper.files.untrusted import parse_json

__all__ = ["ModelFolder"]

_PICKLES = ("pytorch_model.bin", "pytorch_model.bin.index.json", "model.pt", "model.pth")


@dataclass(frozen=True)
class ModelFolder:
    """A model folder, each part of which is read once, when it is first asked for.

    Later changes in the folder are not seen; to see them, create a new one. Every part raises
    BaseError when it is missing or unreadable, each time it is asked for.
    """

    path: Path

    @cached_property
    def config(self) -> Mapping[str, Any]:
        """config.json."""
        file = self.path / "config.json"
        try:
            content = parse_json(file.read_bytes())
        except (OSError, ValueError) as problem:
            raise BaseError(f"{file} cannot be read: {problem}") from problem
        if not isinstance(content, dict):
            raise BaseError(f"{file} is not a JSON object.")
        return content

    @cached_property
    def weight_map(self) -> Mapping[str, str] | None:
        """Tensor name to file name, from the index of shards; None when there is no index.

        Raises BaseError when it is damaged or leads out of the folder.
        """
        index = self.path / "model.safetensors.index.json"
        if not index.is_file():
            return None
        try:
            content = parse_json(index.read_bytes())
            found = {str(tensor): str(file) for tensor, file in content["weight_map"].items()}
        except (ValueError, KeyError, TypeError, AttributeError) as problem:
            raise BaseError(f"{index} is not an index of weights: {problem}") from problem
        if any(file != Path(file).name for file in found.values()):
            raise BaseError(f"{index} names files outside its folder.")
        return found

    @cached_property
    def weight_files(self) -> tuple[Path, ...]:
        """The safetensors files, sorted by name.

        Raises BaseError when there is no config, no safetensors, or a shard is missing.
        """
        folder = self.path
        if not (folder / "config.json").is_file():
            raise BaseError(f"{folder} contains no config.json, so it is not a model.")
        if self.weight_map is not None:
            names = sorted(set(self.weight_map.values()))
            missing = [name for name in names if not (folder / name).is_file()]
            if missing:
                raise BaseError(f"{folder} is missing the weight shards {', '.join(missing)}.")
            return tuple(folder / name for name in names)
        if (folder / "model.safetensors").is_file():
            return (folder / "model.safetensors",)
        if any((folder / name).exists() for name in _PICKLES):
            raise PickleOnly(
                f"{folder} has its weights only as pickles, which can run code when opened.",
                "Convert them to safetensors first.",
            )
        raise BaseError(f"{folder} contains no model.safetensors.")

    @cached_property
    def tensors(self) -> Mapping[str, StoredTensor]:
        """Name, dtype, shape and place of every stored tensor; numbers stay on disk."""
        found: dict[str, StoredTensor] = {}
        for file in self.weight_files:
            try:
                found.update(read_tensors(file))
            except DamagedFileError as problem:
                raise BaseError(f"{file} is not a valid safetensors file: {problem}") from problem
        return found

    @cached_property
    def tokenizer(self) -> TokenizerFiles:
        """What its tokenizer files mean."""
        try:
            return read_tokenizer(self.path)
        except ValueError as problem:
            raise BaseError(f"The tokenizer of {self.path} cannot be read: {problem}") from problem
