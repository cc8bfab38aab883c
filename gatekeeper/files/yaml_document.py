"""YAML files with line numbers: safe, no duplicate keys, errors as `file:line: field: what`.

Shared by policies, suites and gate.yaml. Knows nothing about their content.
"""

from __future__ import annotations

import stat
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from gatekeeper.errors import GateError
from gatekeeper.files.plain_values import text_fault, value_fault
from gatekeeper.phrases import did_you_mean

if TYPE_CHECKING:
    from pydantic import BaseModel, ValidationError

__all__ = ["YamlDocument", "field_names", "read_yaml", "validation_message"]

Location = tuple[str | int, ...]
_MAX_BYTES = 1 << 20
_MAX_NODES = 50_000


@dataclass(frozen=True)
class YamlDocument:
    """Plain data and the line (from 1) of each key or item."""

    data: Any
    lines: dict[Location, int]
    source: str

    def line(self, location: Location) -> int | None:
        """Line of a location, or of its nearest parent that has one."""
        for length in range(len(location), -1, -1):
            where = location[:length]
            # A single rule may be given without a list: `task: {...}` for `task: [{...}]`.
            bare = tuple(part for part in where if not isinstance(part, int))
            found = self.lines.get(where, self.lines.get(bare) if length else None)
            if found is not None:
                return found
        return self.lines.get(())

    def exact_line(self, location: Location) -> int | None:
        """Line of exactly this key; None when it is not in the file."""
        bare = tuple(part for part in location if not isinstance(part, int))
        return self.lines.get(location, self.lines.get(bare))


def read_yaml(path: Path, error: type[GateError], text: str | None = None) -> YamlDocument:
    """Read one YAML mapping.

    Raises `error` when the file is missing, too large, not UTF-8, not YAML, not a mapping, or
    has a duplicate key.
    """
    source = str(path)
    if text is None:
        try:
            data = _read_bounded(path)
            if data is None:
                raise error(f"{source}: is not a file.", "Give a regular file, or a pipe.")
            if len(data) > _MAX_BYTES:
                raise error(f"{source}: larger than 1 MiB.", "This is not a settings file.")
            text = data.decode("utf-8")
        except OSError as problem:
            raise error(
                f"{source}: cannot be read ({problem.strerror or problem}).", "Check the path."
            ) from problem
        except UnicodeDecodeError as problem:
            raise error(f"{source}: is not UTF-8 text.", "Save the file as UTF-8.") from problem
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except (yaml.YAMLError, ValueError, RecursionError) as problem:
        mark = getattr(problem, "problem_mark", None)
        line = mark.line + 1 if mark else 1
        what = getattr(problem, "problem", None) or str(problem)
        raise error(f"{source}:{line}: not valid YAML ({what}).", "Fix the syntax.") from problem
    if not isinstance(node, yaml.MappingNode):
        raise error(
            f"{source}:1: must be a mapping of keys to values.", "See the examples in the docs."
        )
    lines: dict[Location, int] = {(): 1}
    try:
        data = _build(node, (), lines, source, error, 0)
    except (yaml.YAMLError, ValueError) as problem:
        raise error(f"{source}: not valid YAML ({problem}).", "Fix the syntax.") from problem
    return YamlDocument(data, lines, source)


def _read_bounded(path: Path) -> bytes | None:
    """At most a byte more than is allowed; None for devices, which never end, and the like."""
    mode = path.stat().st_mode
    # `--policy <(envsubst < policy.yaml)` is a pipe; a named one may wait for a writer for ever.
    pipe = stat.S_ISFIFO(mode) and path.parent in (Path("/dev/fd"), Path("/proc/self/fd"))
    if not stat.S_ISREG(mode) and not pipe:
        return None
    with path.open("rb") as stream:
        return stream.read(_MAX_BYTES + 1)


