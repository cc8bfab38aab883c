"""The training curve: reads trainer_state.json and names its shape.

Knows steps and losses, but nothing about data or scores. The rules are stated in docs/training.md;
they are heuristics with declared thresholds, and a curve that is too short has no shape at all.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean, median
from typing import Any

from gatekeeper.errors import TrainingDataError
from gatekeeper.evidence import CurvePoint, TrainingShape
from gatekeeper.files.plain_values import number_fault
from gatekeeper.training.checkpoint_folder import checkpoint_step

__all__ = ["Curve", "read_curve", "shape_of"]

STATE = "trainer_state.json"
FEWEST_POINTS = 6
"""With fewer logged losses a curve has no shape."""
OVER_FIT_RISE = 0.10
"""Validation loss above its best, as a share of the best."""
STILL_FALLING_DROP = 0.08
"""By how much the last third of the run reduced the loss, as a share of the level before it."""
SLOWLY_FALLING_DROP = 0.15
"""The same as a share of the whole run's reduction: on a slow straight line it is a third."""
AT_WORK = 0.25
"""Share of the peak learning rate down to which a schedule still lets the loss move."""
UNDER_FIT_DROP = 0.10
"""By how much the whole run reduced the loss, as a share of the first level."""
DIVERGED_RISE = 0.50
"""Training loss at the end above its lowest level, as a share of that level."""
SMALLEST_LOSS = 0.02
"""Nats below which relative changes mean nothing: the loss is practically zero."""
_MAX_BYTES = 64 << 20
_MOST_STEPS = 2**63


@dataclass(frozen=True)
class Curve:
    """What trainer_state.json says. `broken` is the first step whose loss was not finite."""

    points: tuple[CurvePoint, ...]
    global_step: int | None
    max_steps: int | None
    best_step: int | None
    broken: int | None = None

    @property
    def evaluations(self) -> tuple[tuple[int, float], ...]:
        """(step, validation loss), in the order of the steps."""
        return tuple((p.step, p.eval_loss) for p in self.points if p.eval_loss is not None)

    @property
    def losses(self) -> tuple[tuple[int, float], ...]:
        """(step, training loss), in the order of the steps."""
        return tuple((p.step, p.loss) for p in self.points if p.loss is not None)


def read_curve(folder: Path) -> Curve | None:
    """Read trainer_state.json at the root of a folder, or in its highest checkpoint-N.

    None when there is none. Raises TrainingDataError when it is not a trainer state. Never opens
    the pickles next to it.
    """
    path = _state_file(folder)
    if path is None:
        return None
    try:
        if path.stat().st_size > _MAX_BYTES:
            raise TrainingDataError(
                f"{path}: larger than 64 MiB.", "This cannot be a trainer state."
            )
        content = json.loads(path.read_bytes())
        rows = content["log_history"]
        logged = [row for row in rows if _whole(row["step"]) is not None]
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as problem:
        raise TrainingDataError(
            f"{path}: is not a state file written by transformers' Trainer "
            f"({type(problem).__name__}: {problem}).",
            "Copy trainer_state.json from the run again, or remove it.",
        ) from problem
    points, broken = _points(logged)
    evaluated = [(p.eval_loss, p.step) for p in points if p.eval_loss is not None]
    best = min(evaluated)[1] if evaluated else _whole(content.get("best_global_step"))
    return Curve(
        points=points,
        global_step=_whole(content.get("global_step")),
        max_steps=_whole(content.get("max_steps")),
        best_step=best or None,
        broken=broken,
    )


def _state_file(folder: Path) -> Path | None:
    if (folder / STATE).is_file():
        return folder / STATE
    found = [
        (step, child / STATE)
        for child in (folder.iterdir() if folder.is_dir() else ())
        if (step := checkpoint_step(child.name)) is not None and (child / STATE).is_file()
    ]
    return max(found)[1] if found else None


def _points(rows: Sequence[dict[str, Any]]) -> tuple[tuple[CurvePoint, ...], int | None]:
    """Rows of the same step become one point; non-finite values are dropped and noted."""
    merged: dict[int, dict[str, float]] = {}
    broken: int | None = None
    for row in rows:
        numbers = merged.setdefault(row["step"], {})
        for key in ("epoch", "loss", "eval_loss", "learning_rate", "grad_norm"):
            value = row.get(key)
            if isinstance(value, bool) or not isinstance(value, int | float):
                continue
            if number_fault(value) is None:
                numbers[key] = float(value)
            elif key in ("loss", "eval_loss") and broken is None:
                broken = row["step"]
    points = (CurvePoint(step=step, **merged[step]) for step in sorted(merged))
    # The last row of a run contains only totals.
    return tuple(p for p in points if p.loss is not None or p.eval_loss is not None), broken


def _whole(value: Any) -> int | None:
    sound = isinstance(value, int) and not isinstance(value, bool) and abs(value) < _MOST_STEPS
    return value if sound else None


