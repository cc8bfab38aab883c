"""Settings: which base, policy, registry and suites, and where each value came from.

Precedence: flag > GATE_* > nearest gate.yaml (up to the git root) > [tool.gatekeeper] in
pyproject.toml > built-in defaults. Paths are relative to the file that contains them.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from gatekeeper.errors import ConfigError
from gatekeeper.files.yaml_document import YamlDocument, read_yaml, validation_message

__all__ = ["ChannelConfig", "ConfigFile", "Settings", "find_config", "settle"]

FILE_NAME = "gate.yaml"
KEYS = ("base", "revision", "dtype", "quantization", "policy", "registry", "channel")
PATHS = ("base", "policy", "registry")


class ChannelConfig(BaseModel):
    """Who and what may move a channel."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    policy: str | None = Field(
        None, description="Count only verdicts under this policy, by its name."
    )
    source: str | None = Field(
        None, alias="from", description="Accept only what that channel currently serves."
    )
    protected: tuple[str, ...] = Field((), description="Users who may move the channel.")


class ConfigFile(BaseModel):
    """gate.yaml, or [tool.gatekeeper] in pyproject.toml."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    base: str | None = Field(None, description="Base model: folder, hub id, or embedded name.")
    revision: str | None = None
    dtype: Literal["auto", "float32", "bfloat16", "float16"] | None = None
    quantization: Literal["none", "nf4"] | None = None
    policy: str | None = Field(None, description="Policy file, or the name of a built-in one.")
    registry: str | None = None
    channel: str | None = None
    suites: tuple[str, ...] = Field((), description="Folders that contain your own suites.")
    channels: dict[str, ChannelConfig] = {}
    objects_dir: str | None = Field(
        None, description="Where a new registry keeps its snapshots, to leave them out of git."
    )
    signing_key: str | None = Field(None, description="SSH key that signs what is recorded.")
    allowed_signers: str | None = Field(
        None, description="OpenSSH allowed signers file: whose recorded checks may be promoted."
    )


@dataclass(frozen=True)
class Settings:
    """Every setting, resolved. `origin` says where each came from."""

    base: str | None
    revision: str | None
    dtype: str
    quantization: str
    policy: str
    registry: Path
    channel: str
    suites: tuple[Path, ...]
    channels: Mapping[str, ChannelConfig]
    file: Path | None
    objects_dir: Path | None = None
    signing_key: Path | None = None
    allowed_signers: Path | None = None
    origin: Mapping[str, str] = field(default_factory=dict)


def find_config(start: Path) -> Path | None:
    """Nearest gate.yaml, else the nearest pyproject.toml with [tool.gatekeeper].

    Looks upward from `start`, at most to the root of the git checkout.
    """
    fallback: Path | None = None
    for folder in (start.resolve(), *start.resolve().parents):
        if (folder / FILE_NAME).is_file():
            return folder / FILE_NAME
        project = folder / "pyproject.toml"
        if fallback is None and project.is_file() and _tool_table(project) is not None:
            fallback = project
        if (folder / ".git").exists():
            break
    return fallback


def settle(
    flags: Mapping[str, Any],
    *,
    start: Path,
    config: Path | None = None,
    environment: Mapping[str, str] = os.environ,
) -> Settings:
    """Resolve every setting.

    Raises ConfigError when the file is missing or wrong, with file and line.
    """
    if config is None and (named := environment.get("GATE_CONFIG")):
        config = Path(named)
    if config is not None and not config.is_file():
        raise ConfigError(f"{config} is not a file.", "Check --config or GATE_CONFIG.")
    path = config or find_config(start)
    parsed = _read(path) if path else ConfigFile()
    folder = path.parent if path else start

    defaults = {
        "base": None,
        "revision": None,
        "dtype": "auto",
        "quantization": "none",
        "policy": "default",
        "registry": str(folder / ".gate"),
        "channel": "production",
    }
    values: dict[str, Any] = {}
    origin: dict[str, str] = {}
    for key in KEYS:
        variable = f"GATE_{key.upper()}"
        if flags.get(key) is not None:
            values[key], origin[key] = flags[key], "flag"
        elif environment.get(variable):
            values[key], origin[key] = environment[variable], variable
        elif (found := getattr(parsed, key)) is not None:
            values[key] = _relative(found, folder) if key in PATHS else found
            origin[key] = str(path)
        else:
            values[key], origin[key] = defaults[key], "default"
    return Settings(
        **{key: values[key] for key in KEYS if key != "registry"},
        registry=Path(values["registry"]).expanduser(),
        suites=tuple(folder / suite for suite in parsed.suites),
        channels=parsed.channels,
        file=path,
        origin=origin,
        objects_dir=_place("OBJECTS_DIR", parsed.objects_dir, folder, environment),
        signing_key=_place("SIGNING_KEY", parsed.signing_key, folder, environment),
        allowed_signers=_place("ALLOWED_SIGNERS", parsed.allowed_signers, folder, environment),
    )


def _place(
    variable: str, written: str | None, folder: Path, environment: Mapping[str, str]
) -> Path | None:
    """A path: GATE_* > the file, where it is relative to the file."""
    if told := environment.get(f"GATE_{variable}"):
        return Path(told).expanduser()
    return folder / Path(written).expanduser() if written else None


def _relative(value: str, folder: Path) -> str:
    """A value that names something next to the file becomes a path; ids and names stay."""
    candidate = folder / Path(value).expanduser()
    looks_like_path = value.startswith((".", "~", "/")) or value.endswith((".yaml", ".yml"))
    return str(candidate) if looks_like_path or candidate.exists() else value


def _read(path: Path) -> ConfigFile:
    if path.name == "pyproject.toml":
        document = YamlDocument(_tool_table(path) or {}, {(): 1}, f"{path} [tool.gatekeeper]")
    else:
        document = read_yaml(path, ConfigError)
    try:
        return ConfigFile.model_validate(document.data)
    except ValidationError as problem:
        raise ConfigError(*validation_message(problem, document, ConfigFile)) from problem


def _tool_table(path: Path) -> dict[str, Any] | None:
    try:
        found = tomllib.loads(path.read_text(encoding="utf-8")).get("tool", {}).get("gatekeeper")
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) else None
