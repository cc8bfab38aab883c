"""The curve: read from real trainer states, named by documented rules."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatekeeper.errors import TrainingDataError
from gatekeeper.evidence import TrainingShape
from gatekeeper.training.curve import Curve, read_curve, shape_of


def state(folder: Path, rows: list[dict[str, Any]], **more: Any) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    step = max((row["step"] for row in rows), default=0)
    content = {"log_history": rows, "global_step": step, "max_steps": step, **more}
    (folder / "trainer_state.json").write_text(json.dumps(content))
    return folder


def losses(values: list[float]) -> list[dict[str, Any]]:
    return [{"step": 10 * i, "loss": value} for i, value in enumerate(values, 1)]


def evaluations(values: list[float], every: int = 30) -> list[dict[str, Any]]:
    return [{"step": every * i, "eval_loss": value} for i, value in enumerate(values, 1)]


def curve_of(folder: Path, rows: list[dict[str, Any]]) -> Curve:
    curve = read_curve(state(folder, rows))
    assert curve is not None
    return curve


FLAT = [6.0, 3.0, 1.6, 1.2, 1.1, 1.05, 1.06, 1.04, 1.05, 1.06, 1.04, 1.05]
FALLING = [6.0 - 0.4 * i for i in range(12)]


@pytest.mark.parametrize(
    ("rows", "shape"),
    [
        (losses(FLAT), TrainingShape.CONVERGED),
        (losses(FLAT) + evaluations([1.5, 1.1, 1.09, 1.08]), TrainingShape.CONVERGED),
        (losses(FALLING), TrainingShape.STILL_FALLING),
        (losses(FLAT) + evaluations([3.0, 2.0, 1.6, 1.2]), TrainingShape.STILL_FALLING),
        (losses(FLAT) + evaluations([1.2, 0.8, 1.0, 1.4]), TrainingShape.OVER_FIT),
        (losses([2.0, 1.99, 2.01, 2.0, 1.98, 2.0, 2.01, 1.99]), TrainingShape.UNDER_FIT),
        (losses([3.0, 1.5, 1.0, 0.9, 2.0, 3.0, 4.0, 5.0]), TrainingShape.DIVERGED),
        (losses([3.0, 2.0]), TrainingShape.UNKNOWN),
        ([], TrainingShape.UNKNOWN),
    ],
)
def test_a_curve_is_named_by_its_shape(
    tmp_path: Path, rows: list[dict[str, Any]], shape: TrainingShape
) -> None:
    found, text = shape_of(curve_of(tmp_path, rows))
    assert found is shape, text
    assert text.endswith(".")


def test_a_loss_that_is_not_a_number_is_divergence_and_leaves_no_nan_in_the_evidence(
    tmp_path: Path,
) -> None:
    curve = curve_of(tmp_path, losses([3.0, 2.0, 1.5, math.nan, math.inf, 1.0, 1.0]))
    assert shape_of(curve) == (TrainingShape.DIVERGED, "The loss was not a number at step 40.")
    assert all(loss is None or math.isfinite(loss) for loss in (p.loss for p in curve.points))


def test_a_noisy_flat_curve_is_not_called_still_falling(tmp_path: Path) -> None:
    noise = [0.2, -0.25, 0.1, -0.05, 0.3, -0.2, 0.05, -0.3, 0.25, -0.1]
    rows = losses([4.0, 2.0] + [1.0 + n for n in noise * 3])
    assert shape_of(curve_of(tmp_path, rows))[0] is TrainingShape.CONVERGED


def test_the_totals_at_the_end_of_a_log_are_no_point_of_the_curve(tmp_path: Path) -> None:
    rows = [*losses(FLAT), {"step": 120, "train_loss": 1.9, "train_runtime": 3.0, "epoch": 1.0}]
    assert len(curve_of(tmp_path, rows).points) == len(FLAT)


def test_training_and_validation_loss_of_one_step_are_one_point(tmp_path: Path) -> None:
    curve = curve_of(tmp_path, [{"step": 10, "loss": 2.0}, {"step": 10, "eval_loss": 1.5}])
    assert [(p.step, p.loss, p.eval_loss) for p in curve.points] == [(10, 2.0, 1.5)]


def test_the_best_step_is_the_one_with_the_lowest_validation_loss(tmp_path: Path) -> None:
    assert curve_of(tmp_path, losses(FLAT) + evaluations([2.0, 1.0, 1.5])).best_step == 60


def test_the_highest_checkpoint_is_read_when_the_root_has_no_state(tmp_path: Path) -> None:
    state(tmp_path / "checkpoint-9", losses([1.0] * 3))
    state(tmp_path / "checkpoint-100", losses([1.0] * 5))
    curve = read_curve(tmp_path)
    assert curve is not None
    assert len(curve.points) == 5


def test_a_folder_without_a_state_has_no_curve(tmp_path: Path) -> None:
    assert read_curve(tmp_path) is None


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"log_history": 3}', '{"log_history": [3]}', "[" * 100_000]
)
def test_a_foreign_file_is_refused_in_one_sentence(tmp_path: Path, text: str) -> None:
    (tmp_path / "trainer_state.json").write_text(text)
    with pytest.raises(TrainingDataError, match=r"trainer_state\.json"):
        read_curve(tmp_path)


def test_pickles_beside_the_state_are_never_opened(tmp_path: Path) -> None:
    (tmp_path / "training_args.bin").write_bytes(b"cos\nsystem\n(S'exit 1'\ntR.")
    (tmp_path / "optimizer.pt").write_bytes(b"cos\nsystem\n(S'exit 1'\ntR.")
    assert read_curve(tmp_path) is None


@given(st.lists(st.floats(0.0, 50.0), max_size=40), st.lists(st.floats(0.0, 50.0), max_size=8))
def test_every_curve_has_exactly_one_shape(train: list[float], held: list[float]) -> None:
    from gatekeeper.evidence import CurvePoint

    points = [CurvePoint(step=i, loss=v) for i, v in enumerate(train, 1)]
    points += [CurvePoint(step=100 + i, eval_loss=v) for i, v in enumerate(held, 1)]
    curve = Curve(tuple(points), global_step=None, max_steps=None, best_step=None)
    shape, text = shape_of(curve)
    assert isinstance(shape, TrainingShape)
    assert text


def test_a_straight_slow_fall_is_not_flat_however_small_its_steps(tmp_path: Path) -> None:
    """A learning rate that is far too low: 3.0 to 2.6, a little less at every step."""
    slow = [3.0 - 0.4 * i / 24 for i in range(25)]
    shape, text = shape_of(curve_of(tmp_path, losses(slow)))
    assert shape is TrainingShape.STILL_FALLING, text


def with_rate(values: list[float], rates: list[float]) -> list[dict[str, Any]]:
    rows = losses(values)
    return [row | {"learning_rate": rate} for row, rate in zip(rows, rates, strict=True)]


def test_flat_only_since_the_schedule_ended_is_still_falling(tmp_path: Path) -> None:
    fall = [5.0 - 0.4 * i for i in range(10)] + [1.35] * 12
    ended = [1e-3] * 10 + [1e-5] * 12
    shape, text = shape_of(curve_of(tmp_path / "ended", with_rate(fall, ended)))
    assert shape is TrainingShape.STILL_FALLING
    assert "schedule" in text
    shape, _ = shape_of(curve_of(tmp_path / "constant", with_rate(fall, [1e-3] * 22)))
    assert shape is TrainingShape.CONVERGED


def test_flat_before_the_schedule_ended_is_flat(tmp_path: Path) -> None:
    plateau = [5.0, 3.0, 2.0, 1.6] + [1.5, 1.51, 1.49, 1.5] * 6
    linear = [1e-3 * (1 - i / 28) for i in range(28)]
    shape, _ = shape_of(curve_of(tmp_path, with_rate(plateau, linear)))
    assert shape is TrainingShape.CONVERGED