def shape_of(curve: Curve) -> tuple[TrainingShape, str]:
    """Name the shape of a curve and say why, in one sentence.

    Tried in this order: diverged, over-fit, still falling, under-fit; what is left has converged.
    """
    if curve.broken is not None:
        return TrainingShape.DIVERGED, f"The loss was not a number at step {curve.broken}."
    losses = [loss for _, loss in curve.losses]
    if len(losses) < FEWEST_POINTS:
        return (
            TrainingShape.UNKNOWN,
            f"Only {len(losses)} losses were logged; it takes {FEWEST_POINTS} to see a shape.",
        )
    return (
        _diverged(losses)
        or _over_fit(curve)
        or _still_falling(curve, losses)
        or _flat_by_schedule(curve)
        or _under_fit(losses)
        or _converged(losses)
    )


_Shape = tuple[TrainingShape, str]


def _diverged(losses: Sequence[float]) -> _Shape | None:
    width = max(2, len(losses) // 6)
    lowest = min(median(losses[i : i + width]) for i in range(len(losses) - width + 1))
    end = median(losses[-width:])
    if end <= lowest * (1 + DIVERGED_RISE) + 10 * SMALLEST_LOSS:
        return None
    return (
        TrainingShape.DIVERGED,
        f"The training loss rose from {lowest:.2f} to {end:.2f} at the end.",
    )


def _over_fit(curve: Curve) -> _Shape | None:
    evaluations = curve.evaluations
    if len(evaluations) < 2:
        return None
    best_step, best = min(evaluations, key=lambda point: point[1])
    last_step, last = evaluations[-1]
    if last - best <= max(OVER_FIT_RISE * best, SMALLEST_LOSS):
        return None
    return (
        TrainingShape.OVER_FIT,
        f"The validation loss was {best:.3f} at step {best_step} and is {last:.3f} at step "
        f"{last_step}.",
    )


def _still_falling(curve: Curve, losses: Sequence[float]) -> _Shape | None:
    if len(curve.evaluations) >= 3:
        # Validation is steadier: every point is a mean over the same rows.
        (before_step, before), (last_step, last) = _last_third(curve.evaluations)
        whole = max(losses[0], curve.evaluations[0][1]) - last
        if before - last > max(_least_fall(before, whole), SMALLEST_LOSS):
            return (
                TrainingShape.STILL_FALLING,
                f"The validation loss was still falling, from {before:.3f} to {last:.3f} between "
                f"steps {before_step} and {last_step}.",
            )
        return None
    third = max(3, len(losses) // 3)
    earlier, later = losses[-2 * third : -third], losses[-third:]
    drop = fmean(earlier) - fmean(later)
    least = _least_fall(fmean(earlier), losses[0] - fmean(later))
    if drop <= max(least, SMALLEST_LOSS, 2 * _noise(earlier, later)):
        return None
    return (
        TrainingShape.STILL_FALLING,
        f"The training loss was still falling, from {fmean(earlier):.3f} to {fmean(later):.3f} in "
        "the last third of the run.",
    )


def _least_fall(level: float, whole: float) -> float:
    """By how much a third of the run must fall not to be flat, apart from noise."""
    return min(STILL_FALLING_DROP * level, SLOWLY_FALLING_DROP * max(0.0, whole))


def _flat_by_schedule(curve: Curve) -> _Shape | None:
    """Flat at the end, but still falling while the learning rate was high enough."""
    rates = [(p.step, p.learning_rate) for p in curve.points if p.learning_rate is not None]
    if not rates:
        return None
    peak = max(rate for _, rate in rates)
    last = max(step for step, rate in rates if rate >= AT_WORK * peak)
    worked = Curve(
        points=tuple(point for point in curve.points if point.step <= last),
        global_step=last, max_steps=curve.max_steps, best_step=None,
    )  # fmt: skip
    losses = [loss for _, loss in worked.losses]
    if len(losses) < FEWEST_POINTS or len(worked.points) == len(curve.points):
        return None
    if _still_falling(worked, losses) is None:
        return None
    return (
        TrainingShape.STILL_FALLING,
        f"The loss was still falling until the schedule cut the learning rate (step {last}). Train "
        "longer, or at a constant rate.",
    )


def _last_third(
    evaluations: Sequence[tuple[int, float]],
) -> tuple[tuple[int, float], tuple[int, float]]:
    """The last evaluation and the one nearest to two thirds of the run."""
    last = evaluations[-1]
    before = min(evaluations[:-1], key=lambda point: abs(point[0] - last[0] * 2 / 3))
    return before, last


def _noise(first: Sequence[float], second: Sequence[float]) -> float:
    """Standard error of the difference of two means."""
    return math.sqrt(sum(_variance(values) / len(values) for values in (first, second)))


def _variance(values: Sequence[float]) -> float:
    if len(values) < 2:
        return 0.0
    middle = fmean(values)
    return sum((value - middle) ** 2 for value in values) / (len(values) - 1)


def _under_fit(losses: Sequence[float]) -> _Shape | None:
    width = max(2, len(losses) // 10)
    start, end = fmean(losses[:width]), fmean(losses[-width:])
    if start - end > max(UNDER_FIT_DROP * start, SMALLEST_LOSS) or start < 10 * SMALLEST_LOSS:
        return None
    return (
        TrainingShape.UNDER_FIT,
        f"The training loss went from {start:.2f} to {end:.2f}: almost nothing was learned.",
    )


def _converged(losses: Sequence[float]) -> _Shape:
    width = max(2, len(losses) // 6)
    return (
        TrainingShape.CONVERGED,
        f"The loss went from {losses[0]:.2f} to {fmean(losses[-width:]):.2f} and is flat.",
    )
