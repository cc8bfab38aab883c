"""A candidate before the model is loaded: its files copied, pinned, inspected and weighed.

What is loaded later is the copy made here, never the folder that the user named.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from gatekeeper.check.request import Request
from gatekeeper.evidence import CandidatePin, Finding, Severity, TrainingEvidence, WeightEvidence

__all__ = ["Candidate", "base_itself", "inspect_candidate"]


@dataclass(frozen=True)
class Candidate:
    """What files alone show about a candidate."""

    pin: CandidatePin
    findings: tuple[Finding, ...]
    snapshot: Path | None
    training: TrainingEvidence
    rows: Sequence[tuple[str, str]] | None
    """Training rows as (prompt, target); None when they are not available."""
    weights: WeightEvidence | None

    @property
    def refused(self) -> bool:
        """Whether something was found that makes every measurement worthless or unsafe."""
        return any(finding.severity is Severity.REFUSE for finding in self.findings)

    @property
    def arm(self) -> str | None:
        """Name of its arm in the engine; None for the base itself."""
        return None if self.snapshot is None else self.pin.digest


def base_itself(request: Request) -> Candidate:
    """The base in the candidate's place, for an A/A run."""
    pin = CandidatePin(
        kind="base", name="base (A/A)", source=request.base.source, digest=request.base.digest
    )
    return Candidate(pin, (), None, TrainingEvidence(), None, None)


def inspect_candidate(request: Request, folder: Path, staging: Path) -> Candidate:
    """Copy a candidate into `staging` and read everything that its files show.

    Raises AdapterRefused when there is nothing to read, TrainingDataError for a broken manifest.
    """
    from gatekeeper.candidate.folder import snapshot
    from gatekeeper.candidate.inspect_files import inspect_static
    from gatekeeper.candidate.weigh import weigh
    from gatekeeper.training.read_run import read_run, training_texts

    copy = snapshot(folder, Path(tempfile.mkdtemp(dir=staging)) / "adapter")
    training = read_run(folder)
    manifest = training.manifest
    pin, findings = inspect_static(
        copy,
        base_pin=request.base,
        base_folder=request.base_folder,
        manifest_base_digest=manifest.base_digest if manifest else None,
        source=folder,
    )
    refused = any(finding.severity is Severity.REFUSE for finding in findings)
    weighable = pin.kind == "adapter" and not refused
    return Candidate(
        pin=pin,
        findings=findings,
        snapshot=copy,
        training=training,
        rows=None if refused else training_texts(folder, manifest),
        weights=weigh(copy, request.base_folder) if weighable else None,
    )
