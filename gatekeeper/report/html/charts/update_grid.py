"""Where the adapter changed the base: one cell per layer and module, darker for larger updates."""

from __future__ import annotations

import re
from collections.abc import Sequence

from markupsafe import Markup

from gatekeeper.evidence import ModuleUpdate, WeightEvidence
from gatekeeper.report.html.charts.svg import Drawing, fitted

__all__ = ["largest", "size_of", "weight_grid"]

_LAYER = re.compile(r"\.(\d+)\.")
_MOST_CELLS = 400
_ORDER = ("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj")


def size_of(update: ModuleUpdate) -> float:
    """Relative update where the base was available, else the plain norm."""
    return update.relative if update.relative is not None else update.norm


def largest(weights: WeightEvidence, most: int = 8) -> list[ModuleUpdate]:
    """The modules that changed most."""
    return sorted(weights.modules, key=size_of, reverse=True)[:most]


def weight_grid(weights: WeightEvidence, width: int, name: str) -> Markup | None:
    """Draw the grid; None where module names contain no layer number or there are too many."""
    cells: dict[tuple[str, int], ModuleUpdate] = {}
    for update in weights.modules:
        match = _LAYER.search(update.name)
        if match:
            cells[update.name.rsplit(".", 1)[-1], int(match[1])] = update
    if not cells or len(cells) > _MOST_CELLS:
        return None
    rows = sorted({row for row, _ in cells}, key=_rank)
    layers = sorted({layer for _, layer in cells})
    left, top, gap = 74, 6, 2
    side = max(4.0, min(26.0, (width - left) / len(layers)))
    drawing = Drawing(
        name, width, top + len(rows) * 24 + 30, "Size of the update by layer and module",
        f"{len(cells)} modules in {len(layers)} layers; darker means larger. "
        f"Modules without effect: {len(weights.dead_modules)}.",
    )  # fmt: skip
    most = max(map(size_of, cells.values())) or 1.0
    dead = frozenset(weights.dead_modules)
    for line, row in enumerate(rows):
        y = top + line * 24
        drawing.text(0, y + 16, fitted(row, left - 6), "tick")
        for column, layer in enumerate(layers):
            found = cells.get((row, layer))
            if found is None:
                continue
            x = left + column * side
            shade = min(5, 1 + int(5 * size_of(found) / most))
            told = f"{row} {layer}: {size_of(found):.3g}"
            drawing.cell(x, y, side - gap, 22, f"h{shade}", told)
            if found.name in dead:
                drawing.mark(x + (side - gap) / 2, y + 11, "cross", "fail", min(4, side / 4))
    _layers(drawing, layers, left, side, top + len(rows) * 24 + 16)
    return drawing.render()


def _rank(row: str) -> tuple[int, str]:
    return (_ORDER.index(row) if row in _ORDER else len(_ORDER), row)


def _layers(drawing: Drawing, layers: Sequence[int], left: float, side: float, y: float) -> None:
    every = max(1, round(len(layers) / 8))
    for column, layer in enumerate(layers):
        if column % every == 0:
            label = f"layer {layer}" if column == 0 else str(layer)
            drawing.text(left + column * side, y, label, "tick")
