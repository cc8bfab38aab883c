"""A registry that an earlier version wrote reads, folds and verifies as it did then.

`kept_registry/` holds three checks of one task on rising rungs, written before checks kept a
result for each rule of the task.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from gatekeeper.decision.decide import redecide
from gatekeeper.registry import Registry
from gatekeeper.registry.event_log import event_file
from gatekeeper.registry.sealed_json import seal
from gatekeeper.verdict import ReasonCode, Verdict
from gatekeeper.verdict.reason_sentences import render_reason
from gatekeeper.verdict.rule_summary import result_before

KEPT = Path(__file__).parent / "kept_registry"


@pytest.fixture
def old(tmp_path: Path) -> Registry:
    shutil.copytree(KEPT, tmp_path / "kept")
    return Registry.open(tmp_path / "kept")


def test_it_is_whole(old: Registry) -> None:
    old.redecide = redecide
    assert old.verify() == []
    assert [check.name for check in old.state().checks.values()] == ["r8", "r16", "r32"]


def test_its_events_and_verdicts_would_be_written_again_byte_for_byte(old: Registry) -> None:
    for event in old.state().events:
        data, _ = seal(event.model_dump(mode="json"))
        assert data == (KEPT / "log" / event_file(event.sequence)).read_bytes()
    for file in KEPT.glob("evidence/*/verdict.json"):
        verdict = Verdict.model_validate_json(file.read_bytes())
        assert verdict.model_dump_json(indent=2) + "\n" == file.read_text()


def test_its_checks_are_decided_again_as_they_were(old: Registry) -> None:
    for check_id in old.state().checks:
        kept = old.load_check(check_id)
        before = kept.verdict
        again = redecide(kept.evidence, kept.policy_text, before.history)
        assert (again.decision, again.exit_code) == (before.decision, before.exit_code)
        assert again.next_step.action == before.next_step.action
        assert [r.code for r in again.reasons] == [r.code for r in before.reasons]
        assert again.history == before.history


def test_its_one_score_stands_in_for_whatever_rule_is_asked_about(old: Registry) -> None:
    past = next(check.summary for check in old.state().checks.values())
    assert past is not None
    assert past.tasks == ()
    found = result_before(past, "task.triage.bar")
    assert found is not None
    assert (found.score, found.low, found.high) == (
        past.task_score, past.task_low, past.task_high,
    )  # fmt: skip


def test_a_reason_that_is_no_longer_made_is_still_read_and_said() -> None:
    file = next(KEPT.glob("evidence/*/verdict.json"))
    document = json.loads(file.read_text())
    reason = {"code": "not-best-checkpoint", "rule": None, "params": {"submitted": 90, "best": 40}}
    verdict = Verdict.model_validate({**document, "reasons": [reason]})
    assert verdict.reasons[0].code is ReasonCode.NOT_BEST_CHECKPOINT
    assert "step 90" in render_reason(verdict.reasons[0])
