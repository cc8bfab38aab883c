"""One check as it is kept: what was measured, what was decided, under which policy."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cached_property

from gatekeeper.evidence import Evidence, SampleRecord
from gatekeeper.verdict.verdict import Verdict

__all__ = ["RecordedCheck"]


@dataclass(frozen=True)
class RecordedCheck:
    """What reports and comparisons are made of, whether just recorded or read back."""

    check_id: str
    evidence: Evidence
    verdict: Verdict
    policy_text: str
    """The policy as it was resolved, in YAML."""
    read_samples: Callable[[], Iterable[SampleRecord]] = field(
        default=tuple, repr=False, compare=False
    )

    @cached_property
    def samples(self) -> tuple[SampleRecord, ...]:
        """The samples as people read them, read when they are first asked for."""
        return tuple(self.read_samples())
