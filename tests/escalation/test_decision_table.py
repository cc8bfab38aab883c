"""The decision table of docs/escalation.md, row by row.

Each row of the table there names its row here; `test_the_document_and_this_table_agree` keeps the
two together.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from situations import (
    ATTENTION,
    EVERYTHING,
    Earlier,
    TrainingShape,
    manifest,
    situation,
    verdict_of,
)

from gatekeeper.verdict import Action, Decision, ReasonCode

DOCUMENT = Path(__file__).parents[2] / "docs" / "escalation.md"
HOLD, ESCALATE, PROMOTE = Decision.HOLD, Decision.ESCALATE, Decision.PROMOTE
FIRST, SECOND = Earlier(score=0.35), Earlier(score=0.45, r=16, targets=ATTENTION)


class Row(NamedTuple):
    given: dict[str, Any]
    decision: Decision
    reason: ReasonCode
    action: Action


TOP: dict[str, Any] = {"r": 64, "targets": EVERYTHING}
MISSED = {
    "contaminated": Row(
        {"contaminated": 3}, Decision.REFUSED, ReasonCode.CONTAMINATED, Action.FIX_DATA
    ),
    "contradictory": Row(
        {"contradictory": 0.3}, HOLD, ReasonCode.CONTRADICTORY_LABELS, Action.FIX_DATA
    ),
    "diverged": Row(
        {"shape": TrainingShape.DIVERGED}, HOLD, ReasonCode.DIVERGED, Action.LOWER_LEARNING_RATE
    ),
    "memorised": Row({"train": 0.99}, HOLD, ReasonCode.OVER_FIT, Action.FIX_DATA),
    "memorised-earlier": Row(
        {"train": 0.99, "best_step": 50, "submitted_step": 150},
        HOLD, ReasonCode.OVER_FIT, Action.USE_CHECKPOINT,
    ),
    "labels": Row({"train": 0.42}, HOLD, ReasonCode.LABELS_SUSPECT, Action.FIX_DATA),
    "over-fit": Row(
        {"shape": TrainingShape.OVER_FIT}, HOLD, ReasonCode.OVER_FIT, Action.TRAIN_LESS
    ),
    "over-fit-earlier": Row(
        {"shape": TrainingShape.OVER_FIT, "best_step": 50, "submitted_step": 150},
        HOLD, ReasonCode.OVER_FIT, Action.USE_CHECKPOINT,
    ),
    "still-falling": Row(
        {"shape": TrainingShape.STILL_FALLING},
        HOLD, ReasonCode.UNDER_TRAINED, Action.TRAIN_LONGER,
    ),
    "nothing-learned": Row(
        {"shape": TrainingShape.UNDER_FIT}, HOLD, ReasonCode.NOTHING_LEARNED, Action.INVESTIGATE
    ),
    "no-manifest": Row({"manifest": None}, HOLD, ReasonCode.PIN_MISSING, Action.PIN),
    "no-curve": Row(
        {"shape": TrainingShape.UNKNOWN}, HOLD, ReasonCode.CAUSE_UNKNOWN, Action.INVESTIGATE
    ),
    "no-data": Row(
        {"contradictions": None}, HOLD, ReasonCode.CAUSE_UNKNOWN, Action.INVESTIGATE
    ),
    "no-probe": Row({"train": None}, HOLD, ReasonCode.CAUSE_UNKNOWN, Action.INVESTIGATE),
    "fitted": Row(
        {"held_out": 0.78, "train": 0.90}, HOLD, ReasonCode.FITTED_NOT_REACHED, Action.FIX_DATA
    ),
    "nearly-fitted": Row(
        {"held_out": 0.76, "train": 0.82}, HOLD, ReasonCode.CAUSE_UNKNOWN, Action.INVESTIGATE
    ),
    "next-rung": Row({}, ESCALATE, ReasonCode.LACKS_CAPACITY, Action.NEXT_RUNG),
    "next-rung-again": Row(
        {"r": 16, "targets": ATTENTION, "history": (FIRST,)},
        ESCALATE, ReasonCode.LACKS_CAPACITY, Action.NEXT_RUNG,
    ),
    "some-layers": Row(
        {"manifest": manifest(adapter={"r": 8, "layers": [3, 4]})},
        ESCALATE, ReasonCode.LACKS_CAPACITY, Action.NEXT_RUNG,
    ),
    "rank-does-not-help": Row(
        {"r": 16, "targets": ATTENTION, "history": (Earlier(score=0.59),)},
        HOLD, ReasonCode.RANK_DOES_NOT_HELP, Action.FIX_DATA,
    ),
    "top-without-history": Row(TOP, HOLD, ReasonCode.LACKS_CAPACITY, Action.INVESTIGATE),
    "top-no-better": Row(
        TOP | {"history": (Earlier(score=0.59), Earlier(score=0.59, r=16, targets=ATTENTION))},
        HOLD, ReasonCode.RANK_DOES_NOT_HELP, Action.FIX_DATA,
    ),
    "top-without-validation": Row(
        TOP | {"history": (FIRST, SECOND), "has_validation": False},
        HOLD, ReasonCode.LACKS_CAPACITY, Action.INVESTIGATE,
    ),
    "full": Row(
        TOP | {"history": (FIRST, SECOND)},
        ESCALATE, ReasonCode.LADDER_EXHAUSTED, Action.FULL_FINE_TUNING,
    ),
    "lacks-and-forgot": Row(
        {"forgotten": True}, HOLD, ReasonCode.FORGOT, Action.REDUCE_FORGETTING
    ),
    "short-and-forgot": Row(
        {"forgotten": True, "shape": TrainingShape.STILL_FALLING},
        HOLD, ReasonCode.UNDER_TRAINED, Action.REDUCE_FORGETTING,
    ),
    "contradictory-and-forgot": Row(
        {"forgotten": True, "contradictory": 0.3},
        HOLD, ReasonCode.CONTRADICTORY_LABELS, Action.FIX_DATA,
    ),
}  # fmt: skip
REACHED = {
    "reached": Row({}, PROMOTE, ReasonCode.ALL_RULES_PASS, Action.PROMOTE),
    "inconclusive": Row(
        {"held_out": 0.86}, HOLD, ReasonCode.INCONCLUSIVE, Action.MORE_SAMPLES
    ),
    "forgot-earlier": Row(
        {"forgotten": True, "best_step": 50, "submitted_step": 150},
        HOLD, ReasonCode.FORGOT, Action.USE_CHECKPOINT,
    ),
    "forgot-with-room": Row({"forgotten": True}, HOLD, ReasonCode.FORGOT, Action.RESCALE),
    "forgot-epochs": Row(
        {"forgotten": True, "manifest": manifest(epochs=3.0, rescaled_from="sha256:x")},
        HOLD, ReasonCode.FORGOT, Action.TRAIN_LESS,
    ),
    "forgot": Row(
        {"forgotten": True, "manifest": manifest(epochs=1.0, rescaled_from="sha256:x")},
        HOLD, ReasonCode.FORGOT, Action.REDUCE_FORGETTING,
    ),
    "de-escalate": Row(
        {"r": 16, "targets": ATTENTION, "history": (Earlier(score=0.93, promoted=True),)},
        PROMOTE, ReasonCode.LOWER_RUNG_SUFFICES, Action.LOWER_RUNG,
    ),
    "de-escalate-forgot": Row(
        {
            "r": 16, "targets": ATTENTION, "forgotten": True,
            "history": (Earlier(score=0.93, promoted=True, worst_forgetting=-0.01),),
        },
        HOLD, ReasonCode.LOWER_RUNG_SUFFICES, Action.LOWER_RUNG,
    ),
}  # fmt: skip
REACHED = {
    name: row._replace(given={"held_out": 0.95, "train": 0.96} | row.given)
    for name, row in REACHED.items()
}
REACHED["de-escalate"].given["history"] = (
    Earlier(score=0.93, promoted=True, worst_forgetting=0.01),
)
TABLE = MISSED | REACHED


@pytest.mark.parametrize("name", TABLE)
def test_each_row_of_the_table(name: str) -> None:
    row = TABLE[name]
    verdict = verdict_of(situation(**row.given))
    codes = {reason.code for reason in verdict.reasons}
    assert (verdict.decision, verdict.next_step.action) == (row.decision, row.action)
    assert row.reason in codes


def test_the_document_and_this_table_agree() -> None:
    rows = re.findall(r"^\| `([a-z-]+)` \|.*$", DOCUMENT.read_text(encoding="utf-8"), re.MULTILINE)
    assert sorted(rows) == sorted(TABLE)


@pytest.mark.parametrize("name", TABLE)
def test_the_document_names_the_decision_and_the_step_of_each_row(name: str) -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    line = next(line for line in text.splitlines() if line.startswith(f"| `{name}` |"))
    row = TABLE[name]
    assert f"| {row.decision.value}: {row.action.value} |" in line
    assert f"`{row.reason.value}`" in line


@pytest.mark.parametrize(
    "given",
    [{"held_out": 0.86, "train": 0.9}, {"held_out": 0.95, "train": 0.96, "forgotten": True}],
    ids=["inconclusive", "forgot"],
)
def test_torn_labels_are_said_beside_whatever_else_holds_and_change_no_step(
    given: dict[str, Any],
) -> None:
    sound, torn = (verdict_of(situation(**given, contradictory=share)) for share in (0.0, 0.3))
    assert (torn.decision, torn.next_step) == (sound.decision, sound.next_step)
    assert [r.code for r in torn.reasons] == [
        *(r.code for r in sound.reasons), ReasonCode.CONTRADICTORY_LABELS,
    ]  # fmt: skip


def test_only_capacity_escalates() -> None:
    for name, row in TABLE.items():
        if row.decision is ESCALATE:
            codes = {r.code for r in verdict_of(situation(**row.given)).reasons}
            assert ReasonCode.LACKS_CAPACITY in codes, name
