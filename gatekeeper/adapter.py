"""A candidate's folder: read it, copy what counts, and say what its files alone can tell.

No torch, and nothing is loaded: pickles are never opened, links that leave the folder are never
followed, code that a config names is never imported. What is read is first copied (`snapshot`),
so what was inspected is what is loaded later.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from gatekeeper.base import base_config, base_tensors, pin_base
from gatekeeper.digests import digest_file, digest_json
from gatekeeper.errors import AdapterRefused, BaseError, ConfigError
from gatekeeper.evidence import BasePin, CandidatePin, Finding
from gatekeeper.foreign_files import UnsafeFileError, copy_file, parse_json, read_small, safe_path
from gatekeeper.inspection.checkpoint import judge_checkpoint
from gatekeeper.inspection.codes import FindingCode, held, refused, told
from gatekeeper.inspection.config import judge_config
from gatekeeper.inspection.surroundings import judge_surroundings
from gatekeeper.inspection.tensors import judge_tensors
from gatekeeper.safetensors_file import DamagedFileError, StoredTensor, read_tensors
from gatekeeper.tokenizer_files import TOKENIZER_FILES

__all__ = ["AdapterFolder", "FindingCode", "inspect_static", "read_adapter", "snapshot"]

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

    @property
    def readable(self) -> bool:
        """Whether config and weights could both be read."""
        return not self.problems


def snapshot(folder: Path, destination: Path) -> Path:
    """Copy a candidate's config and safetensors to `destination`, and give that folder back.

    For a full checkpoint its tokenizer goes along. Nothing else is copied, so pickles and links
    stay behind. Raises AdapterRefused when there is no candidate or its files are unsafe, and
    ConfigError when there is no such folder.
    """
    _require_folder(folder)
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
        raise ConfigError(
            f"{folder} is not a folder.",
            "Give the folder that PEFT saved: it holds adapter_config.json.",
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
            f"{folder} holds adapter weights but no {CONFIG}.",
            "Copy the config that PEFT saved with them.",
        )
    raise AdapterRefused(
        f"{folder} holds neither {CONFIG} nor config.json, so it is no candidate.",
        "Give the folder that PEFT saved, or a full checkpoint.",
    )


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
        return {}, None, (_no_weights(folder),)
    digest = digest_file(file)
    try:
        return read_tensors(file), digest, ()
    except DamagedFileError as problem:
        finding = refused(
            FindingCode.WEIGHTS_UNREADABLE,
            f"{WEIGHTS} is no sound safetensors file: {problem}.",
            (WEIGHTS,),
            "Copy or save it again; it may have been cut off on the way.",
        )
        return {}, digest, (finding,)


def _no_weights(folder: Path) -> Finding:
    pickles = tuple(name for name in PICKLES if (folder / name).exists())
    if pickles:
        return refused(
            FindingCode.PICKLE_ONLY,
            f"The weights are there only as a pickle ({pickles[0]}), which can run code when "
            "opened; it was not.",
            pickles,
            "Save it again with safe_serialization=True: adapter_model.safetensors.",
        )
    return refused(FindingCode.WEIGHTS_UNREADABLE, f"{WEIGHTS} is not there.", (WEIGHTS,))


def _read_checkpoint(folder: Path) -> AdapterFolder:
    try:
        for name in _names(folder):
            safe_path(folder, name)
        tensors = base_tensors(folder)
        return AdapterFolder(
            path=folder,
            kind="checkpoint",
            digest=pin_base(folder, folder.name, "float32").digest,
            config=base_config(folder),
            tensors=tensors,
        )
    except UnsafeFileError as problem:
        finding = refused(FindingCode.UNSAFE_FILE, f"{problem}, so it was not opened.")
    except BaseError as problem:
        pickle = "pickle" in problem.message
        code = FindingCode.PICKLE_ONLY if pickle else FindingCode.WEIGHTS_UNREADABLE
        finding = refused(code, problem.message, hint=problem.hint)
    return AdapterFolder(folder, "checkpoint", digest_json(None), {}, {}, (finding,))


def inspect_static(
    folder: Path,
    base_pin: BasePin | None = None,
    base_folder: Path | None = None,
    manifest_base_digest: str | None = None,
    *,
    source: Path | None = None,
) -> tuple[CandidatePin, tuple[Finding, ...]]:
    """Pin a candidate and find what its files tell, from unsafe to merely unusual.

    `folder` is usually a snapshot; `source` is where it came from, for its name and for what lies
    beside it. Without a base the findings say what could not be told. Raises AdapterRefused only
    when there is nothing to read at all, BaseError when the base itself is broken.
    """
    read = read_adapter(folder)
    origin = source or folder
    pin = _pin(read, origin)
    problems = tuple(
        _no_weights(origin) if p.code == FindingCode.WEIGHTS_UNREADABLE and _lost(read) else p
        for p in read.problems
    )
    findings = [*problems, *_base_identity(read, base_pin, manifest_base_digest)]
    if read.readable:
        findings += _judge(read, base_folder)
        findings += judge_surroundings(origin, base_folder)
    return pin, _ordered(findings)


def _lost(read: AdapterFolder) -> bool:
    """The snapshot has no weights: only the source can say whether a pickle is to blame."""
    return read.kind == "adapter" and not (read.path / WEIGHTS).exists()


def _judge(read: AdapterFolder, base_folder: Path | None) -> Iterator[Finding]:
    base = base_tensors(base_folder) if base_folder else None
    if read.kind == "checkpoint":
        yield from judge_checkpoint(
            read.config, read.tensors, base, base_config(base_folder) if base_folder else None
        )
        return
    judged = judge_config(read.config)
    yield from judged
    if base is None:
        yield told(
            FindingCode.BASE_NOT_COMPARED,
            "Without the base, names and shapes could only be checked against each other.",
        )
    # A config that is not understood says nothing about which tensors to expect.
    if not any(finding.severity == "refuse" for finding in judged):
        yield from judge_tensors(
            read.config, read.tensors, base, base_config(base_folder) if base_folder else None
        )


def _base_identity(
    read: AdapterFolder, base_pin: BasePin | None, manifest_digest: str | None
) -> Iterator[Finding]:
    if base_pin is None:
        return
    if manifest_digest is None:
        yield held(
            FindingCode.BASE_NOT_PINNED,
            "Nothing says by digest which base it was trained on; another base of the same shape "
            "would load without a word.",
            hint=f"Write base_digest: {base_pin.digest} into the run manifest, if that is so.",
        )
    elif manifest_digest != base_pin.digest:
        yield refused(
            FindingCode.WRONG_BASE,
            f"It was trained on the base {manifest_digest[:19]}, not on {base_pin.name} "
            f"({base_pin.digest[:19]}).",
            hint="Check it against the base that its run manifest names.",
        )


def _pin(read: AdapterFolder, source: Path) -> CandidatePin:
    config = read.config
    size = sum(tensor.size for tensor in read.tensors.values()) or None
    common: dict[str, Any] = {
        "kind": read.kind,
        "name": source.resolve().name,
        "source": str(source),
        "digest": read.digest,
        "parameters": size,
    }
    if read.kind == "checkpoint":
        return CandidatePin(**common)
    rank, alpha = config.get("r"), config.get("lora_alpha")
    return CandidatePin(
        **common,
        peft_type=_text(config.get("peft_type")),
        rank=rank if isinstance(rank, int) else None,
        alpha=float(alpha) if isinstance(alpha, int | float) else None,
        target_modules=_strings(config.get("target_modules")),
        modules_to_save=_strings(config.get("modules_to_save")),
        base_hint=_text(config.get("base_model_name_or_path")),
    )


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def _strings(value: Any) -> tuple[str, ...]:
    if isinstance(value, str):
        return (value,)
    return tuple(sorted(str(v) for v in value)) if isinstance(value, list) else ()


_RANKING = ("refuse", "hold", "warn", "info")


def _ordered(findings: list[Finding]) -> tuple[Finding, ...]:
    """Worst first, each said once."""
    unique = {json.dumps(f.model_dump(), sort_keys=True): f for f in findings}
    return tuple(sorted(unique.values(), key=lambda f: _RANKING.index(f.severity)))
