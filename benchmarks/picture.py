"""Three panels as one SVG: power by true change, samples by true change, errors in every cell."""

from __future__ import annotations

from collections.abc import Sequence

from cells import ALPHA
from simulation import Cell, Characteristics, Outcome

EFFECTS = (-0.15, -0.125, -0.10, -0.08, -0.065, -0.05, -0.04, -0.03, -0.02, -0.01, 0.0, 0.01, 0.02)
SHOWN = {"shipped": "#0b6e4f", "betting": "#b3541e", "fixed N, Tango": "#5b6770"}
WIDTH, HEIGHT, LEFT, TOP, PANEL, TALL = 960, 330, 60, 60, 250, 200


def effect_cell(effect: float) -> Cell:
    """15% flips, margin 5 points, up to 2,000 samples."""
    return Cell(2000, 0.15, 0.05, effect)


def draw_picture(curves: Sequence[dict[str, Outcome]], cells: Sequence[Characteristics]) -> str:
    """Give the SVG as text."""
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
        f'width="{WIDTH}" height="{HEIGHT}" role="img" aria-labelledby="t d" '
        'font-family="system-ui, sans-serif" font-size="12" fill="#222">',
        '<title id="t">Operating characteristics of the decision</title>',
        '<desc id="d">The shipped test passes sound adapters nearly as often as a fixed test '
        "of 2,000 samples, with fewer samples, and never errs more often than allowed.</desc>",
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>',
        *_power(curves),
        *_samples(curves),
        *_errors(cells),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _frame(index: int, title: str, below: str, ticks: Sequence[tuple[float, str]]) -> list[str]:
    x0 = LEFT + index * (PANEL + LEFT)
    parts = [
        f'<text x="{x0}" y="{TOP - 18}" font-weight="600">{title}</text>',
        f'<text x="{x0 + PANEL / 2}" y="{TOP + TALL + 38}" text-anchor="middle">{below}</text>',
    ]
    for share, label in ticks:
        y = TOP + TALL * (1 - share)
        parts.append(f'<path d="M{x0} {y:.1f}h{PANEL}" stroke="#ddd"/>')
        parts.append(f'<text x="{x0 - 6}" y="{y + 4:.1f}" text-anchor="end">{label}</text>')
    return parts


def _across(index: int, effect: float) -> float:
    first, last = EFFECTS[0], EFFECTS[-1]
    return LEFT + index * (PANEL + LEFT) + PANEL * (effect - first) / (last - first)


def _effect_ticks(index: int) -> list[str]:
    y = TOP + TALL
    parts = [
        f'<text x="{_across(index, e):.1f}" y="{y + 18}" text-anchor="middle">{100 * e:+.0f}</text>'
        for e in (-0.15, -0.10)
    ]
    parts += [
        f'<text x="{_across(index, e):.1f}" y="{y + 18}" text-anchor="middle">{text}</text>'
        for e, text in ((-0.05, "margin"), (0.0, "0"))
    ]
    x = _across(index, -0.05)
    return [*parts, f'<path d="M{x:.1f} {TOP}v{TALL}" stroke="#888" stroke-dasharray="3 3"/>']


def _line(index: int, values: Sequence[float], colour: str, dashed: bool = False) -> str:
    points = "L".join(
        f"{_across(index, e):.1f} {TOP + TALL * (1 - v):.1f}"
        for e, v in zip(EFFECTS, values, strict=True)
    )
    dash = ' stroke-dasharray="6 4"' if dashed else ""
    return f'<path d="M{points}" fill="none" stroke="{colour}" stroke-width="2"{dash}/>'


def _power(curves: Sequence[dict[str, Outcome]]) -> list[str]:
    ticks = [(0.0, "0"), (0.5, "0.5"), (1.0, "1")]
    parts = _frame(0, "P(pass), and P(fail) dashed", "true change, points", ticks)
    parts += _effect_ticks(0)
    for row, (name, colour) in enumerate(SHOWN.items()):
        parts.append(_line(0, [c[name].passed for c in curves], colour))
        parts.append(_line(0, [c[name].failed for c in curves], colour, dashed=True))
        x = LEFT + 210 * row
        parts.append(f'<path d="M{x} 18h24" stroke="{colour}" stroke-width="3"/>')
        parts.append(f'<text x="{x + 30}" y="22">{name}</text>')
    return parts


def _samples(curves: Sequence[dict[str, Outcome]]) -> list[str]:
    ticks = [(0.0, "0"), (0.5, "1000"), (1.0, "2000")]
    parts = _frame(1, "Mean samples until settled", "true change, points", ticks)
    parts += _effect_ticks(1)
    parts += [
        _line(1, [c[name].mean_samples / 2000 for c in curves], colour)
        for name, colour in SHOWN.items()
    ]
    return parts


def _errors(cells: Sequence[Characteristics]) -> list[str]:
    """One dot per cell, by flip rate; passes as discs, fails as rings."""
    top = 0.08
    ticks = [(0.0, "0"), (ALPHA / top, f"{ALPHA}"), (1.0, f"{top}")]
    parts = _frame(2, "Errors at the margin, every cell", "flip rate", ticks)
    rates = sorted({row.cell.flips for row in cells})
    x0 = LEFT + 2 * (PANEL + LEFT)
    for place, rate in enumerate(rates):
        mine = [row for row in cells if row.cell.flips == rate]
        middle = x0 + PANEL * (place + 0.5) / len(rates)
        parts.append(
            f'<text x="{middle:.1f}" y="{TOP + TALL + 18}" text-anchor="middle">'
            f"{100 * rate:g}%</text>"
        )
        for i, row in enumerate(mine):
            x = middle + 30 * ((i + 0.5) / len(mine) - 0.5)
            for value, fill in ((row.at_limit.passed, "#0b6e4f"), (row.at_limit.failed, "none")):
                y = TOP + TALL * (1 - min(1.0, value / top))
                parts.append(
                    f'<circle cx="{x:.1f}" cy="{y:.1f}" r="2.6" fill="{fill}" stroke="#0b6e4f"/>'
                )
    y = TOP + TALL * (1 - ALPHA / top)
    parts.append(f'<path d="M{x0} {y:.1f}h{PANEL}" stroke="#b00020" stroke-dasharray="4 3"/>')
    parts.append(f'<text x="{x0}" y="{TOP - 4}" font-size="11">disc: pass, ring: fail</text>')
    return parts
