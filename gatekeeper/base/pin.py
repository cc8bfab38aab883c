"""The base: where it is, and what exactly it is.

A base is named by the digest of its contents: weights, config, tokenizer, chat template. How it is
computed with (dtype, quantization) stands beside the digest, never in it, so an adapter trained on
a 4-bit copy and one trained on float32 name the same base. Nothing here loads a model.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gatekeeper.base.embedded import ALIASES, embedded_base
from gatekeeper.digests import digest_json
from gatekeeper.errors import BaseError
from gatekeeper.evidence import BasePin
from gatekeeper.files.digest_cache import cached_digest
from gatekeeper.files.tensor_file import DamagedFileError, StoredTensor, read_tensors
from gatekeeper.files.tokenizer_files import TOKENIZER_FILES, TokenizerFiles, read_tokenizer
from gatekeeper.files.untrusted import parse_json

__all__ = [
    "VOLATILE_CONFIG",
    "BaseSpec",
    "base_config",
    "base_tensors",
    "pin_base",
    "resolve_base",
    "settled_dtype",
    "weight_files",
]

VOLATILE_CONFIG = frozenset(
    {
        "_attn_implementation_autoset",
        "_model_name_or_path",
        "_name_or_path",
        "dtype",
        "torch_dtype",
        "transformers_version",
        "use_cache",
    }
)
"""Keys of config.json that saving changes and that change no computation."""

_PICKLES = ("pytorch_model.bin", "pytorch_model.bin.index.json", "model.pt", "model.pth")
_HUB_FILES = ["*.safetensors", "*.safetensors.index.json", "config.json", "generation_config.json"]


@dataclass(frozen=True, slots=True)
class BaseSpec:
    """What a user names: a folder, a hub id, or the embedded model, and how to compute with it."""

    ref: str
    revision: str | None = None
    dtype: str = "auto"
    quantization: str = "none"


def settled_dtype(dtype: str, device: str = "cpu") -> str:
    """Turn "auto" into a dtype: float32 on a CPU, bfloat16 on an accelerator."""
    if dtype != "auto":
        return dtype
    return "float32" if device == "cpu" else "bfloat16"


def resolve_base(ref: str, revision: str | None = None) -> Path:
    """Find the folder of a base: the embedded one, a local folder, or a hub id.

    A hub id comes from the local cache, or is downloaded unless HF_HUB_OFFLINE is set. Raises
    BaseError when it cannot be found, and for weights that exist only as pickles.
    """
    if ref in ALIASES:
        return embedded_base()
    path = Path(ref).expanduser()
    if path.is_dir():
        weight_files(path)
        return path
    if path.is_absolute() or ref.startswith(("./", "../", "~")) or ref.count("/") != 1:
        raise BaseError(
            f"The base {ref!r} is neither a folder nor a hub id.",
            f"Give a folder with config.json and safetensors, an id such as org/model, or "
            f"{ALIASES[0]!r} for the embedded one.",
        )
    return _from_hub(ref, revision)


def _from_hub(ref: str, revision: str | None) -> Path:
    from huggingface_hub import constants, snapshot_download

    wanted: dict[str, Any] = {
        "repo_id": ref,
        "revision": revision,
        "allow_patterns": [*_HUB_FILES, *TOKENIZER_FILES],
    }
    pin = f" --revision {revision}" if revision else ""
    command = f"hf download {ref}{pin} --include '*.safetensors' '*.json' '*.jinja' '*.model'"
    try:
        folder = Path(snapshot_download(**wanted, local_files_only=True))
        weight_files(folder)
        return folder
    except Exception as problem:  # huggingface_hub raises many kinds, some of them ValueErrors
        if constants.HF_HUB_OFFLINE:
            raise BaseError(
                f"The base {ref!r} is not in the local hub cache, and HF_HUB_OFFLINE is set.",
                f"Where there is a network, run: {command}",
            ) from problem
    try:
        folder = Path(snapshot_download(**wanted, etag_timeout=10))
    except Exception as problem:
        gated = "Gated" in type(problem).__name__
        raise BaseError(
            f"The base {ref!r} is not in the local hub cache and could not be downloaded "
            f"({type(problem).__name__}).",
            "Accept its licence on the hub and set HF_TOKEN." if gated else f"Run: {command}",
        ) from problem
    weight_files(folder)
    return folder


def weight_files(folder: Path) -> tuple[Path, ...]:
    """The safetensors files of a model folder, sorted by name.

    Raises BaseError when there is no config, no safetensors, or a shard is missing.
    """
    if not (folder / "config.json").is_file():
        raise BaseError(f"{folder} holds no config.json, so it is not a model.")
    index = folder / "model.safetensors.index.json"
    if index.is_file():
        names = sorted(set(_weight_map(index).values()))
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


def _weight_map(index: Path) -> dict[str, str]:
    try:
        content = parse_json(index.read_bytes())
        found = {str(tensor): str(file) for tensor, file in content["weight_map"].items()}
    except (ValueError, KeyError, TypeError, AttributeError) as problem:
        raise BaseError(f"{index} is not an index of weights: {problem}") from problem
    if any(file != Path(file).name for file in found.values()):
        raise BaseError(f"{index} names files outside its folder.")
    return found


def base_config(folder: Path) -> dict[str, Any]:
    """config.json of a model folder. Raises BaseError when it is unreadable."""
    try:
        content = parse_json((folder / "config.json").read_bytes())
    except (OSError, ValueError) as problem:
        raise BaseError(f"{folder / 'config.json'} cannot be read: {problem}") from problem
    if not isinstance(content, dict):
        raise BaseError(f"{folder / 'config.json'} is not a JSON object.")
    return content


def base_tensors(folder: Path) -> Mapping[str, StoredTensor]:
    """Every stored tensor of a model folder, by its name in the files. Raises BaseError."""
    found: dict[str, StoredTensor] = {}
    for file in weight_files(folder):
        try:
            found.update(read_tensors(file))
        except DamagedFileError as problem:
            raise BaseError(f"{file} is no sound safetensors file: {problem}") from problem
    return found


def pin_base(
    path: Path,
    name: str,
    dtype: str = "auto",
    quantization: str = "none",
    *,
    device: str = "cpu",
    revision: str | None = None,
) -> BasePin:
    """Pin a base: the same contents give the same digest wherever they lie.

    File digests are cached by path, size, time and inode, so only the first pin reads the weights.
    Raises BaseError when a file is missing or unreadable.
    """
    if quantization not in ("none", "nf4"):
        raise BaseError(f"Quantization {quantization!r} is not known.", "Use none or nf4.")
    files = weight_files(path)
    index = path / "model.safetensors.index.json"
    weights: dict[str, Any] = {file.name: cached_digest(file) for file in files}
    if index.is_file():
        # The index decides which shard wins when two hold the same tensor.
        weights["weight_map"] = digest_json(_weight_map(index))
    weights_digest = digest_json(weights)
    config = {k: v for k, v in base_config(path).items() if k not in VOLATILE_CONFIG}
    config_digest = digest_json(config)
    tokenizer = _tokenizer(path)
    digest = digest_json(
        {
            "weights": weights_digest,
            "config": config_digest,
            "tokenizer": tokenizer.digest,
            "chat_template": tokenizer.chat_template,
        }
    )
    return BasePin(
        name=name,
        source=str(path),
        revision=revision or _hub_commit(path),
        dtype=settled_dtype(dtype, device),
        quantization=quantization,
        digest=digest,
        weights_digest=weights_digest,
        config_digest=config_digest,
        tokenizer_digest=tokenizer.digest,
        chat_template_digest=tokenizer.chat_template,
    )


def _tokenizer(path: Path) -> TokenizerFiles:
    try:
        return read_tokenizer(path)
    except ValueError as problem:
        raise BaseError(f"The tokenizer of {path} cannot be read: {problem}") from problem


def _hub_commit(path: Path) -> str | None:
    folder = Path(os.path.abspath(path))  # noqa: PTH100 - not resolve(): the link's place counts
    if folder.parent.name == "snapshots":
        return folder.name
    return None
