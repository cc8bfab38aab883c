"""Policy files: found by path or by a built-in name, `extends` resolved, errors with their line."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from gatekeeper.errors import PolicyError
from gatekeeper.files.shipped import shipped
from gatekeeper.files.yaml_document import YamlDocument, read_yaml, validation_message
from gatekeeper.phrases import did_you_mean
from gatekeeper.policy.extends import Places, extend, own_location
from gatekeeper.policy.policy import Policy
from gatekeeper.policy.unusable_limits import unusable_limits

__all__ = [
    "BUILTIN_FOLDER",
    "LoadedPolicy",
    "builtin_policies",
    "load_policy",
    "policy_from_text",
    "policy_schema",
]


@dataclass(frozen=True)
class LoadedPolicy:
    """A policy, where it came from, and the line of each of its keys."""

    policy: Policy
    source: str
    document: YamlDocument | None = field(default=None, compare=False)
    places: Places = field(default_factory=dict, compare=False)

    def line(self, *location: str | int) -> int | None:
        """Line of a key in the user's own file; None for inherited and built-in values."""
        own = own_location(location, self.places)
        if self.document is None or own is None:
            return None
        return self.document.exact_line(own)

    @property
    def text(self) -> str:
        """The resolved policy as YAML: what the registry keeps."""
        import yaml

        return yaml.safe_dump(self.policy.model_dump(mode="json"), sort_keys=False)


BUILTIN_FOLDER = shipped("policies")


def builtin_policies() -> list[str]:
    """Names of the built-in policies."""
    return sorted(path.stem for path in BUILTIN_FOLDER.glob("*.yaml"))


def load_policy(ref: str, relative_to: Path | None = None) -> LoadedPolicy:
    """Load a policy by path, or a built-in one by name (`strict` or `builtin:strict`).

    Raises PolicyError, with file and line where there is one.
    """
    loaded = _load(_locate(ref, relative_to or Path.cwd()), ())
    for location, fault in unusable_limits(loaded.policy):
        line = loaded.line(*location) or 1
        key = ".".join(str(part) for part in location if part != 0)
        raise PolicyError(
            f"{loaded.source}:{line}: {key}: {fault}.",
            "Set a limit that a candidate can miss and can meet, or remove the rule.",
        )
    return loaded


def policy_from_text(text: str, source: str = "recorded policy") -> LoadedPolicy:
    """Parse a policy that the registry kept."""
    document = read_yaml(Path(source), PolicyError, text=text)
    return LoadedPolicy(_validate(document.data, document), source, document)


def policy_schema() -> dict[str, Any]:
    """JSON Schema of a policy file, `extends` included and one-or-many allowed."""
    schema = Policy.model_json_schema()
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    schema["title"] = "gatekeeper policy"
    properties = schema["properties"]
    properties["extends"] = {
        "type": "string",
        "description": "A built-in policy (builtin:default) or a file that this one changes.",
    }
    for key in ("task", "forgetting"):
        many = properties[key]
        properties[key] = {"anyOf": [many["items"], many]}
    schema["required"] = ["name"]
    return schema


def _locate(ref: str, folder: Path) -> Path:
    name = ref.removeprefix("builtin:")
    builtin = BUILTIN_FOLDER / f"{name}.yaml"
    if ref.startswith("builtin:") or ("/" not in ref and not ref.endswith((".yaml", ".yml"))):
        if builtin.is_file() and name.replace("-", "").isalnum():
            return builtin
        known = builtin_policies()
        raise PolicyError(
            f"There is no built-in policy called {name!r}.",
            f"{did_you_mean(name, known)}Built in: {', '.join(known)}. Or give a path.",
        )
    return folder / ref


def _load(path: Path, chain: tuple[Path, ...]) -> LoadedPolicy:
    resolved = path.resolve()
    if resolved in chain:
        raise PolicyError(f"{path}: extends itself.", "Break the circular extends.")
    document = read_yaml(path, PolicyError)
    data = dict(document.data)
    places: Places = {}
    parent_ref = data.pop("extends", None)
    if parent_ref is not None:
        if not isinstance(parent_ref, str):
            raise PolicyError(f"{path}: extends: must be a name or a path.", "Correct it.")
        parent = _load(_locate(parent_ref, path.parent), (*chain, resolved))
        data, places = extend(parent.policy.model_dump(mode="json"), data)
    return LoadedPolicy(_validate(data, document, places), str(path), document, places)


def _validate(data: Any, document: YamlDocument, places: Places | None = None) -> Policy:
    try:
        return Policy.model_validate(data)
    except ValidationError as problem:

        def own(location: tuple[str | int, ...]) -> tuple[str | int, ...]:
            return own_location(location, places or {}) or location

        raise PolicyError(*validation_message(problem, document, Policy, own)) from problem
