"""A candidate is inspected again whenever it is loaded: what is loaded is what was judged."""

from __future__ import annotations

from pathlib import Path

from gatekeeper.candidate.folder import AdapterFolder, read_adapter
from gatekeeper.candidate.inspect_files import inspect_static
from gatekeeper.errors import AdapterRefused
from gatekeeper.evidence import Severity
from gatekeeper.files.model_folder import ModelFolder

__all__ = ["read_inspected", "require_digest"]


def read_inspected(folder: Path, digest: str, base: ModelFolder) -> AdapterFolder:
    """Inspect a candidate against its base, then read it; both must find this digest.

    The candidate is opened again; the base is taken as it was when it was first read. Raises
    AdapterRefused when the digest differs, or for a finding that refuses.
    """
    pin, findings = inspect_static(folder, base_folder=base)
    read = read_adapter(folder)
    for found in (pin.digest, read.digest):
        require_digest(folder, found, digest)
    for finding in findings:
        if finding.severity is Severity.REFUSE:
            raise AdapterRefused(finding.text, finding.hint)
    return read


def require_digest(folder: Path, found: str, digest: str) -> None:
    """Raise AdapterRefused unless the digest found is the one that was inspected."""
    if found != digest:
        raise AdapterRefused(
            f"{folder} has changed since it was inspected: its digest is {found[:19]}, not "
            f"{digest[:19]}.",
            "Check it again.",
        )
