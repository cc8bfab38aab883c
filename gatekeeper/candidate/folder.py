"""The files of a candidate's folder: which count, copying them, reading them, their digest.

Pickles are never opened and links that leave the folder are never followed. What is read becomes
values and findings; `inspect_files.py` judges them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from gatekeeper.base.pin import pin_base
from gatekeeper.candidate.finding_codes import FindingCode, refused
from gatekeeper.digests import digest_file, digest_json
from gatekeeper.errors import AdapterRefused, BaseError, ConfigError, PickleOnly
from gatekeeper.evidence import Finding
from gatekeeper.files.model_folder import ModelFolder
from gatekeeper.files.plain_values import text_fault
from gatekeeper.files.tensor_file import DamagedFileError, StoredTensor, read_tensors
from gatekeeper.files.tokenizer_files import TOKENIZER_FILES
from gatekeeper.files.untrusted import UnsafeFileError, copy_file, parse_json, read_small, safe_path
from gatekeeper.phrases import near_path

__all__ = ["CONFIG", "WEIGHTS", "AdapterFolder", "missing_weights", "read_adapter", "snapshot"]

CONFIG = "adapter_config.json"
WEIGHTS = "adapter_model.safetensors"
PICKLES = ("adapter_model.bin", "adapter_model.pt", "adapter_model.pth")

_CONFIG_LIMIT = 4 << 20
_UNORDERED = ("target_modules", "exclude_modules", "modules_to_save", "target_parameters")
"""PEFT keeps these as sets and writes them in an order that changes from save to save."""

_MODEL_FILES = ("config.json", "generation_config.json", "model.safetensors.index.json")


@dataclass(frozen=True)
class AdapterFolder:
    """A candidate as read. `problems` says what could not be read; the digest covers the rest."""

    path: Path
    kind: Literal["adapter", "checkpoint"]
    digest: str
    config: Mapping[str, Any]
    tensors: Mapping[str, StoredTensor]
    problems: tuple[Finding, ...] = field(default=())
    weights_digest: str | None = None
    """Of an adapter's safetensors file: shows whether what is loaded is what was read."""

    @property
    def readable(self) -> bool:
        """Whether config and weights could both be read."""
        return not self.problems


def snapshot(folder: Path, destination: Path) -> Path:
    """Copy a candidate's config and safetensors to `destination`, and return that folder.

    A full checkpoint's tokenizer is copied as well. Nothing else is, so pickles and links stay
    behind. Raises AdapterRefused when there is no candidate or its files are unsafe, and
    ConfigError when there is no such folder.
    """
    _require_folder(folder)
    if text_fault(str(folder)) is not None:
        raise ConfigError(
            f"The path {folder} is not UTF-8 text, so no record could name it.",
            "Rename the folder.",
        )
    names = _names(folder)
    destination.mkdir(parents=True)
    try:
        for name in names:
            copy_file(folder, name, destination)
    except UnsafeFileError as problem:
        raise AdapterRefused(
            f"{folder}: {problem}, so it was not opened.",
            "Give the folder that PEFT saved, with real files in it.",
        ) from problem
    return destination


def _require_folder(folder: Path) -> None:
    if not folder.is_dir():
        near = near_path(folder)
        raise ConfigError(
            f"{folder} is not a folder.",
            (f"Did you mean {near}? " if near else "")
            + "Give the folder that PEFT saved: it contains adapter_config.json. "
            "(To download an adapter from the hub: hf download ORG/NAME --local-dir FOLDER)",
        )


def _names(folder: Path) -> tuple[str, ...]:
    """Names of the files that make up the candidate."""
    if (folder / CONFIG).exists() or (folder / CONFIG).is_symlink():
        return (CONFIG, WEIGHTS)
    if (folder / "config.json").exists():
        shards = sorted(file.name for file in folder.glob("model*.safetensors"))
        return (*_MODEL_FILES, *TOKENIZER_FILES, *shards)
    if (folder / WEIGHTS).exists() or any((folder / name).exists() for name in PICKLES):
        raise AdapterRefused(
            f"{folder} contains adapter weights but no {CONFIG}.",
            "Copy the config that PEFT saved with them.",
        )
    raise AdapterRefused(
        f"{folder} contains neither {CONFIG} nor config.json, so it is not a candidate.",
        _inside(folder) or "Give the folder that PEFT saved, or a full checkpoint.",
    )


