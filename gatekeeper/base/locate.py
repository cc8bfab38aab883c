"""Where a base is: a local folder, the hub's cache, or the embedded model."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gatekeeper.base.embedded import ALIASES, embedded_base
from gatekeeper.errors import BaseError
from gatekeeper.files.model_folder import ModelFolder
from gatekeeper.files.tokenizer_files import TOKENIZER_FILES

__all__ = ["BaseSpec", "resolve_base"]

_HUB_FILES = ["*.safetensors", "*.safetensors.index.json", "config.json", "generation_config.json"]


@dataclass(frozen=True, slots=True)
class BaseSpec:
    """What a user names: a folder, a hub id, or the embedded model, and how to compute with it."""

    ref: str
    revision: str | None = None
    dtype: str = "auto"
    quantization: str = "none"


def resolve_base(ref: str, revision: str | None = None) -> Path:
    """Find the folder of a base: the embedded one, a local folder, or a hub id.

    A hub id comes from the local cache, or is downloaded unless HF_HUB_OFFLINE is set. Raises
    BaseError when it cannot be found, and for weights that exist only as pickles.
    """
    if ref in ALIASES:
        return embedded_base()
    path = Path(ref).expanduser()
    if path.is_dir():
        return _whole(path)
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
        return _whole(Path(snapshot_download(**wanted, local_files_only=True)))
    except Exception as problem:  # huggingface_hub raises many kinds, some of them ValueErrors
        if constants.HF_HUB_OFFLINE:
            raise BaseError(
                f"The base {ref!r} is not in the local hub cache, and HF_HUB_OFFLINE is set.",
                f"With network access, run: {command}",
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
    return _whole(folder)


def _whole(folder: Path) -> Path:
    """The folder again, once its weight files are known to be there."""
    _ = ModelFolder(folder).weight_files
    return folder