def _build(
    node: yaml.Node,
    location: Location,
    lines: dict[Location, int],
    source: str,
    error: type[GateError],
    depth: int,
) -> Any:
    # Aliases repeat nodes, so a small file can expand without end; the table of lines counts them.
    if depth > 20 or len(lines) > _MAX_NODES:
        raise error(
            f"{source}: too deep or too large once its aliases are expanded.", "Flatten it."
        )
    if isinstance(node, yaml.MappingNode):
        mapping: dict[str, Any] = {}
        for key_node, value_node in node.value:
            line = key_node.start_mark.line + 1
            key = key_node.value if isinstance(key_node, yaml.ScalarNode) else None
            if key is None or text_fault(key) is not None:
                raise error(f"{source}:{line}: keys must be plain words.", "Quote or rename it.")
            where = (*location, key)
            if key in mapping:
                raise error(
                    f"{source}:{line}: {_dotted(where)}: duplicate key (first used on line "
                    f"{lines[where]}).",
                    "Remove one of the two.",
                )
            lines[where] = line
            mapping[key] = _build(value_node, where, lines, source, error, depth + 1)
        return mapping
    if isinstance(node, yaml.SequenceNode):
        items = []
        for index, item in enumerate(node.value):
            lines[(*location, index)] = item.start_mark.line + 1
            items.append(_build(item, (*location, index), lines, source, error, depth + 1))
        return items
    loader = yaml.SafeLoader("")
    try:
        value = loader.construct_object(node)
    finally:
        loader.dispose()
    if (fault := value_fault(value)) is not None:
        line = node.start_mark.line + 1
        raise error(f"{source}:{line}: {_dotted(location)}: {fault}.", "Correct the value.")
    return value


def validation_message(
    problem: ValidationError,
    document: YamlDocument,
    model: type[BaseModel],
    own: Callable[[Location], Location] = lambda location: location,
) -> tuple[str, str]:
    """Turn pydantic's most telling error into (message, hint), with file, line and did-you-mean.

    `own` turns a location in what was validated into one in the document.
    """
    # A misspelt key comes before the required one that is missing because of it.
    first = min(problem.errors(), key=lambda error: error["type"] != "extra_forbidden")
    # The unknown key comes last in the location, and is the user's word whatever it looks like.
    last = len(first["loc"]) - (first["type"] == "extra_forbidden")
    tried = tuple(part for part in first["loc"][:last] if not _is_union_tag(part, document))
    location = own((*tried, *first["loc"][last:]))
    line = document.line(location) or 1
    field = _dotted(tuple(part for part in location if location in document.lines or part != 0))
    more = problem.error_count() - 1
    tail = f" ({more} more after this one)" if more else ""
    if first["type"] == "extra_forbidden":
        guess = did_you_mean(str(location[-1]), field_names(model))
        return f"{document.source}:{line}: {field}: unknown key.{tail}", f"{guess}Fix or remove it."
    what = first["msg"].removeprefix("Value error, ")
    what = what[0].lower() + what[1:]
    return f"{document.source}:{line}: {field or 'file'}: {what}.{tail}", "Correct the value."


def field_names(model: type[BaseModel]) -> list[str]:
    """All field names of a model and of the models inside it."""
    from pydantic import BaseModel as Model

    names: list[str] = []
    todo, seen = [model], set()
    while todo:
        current = todo.pop()
        if current in seen:
            continue
        seen.add(current)
        for name, field in current.model_fields.items():
            names.append(field.alias or name)
            stack = [field.annotation]
            while stack:
                annotation = stack.pop()
                if isinstance(annotation, type) and issubclass(annotation, Model):
                    todo.append(annotation)
                stack.extend(getattr(annotation, "__args__", ()))
    return names


def _is_union_tag(part: str | int, document: YamlDocument) -> bool:
    """Pydantic puts the name of the attempted union member into the location; people do not."""
    if not isinstance(part, str) or not (part[:1].isupper() or "[" in part):
        return False
    return all(part not in location for location in document.lines)


def _dotted(location: Location) -> str:
    return ".".join(str(part) for part in location)