def _inside(folder: Path) -> str | None:
    """A trainer's output folder contains checkpoints; most likely the newest is meant."""
    inside = [*folder.glob(f"*/{CONFIG}"), *folder.glob("*/config.json")]
    found = [config for config in inside if config.is_file()]
    if not found:
        return None
    newest = max(found, key=lambda config: (config.stat().st_mtime, config.parent.name))
    return f"Did you mean {newest.parent}?"


def read_adapter(folder: Path) -> AdapterFolder:
    """Read a candidate: an adapter, or a full checkpoint.

    The digest of an adapter covers its config (as values: order and spaces do not count) and the
    bytes of its safetensors, and nothing else in the folder. Raises AdapterRefused when there is
    nothing to read, ConfigError when there is no such folder.
    """
    _require_folder(folder)
    if CONFIG not in _names(folder):
        return _read_checkpoint(folder)
    config, config_digest, config_problems = _read_config(folder)
    tensors, weights_digest, weight_problems = _read_weights(folder)
    return AdapterFolder(
        path=folder,
        kind="adapter",
        digest=digest_json({"config": config_digest, "weights": weights_digest}),
        config=config,
        tensors=tensors,
        problems=(*config_problems, *weight_problems),
        weights_digest=weights_digest,
    )


def _read_config(folder: Path) -> tuple[dict[str, Any], str | None, tuple[Finding, ...]]:
    try:
        data = read_small(folder, CONFIG, _CONFIG_LIMIT)
        content = parse_json(data or b"")
        if not isinstance(content, dict):
            raise ValueError("it is not a JSON object")
        return content, digest_json(_canonical(content)), ()
    except UnsafeFileError as problem:
        finding = refused(FindingCode.UNSAFE_FILE, f"{problem}, so it was not opened.")
    except ValueError as problem:
        finding = refused(FindingCode.CONFIG_UNREADABLE, f"{CONFIG} cannot be read: {problem}.")
    return {}, None, (finding,)


def _canonical(config: Mapping[str, Any]) -> dict[str, Any]:
    return {
        key: sorted(value, key=str) if key in _UNORDERED and isinstance(value, list) else value
        for key, value in config.items()
    }


def _read_weights(
    folder: Path,
) -> tuple[Mapping[str, StoredTensor], str | None, tuple[Finding, ...]]:
    try:
        file = safe_path(folder, WEIGHTS)
    except UnsafeFileError as problem:
        return {}, None, (refused(FindingCode.UNSAFE_FILE, f"{problem}, so it was not opened."),)
    if file is None:
        return {}, None, (missing_weights(folder),)
    digest = digest_file(file)
    try:
        return read_tensors(file), digest, ()
    except DamagedFileError as problem:
        finding = refused(
            FindingCode.WEIGHTS_UNREADABLE,
            f"{WEIGHTS} is not a valid safetensors file: {problem}.",
            (WEIGHTS,),
            "Copy or save it again; it may have been truncated in transit.",
        )
        return {}, digest, (finding,)


def missing_weights(folder: Path) -> Finding:
    """Why a folder has no safetensors: a pickle in their place, or nothing at all."""
    pickles = tuple(name for name in PICKLES if (folder / name).exists())
    if pickles:
        return refused(
            FindingCode.PICKLE_ONLY,
            f"The weights exist only as a pickle ({pickles[0]}), which can run code when opened, "
            "so it was not opened.",
            pickles,
            "Save it again with safe_serialization=True: adapter_model.safetensors.",
        )
    return refused(FindingCode.WEIGHTS_UNREADABLE, f"{WEIGHTS} is missing.", (WEIGHTS,))


def _read_checkpoint(folder: Path) -> AdapterFolder:
    model = ModelFolder(folder)
    try:
        for name in _names(folder):
            safe_path(folder, name)
        tensors = model.tensors
        return AdapterFolder(
            path=folder,
            kind="checkpoint",
            digest=pin_base(model, folder.name, "float32").digest,
            config=model.config,
            tensors=tensors,
        )
    except UnsafeFileError as problem:
        finding = refused(FindingCode.UNSAFE_FILE, f"{problem}, so it was not opened.")
    except PickleOnly as problem:
        finding = refused(FindingCode.PICKLE_ONLY, problem.message, hint=problem.hint)
    except BaseError as problem:
        finding = refused(FindingCode.WEIGHTS_UNREADABLE, problem.message, hint=problem.hint)
    return AdapterFolder(folder, "checkpoint", digest_json(None), {}, {}, (finding,))
