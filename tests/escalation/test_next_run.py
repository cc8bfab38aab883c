"""next.yaml holds one change against the run that it follows, or is not written at all."""

from __future__ import annotations

from pathlib import Path

import pytest
from situations import EVERYTHING, Earlier, TrainingShape, manifest, situation, verdict_of

from gatekeeper.cli.next_run_file import write_next
from gatekeeper.errors import TrainingDataError
from gatekeeper.escalation.plan_next import plan_next
from gatekeeper.training.next_run import NextRun, read_next
from gatekeeper.training.run_manifest import write_manifest

KNOWN = manifest(epochs=2.0, learning_rate=1e-3, batch_size=8, adapter={"r": 8, "dropout": 0.1})


def plan_of(folder: Path, **given: object) -> NextRun | None:
    situated = situation(**{"manifest": KNOWN, **given})  # type: ignore[arg-type]
    return plan_next(situated[0], verdict_of(situated), folder)


def test_the_next_rung_keeps_everything_but_the_shape_and_names_its_check(tmp_path: Path) -> None:
    situated = situation(manifest=KNOWN)
    write_next(situated[0], verdict_of(situated), tmp_path / "next.yaml")
    plan = read_next(tmp_path / "next.yaml")
    assert plan.lora_config == {
        "r": 16, "lora_alpha": 32, "target_modules": ["q_proj", "k_proj", "v_proj", "o_proj"],
        "lora_dropout": 0.1, "task_type": "CAUSAL_LM",
    }  # fmt: skip
    assert plan.run.escalated_from == plan.check == situated[0].check_id
    kept = {"learning_rate", "epochs", "batch_size", "seed", "base_digest", "dataset_digest"}
    assert plan.run.model_dump(include=kept) == KNOWN.model_dump(include=kept)


def test_full_fine_tuning_has_no_lora_config_and_a_tenth_of_the_rate(tmp_path: Path) -> None:
    plan = plan_of(tmp_path, r=64, targets=EVERYTHING, history=(Earlier(score=0.3),))
    assert plan is not None
    assert plan.lora_config is None
    assert plan.run.method == "full"
    assert plan.run.learning_rate == pytest.approx(1e-4)


@pytest.mark.parametrize(
    ("given", "change"),
    [
        ({"shape": TrainingShape.DIVERGED}, {"learning_rate": 0.000333}),
        ({"shape": TrainingShape.STILL_FALLING}, {"epochs": 4.0}),
        ({"shape": TrainingShape.OVER_FIT}, {"epochs": 1.0}),
        (
            {"shape": TrainingShape.OVER_FIT, "best_step": 25, "submitted_step": 100},
            {"epochs": 0.5},
        ),
    ],
)
def test_a_fault_of_training_repeats_the_same_shape(
    tmp_path: Path, given: dict[str, object], change: dict[str, float]
) -> None:
    plan = plan_of(tmp_path, **given)
    assert plan is not None
    assert plan.lora_config is not None
    assert plan.lora_config["r"] == 8
    assert plan.run.escalated_from is None
    assert plan.run.model_dump(include=set(change)) == change


@pytest.mark.parametrize("given", [{"contradictory": 0.3}, {"train": 0.99}, {"held_out": 0.95}])
def test_no_run_is_planned_when_training_is_not_the_next_step(
    tmp_path: Path, given: dict[str, object]
) -> None:
    assert plan_of(tmp_path, **given) is None


def test_an_older_plan_goes_when_there_is_none_now_and_other_files_stay(tmp_path: Path) -> None:
    capacity, torn = situation(manifest=KNOWN), situation(contradictory=0.3)
    path, other = tmp_path / "next.yaml", tmp_path / "notes.yaml"
    other.write_text("mine: 1\n")
    assert "Next run" in write_next(capacity[0], verdict_of(capacity), path)
    assert "not written" in write_next(torn[0], verdict_of(torn), path)
    write_next(torn[0], verdict_of(torn), other)
    assert not path.exists()
    assert other.read_text() == "mine: 1\n"


def test_the_data_is_named_as_seen_from_the_plan(tmp_path: Path) -> None:
    run = tmp_path / "runs" / "first"
    write_manifest(manifest(dataset="../../data/train.jsonl"), run)
    situated = situation(manifest=manifest(dataset="../../data/train.jsonl"))
    candidate = situated[0].candidate.model_copy(update={"source": str(run)})
    evidence = situated[0].model_copy(update={"candidate": candidate})
    plan = plan_next(evidence, verdict_of(situated), tmp_path)
    assert plan is not None
    assert plan.run.dataset == "data/train.jsonl"


def test_a_file_that_is_no_plan_is_refused_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "next.yaml").write_text("check: c-1\naction: fly\n")
    with pytest.raises(TrainingDataError, match=r"next\.yaml:2"):
        read_next(tmp_path / "next.yaml")
