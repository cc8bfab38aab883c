"""What scoring offers to the rooms above: score these docs of this task with this arm.

An *arm* is the base (None) or a candidate, named by digest. Nothing here depends on torch or on a
model loaded in this process: an engine may just as well be another process, a cluster or a server.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, TypeVar

from gatekeeper.evidence import BasePin, DetachProof, EffectProbe, NeutralText
from gatekeeper.suite import Suite

__all__ = ["Engine", "Progress", "SampleScore", "ScoringTask", "Task", "Work"]

Progress = Callable[[int, int], None]
"""Called with (samples done, samples in this call)."""


@dataclass(frozen=True, slots=True)
class SampleScore:
    """One doc scored by one arm. `score` is the suite's metric for this doc, never NaN."""

    sample_id: str
    score: float
    question: str
    gold: str
    answer: str
    tokens: int = 0
    cached: bool = False
    error: str | None = None


@dataclass
class Work:
    """What an engine has computed so far; what it cannot count stays 0.

    Tokens are rows of the transformer, not counting padding.
    """

    encoded: int = 0
    padding: int = 0
    naive: int = 0
    """Tokens that running each request on its own would have encoded."""
    scored_rows: int = 0
    """Rows of the output layer, padding included."""
    forwards: int = 0
    generated: int = 0


class ScoringTask(Protocol):
    """What a caller may ask of a task. How it is rendered and judged is up to its engine."""

    @property
    def name(self) -> str:
        """The task's name, unique in its capability."""
        ...

    def __len__(self) -> int:
        """The number of docs."""
        ...

    def sample_id(self, doc: int) -> str:
        """Name a doc: `<task>/<index>`."""
        ...

    def question(self, doc: int) -> str:
        """The doc's own question, as people read it."""
        ...

    def group(self, doc: int) -> str | None:
        """What the doc shares with others (its passage); None when it is not in a group."""
        ...

    def kind(self, doc: int) -> str | None:
        """The doc's kind within its task, if the data names one."""
        ...


Task = TypeVar("Task", bound=ScoringTask)
"""The tasks of one engine: what it loads, and all that it can score."""


class Engine(Protocol[Task]):
    """Scores docs of the tasks that it loaded, with its base or with an attached candidate.

    What every engine promises, whatever computes its answers:

    - *One base.* `pin` names it and does not change. The arm None is that base with nothing
      attached; the arm of a candidate is the base with that candidate alone, however many are
      attached.
    - *A score belongs to its doc.* It does not depend on the docs asked for with it, their order or
      earlier calls, so a call may be split, repeated, or resumed after a kill. Where the executor
      cannot promise equal bits, `rebatched` shows how much they differ.
    - *Both arms alike.* Base and candidate get the same prompts, batching and precision, so that a
      difference between their scores comes from the candidate.
    - *Only what is known.* Scores from an earlier run are marked `cached`; they are stored under
      everything that they depend on (base, dtype, quantization, arm, task, engine and its version,
      kind of machine), never shared with another engine, and never stored with an `error`. A proof
      or a drift that cannot be measured is None, which keeps a candidate from promotion; it is
      never made up.
    - *Nothing silently.* Whatever was unusual is in `notes`, in the same words each time: they
      become part of the evidence.
    - *Typed errors.* SuiteError for a task that cannot be rendered or judged, AdapterRefused for a
      candidate, EngineError for what the machine or the server cannot do. A metric that fails over
      one answer is the `error` of that score and raises nothing.

    Calls come one at a time, from one thread.
    """

    @property
    def pin(self) -> BasePin:
        """Exactly which base is scored."""
        ...

    @property
    def notes(self) -> Sequence[str]:
        """What was unusual so far, in sentences."""
        ...

    @property
    def work(self) -> Work:
        """What was computed so far; what came from a cache does not count."""
        ...

    def tasks(self, suite: Suite) -> dict[str, list[Task]]:
        """Load the tasks of a suite, by capability. Raises SuiteError."""
        ...

    def attach(self, folder: Path, digest: str) -> None:
        """Make the candidate in `folder` an arm named `digest`; attaching it again does nothing.

        Raises AdapterRefused when the folder's digest differs, when inspecting it again finds a
        reason to refuse it, or when it cannot be loaded completely; the base is then unchanged.
        """
        ...

    def detach(self, digest: str) -> None:
        """Forget a candidate. Unknown digests are not an error: it is off either way."""
        ...

    def score(
        self,
        task: Task,
        docs: Sequence[int],
        candidate: str | None,
        progress: Progress | None = None,
    ) -> list[SampleScore]:
        """Score `docs` of `task` with one arm; one score for each, in the order given.

        Raises SuiteError, or EngineError also for a candidate that is not attached.
        """
        ...

    def drift(self, candidate: str, texts: Sequence[str]) -> NeutralText | None:
        """Compare a candidate with the base on neutral text; None when there is nothing to say."""
        ...

    def prove_effect(self, candidate: str) -> EffectProbe | None:
        """Show on fixed prompts that the candidate is on, then off; None when that cannot be seen.

        Raises EngineError when it is not attached.
        """
        ...

    def prove_detach(self) -> DetachProof | None:
        """Compare the base with what it was before anything was attached; None when it cannot."""
        ...

    def rebatched(self) -> Engine[Task]:
        """The same arms, answered in different batches and without a cache: its flips are noise."""
        ...
