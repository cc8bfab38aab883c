"""A suite measured on a base: score, interval, signal and cost of each capability.

Kept as `measured.json` next to `suite.yaml`; it describes the suite and is not part of it, so the
suite's digest does not cover it. A file that was measured on other data is not shown.
"""

from __future__ import annotations

from pathlib import Path

from pydantic import ValidationError

from gatekeeper.errors import SuiteError
from gatekeeper.evidence import Environment
from gatekeeper.evidence.frozen import Frozen
from gatekeeper.suite.suite import MEASURED_NAME, Suite, content_digest

__all__ = ["CapabilityMeasure", "SuiteMeasure", "read_measure", "write_measure"]


class CapabilityMeasure(Frozen):
    """One capability on one base."""

    name: str
    samples: int
    score: float
    low: float
    high: float
    """95% interval of the score (Wilson)."""
    chance: float | None
    signal: bool
    """Whether the base is shown to be above chance, by the same test as in a check."""
    seconds: float
    tokens: int
    kinds: dict[str, tuple[int, float]] = {}
    """Where docs carry a `kind`: samples and score of each."""


class SuiteMeasure(Frozen):
    """`measured.json`."""

    suite: str
    content: str
    """Digest of the suite's settings, tasks and data."""
    base: str
    base_digest: str
    dtype: str
    quantization: str
    environment: Environment
    seconds: float
    """Of scoring alone, without loading the base; see `_clock`."""
    predicted_seconds: float
    """From a pilot of a few docs per task, before the rest was scored."""
    cached: int
    """Scores that came from the cache: the times are only meaningful when this is 0."""
    capabilities: tuple[CapabilityMeasure, ...]

    @property
    def samples(self) -> int:
        """Samples of all capabilities."""
        return sum(capability.samples for capability in self.capabilities)


def write_measure(measure: SuiteMeasure, folder: Path) -> Path:
    """Write `measured.json` into the folder.

    Raises SuiteError when the folder is not writable.
    """
    path = folder / MEASURED_NAME
    try:
        path.write_text(measure.model_dump_json(indent=1) + "\n", encoding="utf-8")
    except OSError as problem:
        raise SuiteError(
            f"Cannot write {path} ({problem.strerror}).", "Give another folder with --out."
        ) from problem
    return path


def read_measure(suite: Suite) -> SuiteMeasure | None:
    """The measurement next to the suite; None when there is none, or it is about other data."""
    if suite.folder is None:
        return None
    try:
        text = (suite.folder / MEASURED_NAME).read_text(encoding="utf-8")
        found = SuiteMeasure.model_validate_json(text)
    except (OSError, ValueError, ValidationError):
        return None
    return found if found.content == content_digest(suite) else None
