"""Training and validation loss over steps, with the submitted and the best step."""

from __future__ import annotations

from markupsafe import Markup

from gatekeeper.evidence import TrainingEvidence
from gatekeeper.report.html.charts.svg import Axis, Drawing, nice_ticks

__all__ = ["curves", "has_curve"]


def has_curve(training: TrainingEvidence) -> bool:
    """True when there are at least two points of one loss."""
    return any(len(_series(training, field)) > 1 for field in ("loss", "eval_loss"))


def curves(training: TrainingEvidence, width: int, name: str) -> Markup:
    """Draw both losses. Raises ValueError when there is nothing to draw."""
    fit, held_out = _series(training, "loss"), _series(training, "eval_loss")
    every = fit + held_out
    if not every:
        raise ValueError("no loss was recorded")
    height = 250
    left, right, top, bottom = 44, width - 12, 26, height - 38
    across = Axis(0.0, max(step for step, _ in every), left, right)
    most = max(loss for _, loss in every)
    up = Axis(0.0, 1.08 * most or 1.0, bottom, top)
    drawing = Drawing(
        name, width, height, "Loss during training",
        f"Training loss ends at {fit[-1][1]:.3g}. " * bool(fit)
        + f"Validation loss ends at {held_out[-1][1]:.3g}. " * bool(held_out)
        + training.shape_text,
    )  # fmt: skip
    for tick in nice_ticks(0.0, up.high, 5):
        drawing.line(left, up.at(tick), right, up.at(tick), "grid")
        drawing.text(left - 8, up.at(tick) + 4, f"{tick:g}", "tick", "end")
    for tick in nice_ticks(0.0, across.high, 4 if width < 500 else 8):
        drawing.text(across.at(tick), bottom + 17, f"{tick:g}", "tick", "middle")
    drawing.text(right, bottom + 33, "step", "tick", "end")
    _moment(drawing, across, training.best_step, "best", top, bottom)
    if training.submitted_step != training.best_step:
        _moment(drawing, across, training.submitted_step, "submitted", top, bottom)
    if fit:
        drawing.path([(across.at(x), up.at(y)) for x, y in fit], "curve fit")
    if held_out:
        placed = [(across.at(x), up.at(y)) for x, y in held_out]
        drawing.path(placed, "curve held-out")
        for x, y in placed:
            drawing.mark(x, y, "disc", "held-out", 3)
    _legend(drawing, bool(fit), bool(held_out), left)
    return drawing.render()


def _series(training: TrainingEvidence, field: str) -> list[tuple[float, float]]:
    found = []
    for point in training.curve:
        loss = getattr(point, field)
        if loss is not None and abs(loss) < 1e9:
            found.append((float(point.step), float(loss)))
    return found


def _moment(
    drawing: Drawing, across: Axis, step: int | None, label: str, top: float, bottom: float
) -> None:
    if step is None:
        return
    x = across.at(step)
    anchor = "end" if x > (across.start + across.end) / 2 else "start"
    drawing.line(x, top, x, bottom, "next")
    drawing.text(x + (-5 if anchor == "end" else 5), top + 10, label, "tick strong", anchor)


def _legend(drawing: Drawing, fit: bool, held_out: bool, left: float) -> None:
    x = left
    for present, label, style in (
        (fit, "training loss", "fit"),
        (held_out, "validation loss", "held-out"),
    ):
        if not present:
            continue
        drawing.line(x, 10, x + 22, 10, f"curve {style}")
        if style == "held-out":
            drawing.mark(x + 11, 10, "disc", style, 3)
        drawing.text(x + 28, 14, label, "tick")
        x += 140
