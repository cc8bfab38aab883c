"""`run.yaml`: how a candidate was trained. Reads and writes the file, nothing else.

The schema is `evidence.RunManifest`; docs/training.md explains each key. The file is next to the
adapter; for a folder named checkpoint-N, the one in the run's folder counts as well.
"""

from __future__ import annotations

import os
from pathlib import Path

from pydantic import ValidationError

from gatekeeper.errors import TrainingDataError
from gatekeeper.evidence import RunManifest
from gatekeeper.files.write_whole import write_whole
from gatekeeper.files.yaml_document import read_yaml, validation_message
from gatekeeper.training.checkpoint_folder import checkpoint_step

__all__ = ["MANIFEST", "find_manifest", "manifest_path", "read_manifest", "write_manifest"]

MANIFEST = "run.yaml"
SCHEMA = "gatekeeper/run/v1"


def find_manifest(folder: Path) -> Path | None:
    """The run.yaml of a candidate's folder, or of the run that a checkpoint-N belongs to."""
    places = [folder]
    if checkpoint_step(folder.name) is not None:
        places.append(folder.parent)
    return next((place / MANIFEST for place in places if (place / MANIFEST).is_file()), None)


def read_manifest(path: Path) -> RunManifest:
    """Read and check one run.yaml.

    Raises TrainingDataError, with file and line, for anything that the schema does not allow.
    """
    document = read_yaml(path, TrainingDataError)
    schema = document.data.get("schema_id", SCHEMA)
    if schema != SCHEMA:
        raise TrainingDataError(
            f"{path}:{document.line(('schema_id',))}: schema_id: {schema!r} is unknown.",
            f"This version of gatekeeper reads {SCHEMA}; the file was written by a newer one.",
        )
    try:
        return RunManifest.model_validate(document.data)
    except ValidationError as problem:
        message, hint = validation_message(problem, document, RunManifest)
        raise TrainingDataError(message, hint) from problem


def write_manifest(manifest: RunManifest, folder: Path) -> Path:
    """Write run.yaml into a folder atomically, so that no reader ever sees half of it."""
    import yaml

    content = manifest.model_dump(mode="json", exclude_none=True)
    kept = {key: value for key, value in content.items() if value not in ({}, [])}
    path = folder / MANIFEST
    folder.mkdir(parents=True, exist_ok=True)
    write_whole(
        path,
        "# How this candidate was trained; written by gatekeeper.TrackRun.\n"
        + yaml.safe_dump(kept, sort_keys=False, allow_unicode=True),
    )
    return path


def manifest_path(named: str | Path, folder: Path) -> str:
    """How a manifest in `folder` names a file: by relative path, so that both can move together."""
    try:
        return Path(os.path.relpath(Path(named).absolute(), folder.absolute())).as_posix()
    except ValueError:  # another drive on Windows
        return str(Path(named).absolute())
