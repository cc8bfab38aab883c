"""What the lower rungs of a lineage scored, and whether a higher one did better. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gatekeeper.evidence import Evidence
from gatekeeper.verdict import PastCheck, TaskResult
from gatekeeper.verdict.rule_summary import result_before
from gatekeeper.verdict.rungs import is_above, rung_of

__all__ = ["LowerRung", "lower_rungs", "shown_better"]


@dataclass(frozen=True, slots=True)
class LowerRung:
    """A lower rung that has a sound check on the same data, and what it scored on one rule."""

    label: str
    check_id: str
    task: TaskResult


def lower_rungs(
    evidence: Evidence, rule: str, history: Sequence[PastCheck]
) -> tuple[LowerRung, ...]:
    """The lower rungs with a sound check that can be compared on the rule of this id."""
    mine = rung_of(evidence.candidate)
    return tuple(
        LowerRung(past.rung.label, past.check_id, task)
        for past in history
        if mine is not None
        and past.rung is not None
        and past.training_sound
        and is_above(mine, past.rung)
        and past.candidate_digest != evidence.candidate.digest
        and (task := result_before(past, rule)) is not None
    )


def shown_better(here: TaskResult, below: TaskResult) -> bool:
    """Does one of the two scores lie outside the other's interval, this one's being higher?"""
    return here.score > below.high or here.low > below.score
