"""Suites: tasks grouped by capability, for one purpose (did it learn / what did it lose).

A suite is a folder with `suite.yaml`, lm-eval task files and their data. This module reads and
pins it; it renders and scores nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

from pydantic import (
    Field,
    SerializerFunctionWrapHandler,
    ValidationError,
    field_validator,
    model_serializer,
)

from gatekeeper.digests import digest_file, digest_json
from gatekeeper.errors import SuiteError
from gatekeeper.evidence import Role, SuitePin
from gatekeeper.evidence.frozen import Frozen
from gatekeeper.extras import missing
from gatekeeper.files.shipped import shipped
from gatekeeper.files.yaml_document import read_yaml, validation_message
from gatekeeper.phrases import did_you_mean

__all__ = [
    "BUILTIN_FOLDER",
    "MEASURED_NAME",
    "Capability",
    "Suite",
    "TaskRef",
    "content_digest",
    "find_suites",
    "load_suite",
    "pin_suite",
]

FILE_NAME = "suite.yaml"
MEASURED_NAME = "measured.json"
"""What a base scored on the suite: it describes the suite and is not part of it."""
_PINNED_SUFFIXES = (".yaml", ".yml", ".jsonl", ".json", ".csv", ".parquet", ".py", ".txt")


class TaskRef(Frozen):
    """One lm-eval task of a capability and the metric that counts."""

    task: str
    metric: str
    few_shot: int | None = None
    chance: Annotated[float, Field(ge=0.0, lt=1.0)] | None = None
    """Expected score of guessing; None where guessing has no meaning (generation)."""
    group_by: str | None = None
    """Field of the docs whose value several of them share (one passage, many questions). Samples of
    one group rise and fall together, so a check draws one of each; see `draw.one_per_group`."""

    @model_serializer(mode="wrap")
    def _no_groups_unsaid(self, serialize: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Ungrouped docs are the default; it is left out, so it changes no digest."""
        said: dict[str, Any] = serialize(self)
        if self.group_by is None:
            said.pop("group_by")
        return said


class Capability(Frozen):
    """A named ability: the unit for which a loss is tolerated or not."""

    name: str
    tasks: tuple[TaskRef, ...]
    description: str = ""

    @field_validator("tasks")
    @classmethod
    def _has_tasks(cls, tasks: tuple[TaskRef, ...]) -> tuple[TaskRef, ...]:
        if not tasks:
            raise ValueError("a capability needs at least one task")
        return tasks


class Suite(Frozen):
    """`suite.yaml`, read and checked."""

    name: str
    role: Role
    description: str = ""
    licence: str | None = None
    capabilities: tuple[Capability, ...]
    apply_chat_template: bool = False
    system_prompt: str | None = None
    neutral_text: str | None = None
    """JSONL file (field `text`) in the suite's folder, for perplexity and KL."""
    folder: Path | None = None

    @field_validator("capabilities")
    @classmethod
    def _named_once(cls, capabilities: tuple[Capability, ...]) -> tuple[Capability, ...]:
        names = [capability.name for capability in capabilities]
        if not names:
            raise ValueError("a suite needs at least one capability")
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"capability {twice[0]} is listed twice")
        return capabilities


BUILTIN_FOLDER = shipped("suites")


def find_suites(search: Sequence[Path] = ()) -> dict[str, Path]:
    """Name -> folder of every suite in the folders given, then of the built-in ones."""
    found: dict[str, Path] = {}
    for place in (*search, BUILTIN_FOLDER):
        for file in sorted(place.glob(f"*/{FILE_NAME}")):
            found.setdefault(file.parent.name, file.parent)
    return found


def load_suite(ref: str, search: Sequence[Path] = ()) -> Suite:
    """Load a suite by the name of its folder, or by path.

    Raises SuiteError with file and line, or with the nearest known name.
    """
    known = find_suites(search)
    folder = known.get(ref)
    if folder is None and (Path(ref) / FILE_NAME).is_file():
        folder = Path(ref)
    if folder is None:
        raise SuiteError(
            f"There is no suite called {ref!r}.",
            f"{did_you_mean(ref, known)}Known: {', '.join(sorted(known)) or 'none'}. "
            "List your own suite folders under `suites` in gate.yaml.",
        )
    document = read_yaml(folder / FILE_NAME, SuiteError)
    if "folder" in document.data:
        raise SuiteError(
            f"{document.source}:{document.line(('folder',))}: folder: is not a key of a suite.",
            "Remove it; a suite's folder is the one that its file is in.",
        )
    try:
        suite = Suite.model_validate(document.data)
    except ValidationError as problem:
        raise SuiteError(*validation_message(problem, document, Suite)) from problem
    if suite.neutral_text is not None:
        text = (folder / suite.neutral_text).resolve()
        if not text.is_relative_to(folder.resolve()) or not text.is_file():
            raise SuiteError(
                f"{document.source}:{document.line(('neutral_text',))}: neutral_text: "
                f"{suite.neutral_text} is not a file in the suite's folder.",
                "Put the JSONL file next to suite.yaml.",
            )
    return suite.model_copy(update={"folder": folder})


def pin_suite(suite: Suite) -> SuitePin:
    """Pin a suite: its settings, its task files and its data; prose next to them does not count.

    lm-eval's own tasks count by its version. Raises SuiteError when a file is unreadable, and
    MissingExtra where there is no lm-eval.
    """
    import importlib.metadata

    try:
        harness = importlib.metadata.version("lm_eval")
    except importlib.metadata.PackageNotFoundError:
        raise missing("score", f"The digest of suite {suite.name}") from None
    digest = digest_json({**_content(suite), "lm_eval": harness})
    return SuitePin(name=suite.name, role=suite.role, digest=digest)


def content_digest(suite: Suite) -> str:
    """Digest of a suite's settings, task files and data, whatever lm-eval is installed.

    Raises SuiteError when a file is unreadable.
    """
    return digest_json(_content(suite))


def _content(suite: Suite) -> dict[str, Any]:
    files = {}
    if suite.folder is not None:
        try:
            files = {
                path.relative_to(suite.folder).as_posix(): digest_file(path)
                for path in sorted(suite.folder.rglob("*"))
                if path.is_file() and path.suffix in _PINNED_SUFFIXES and path.name != MEASURED_NAME
            }
        except OSError as problem:
            raise SuiteError(f"Suite {suite.name} cannot be read: {problem}.") from problem
    return {
        "suite": suite.model_dump(mode="json", exclude={"folder", "description"}),
        "files": files,
    }
