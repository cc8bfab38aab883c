"""What scoring offers to the rooms above: score these docs of this task with this arm.

An *arm* is the base (None) or a candidate, named by digest. Any other executor (another process,
a cluster, a server) implements the same names.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Protocol

from gatekeeper.evidence import NeutralText

__all__ = ["Arms", "Engine", "Progress", "SampleScore", "ScoringTask"]

Progress = Callable[[int, int], None]
"""Called with (samples done, samples in this call)."""


@dataclass(frozen=True, slots=True)
class SampleScore:
    """One doc scored by one arm. `score` is the suite's metric for this doc, NaN never."""

    sample_id: str
    score: float
    question: str
    gold: str
    answer: str
    tokens: int = 0
    cached: bool = False
    error: str | None = None


class ScoringTask(Protocol):
    """A task ready to be scored: lm-eval's own task behind a digest and a metric."""

    name: str
    metric: str
    digest: str

    def __len__(self) -> int:
        """Give the number of docs."""
        ...

    def sample_id(self, doc: int) -> str:
        """Name a doc: `<task>/<index>`."""
        ...

    def question(self, doc: int) -> str:
        """Give the doc's own question, as people read it."""
        ...

    def group(self, doc: int) -> str | None:
        """Name what the doc shares with others (its passage); None when it stands alone."""
        ...


class Arms(Protocol):
    """One loaded base and the candidates attached to it."""

    tokenizer: Any
    device: Any

    def arm(self, candidate: str | None) -> AbstractContextManager[Any]:
        """Give the torch module that computes this arm, for the length of the context."""
        ...


class Engine(Protocol):
    """Scores docs; idempotent, so retries, resume and sharing follow."""

    notes: list[str]
    """What did not go the usual way, in sentences."""

    def score(
        self,
        task: ScoringTask,
        docs: Sequence[int],
        candidate: str | None,
        progress: Progress | None = None,
    ) -> list[SampleScore]:
        """Score `docs` of `task` with one arm, in the order given."""
        ...

    def drift(self, candidate: str, texts: Sequence[str]) -> NeutralText | None:
        """Compare a candidate with the base on neutral text; None when there is nothing to say."""
        ...
