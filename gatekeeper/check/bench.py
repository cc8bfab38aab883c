"""Where all candidates of a check are measured: one engine on one base, and the tasks it loaded."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Generic

from gatekeeper.check.progress import CheckProgress
from gatekeeper.check.request import Request
from gatekeeper.scoring.interface import Engine, Task

if TYPE_CHECKING:
    from gatekeeper.scoring.tasks.loaded_task import LoadedTask

__all__ = ["Bench", "set_up"]


@dataclass
class Bench(Generic[Task]):
    """One engine and its tasks. The engine is the only handle on the base and its candidates."""

    request: Request
    engine: Engine[Task]
    tasks: Mapping[str, Mapping[str, Sequence[Task]]]
    """Suite -> capability -> tasks."""
    progress: CheckProgress
    staging: Path
    started: float = field(default_factory=time.monotonic)

    @cached_property
    def engines(self) -> tuple[Engine[Task], Engine[Task]]:
        """The engines that score the base's arm and the candidate's.

        An A/A run asks the same base twice, the second time in different batches and without a
        cache, so that the noise it shows is real.
        """
        second = self.engine.rebatched() if self.request.against_itself else self.engine
        return self.engine, second


def set_up(request: Request, progress: CheckProgress, staging: Path) -> Bench[LoadedTask]:
    """Load the base and every task. Raises BaseError and SuiteError."""
    from gatekeeper.scoring.engine import PackedEngine
    from gatekeeper.scoring.model.loaded_base import load_base
    from gatekeeper.scoring.score_cache import default_cache

    with progress.stage("loading the base"):
        loaded = load_base(request.base_folder, request.base)
    engine = PackedEngine(loaded, default_cache(), tell=progress.note)
    with progress.stage("preparing the tasks"):
        tasks = {suite.name: engine.tasks(suite) for suite in request.suites}
    return Bench(request, engine, tasks, progress, staging)
