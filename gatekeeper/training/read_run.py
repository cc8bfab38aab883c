"""What is known about a training run: manifest, curve, and faults in the data.

The entry to this room. It reads what is next to a candidate and never guesses: missing evidence
stays missing. The schema of run.yaml is in `run_manifest.py`, the shape of the curve in
`curve.py`, the row formats in `rows.py`, and the callback that writes all of it in
`track_run.py`.
"""

from __future__ import annotations

from pathlib import Path

from gatekeeper.evidence import RunManifest, TrainingEvidence, TrainingShape
from gatekeeper.training.checkpoint_folder import checkpoint_step
from gatekeeper.training.contradictions import find_contradictions
from gatekeeper.training.curve import Curve, read_curve, shape_of
from gatekeeper.training.rows import read_training_rows
from gatekeeper.training.run_manifest import find_manifest, read_manifest

__all__ = ["read_run", "training_texts"]


def read_run(folder: Path) -> TrainingEvidence:
    """Read run.yaml, trainer_state.json and the training data of a candidate.

    A folder without them gives evidence in which they are None. Raises TrainingDataError when one
    of them exists but is unreadable, or when the data is not what the manifest pins.
    """
    place = find_manifest(folder)
    manifest = None if place is None else read_manifest(place)
    curve = read_curve(folder)
    rows = None
    if manifest is not None and place is not None:
        rows = read_training_rows(manifest, place.parent)
    shape, text = (TrainingShape.UNKNOWN, "") if curve is None else shape_of(curve)
    return TrainingEvidence(
        manifest=manifest,
        curve=() if curve is None else curve.points,
        shape=shape,
        shape_text=text,
        max_steps=None if curve is None else curve.max_steps,
        best_step=None if curve is None else curve.best_step,
        submitted_step=_submitted(folder, curve, manifest),
        has_validation=_has_validation(curve, manifest),
        contradictions=None if rows is None else find_contradictions(rows),
    )


def training_texts(
    folder: Path, manifest: RunManifest | None = None
) -> list[tuple[str, str]] | None:
    """The training rows of the candidate in `folder`; None when they are not available.

    Raises TrainingDataError as `read_run` does.
    """
    place = find_manifest(folder)
    if place is None:
        return None
    return read_training_rows(manifest or read_manifest(place), place.parent)


def _submitted(folder: Path, curve: Curve | None, manifest: RunManifest | None) -> int | None:
    """The step whose weights are in the folder."""
    if (named := checkpoint_step(folder.name)) is not None:
        return named
    if curve is None:
        return None
    if manifest is not None and manifest.early_stopping and curve.best_step is not None:
        return curve.best_step
    return curve.global_step


def _has_validation(curve: Curve | None, manifest: RunManifest | None) -> bool | None:
    if curve is not None and curve.points:
        return bool(curve.evaluations)
    if manifest is not None and manifest.splits:
        return manifest.splits.get("validation", 0) > 0
    return None
