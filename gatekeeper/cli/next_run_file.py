"""`--write FILE`: the next run as a file, or one line that says why there is none."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gatekeeper.evidence import Evidence
    from gatekeeper.verdict import Verdict

__all__ = ["write_next"]


def write_next(evidence: Evidence, verdict: Verdict, path: Path) -> str:
    """Write the plan and report it. An older plan at that path is removed when there is none now,
    so that it is not trained by mistake; any other file there is left alone.

    Raises ConfigError when the file cannot be written.
    """
    from gatekeeper.cli.report_files import write_out
    from gatekeeper.errors import TrainingDataError
    from gatekeeper.escalation.plan_next import plan_next
    from gatekeeper.training.next_run import next_text, read_next

    plan = plan_next(evidence, verdict, path.parent)
    if plan is not None:
        write_out(path, next_text(plan))
        return f"Next run: {path}"
    if path.is_file():
        try:
            read_next(path)
            path.unlink()
        except (TrainingDataError, OSError):
            pass
    if evidence.training.manifest is None:
        return f"{path} was not written: without run.yaml the settings to carry over are unknown."
    return (
        f"{path} was not written: the next step ({verdict.next_step.action}) is not a training run."
    )
