"""SVG by hand: elements, escaping, axes. Charts are in `charts/`, colours in the style sheet.

Every drawing has a title and a description, takes its colours from CSS classes (so dark mode and
print follow), and distinguishes states by shape as well as by colour.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from markupsafe import Markup, escape

from gatekeeper.report.visible_text import one_line

__all__ = ["Axis", "Drawing", "fitted", "nice_ticks"]

CHARACTER = 7.1
"""Mean width of a 13 px character, for cutting labels before they overlap."""


def fitted(text: str, width: float) -> str:
    """Cut a label to about `width` pixels of 13 px text."""
    text = one_line(text)
    most = max(4, int(width / CHARACTER))
    return text if len(text) <= most else text[: most - 1] + "…"


def nice_ticks(low: float, high: float, most: int = 6) -> list[float]:
    """Round values inside [low, high], about `most` of them; including zero if it is inside."""
    span = high - low
    if span <= 0 or not math.isfinite(span):
        return [low]
    raw = span / most
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(power * unit for unit in (1, 2, 5, 10) if power * unit >= raw * 0.999)
    first = math.ceil(low / step - 1e-9)
    last = math.floor(high / step + 1e-9)
    return [round(index * step, 12) + 0.0 for index in range(first, last + 1)]


@dataclass(frozen=True, slots=True)
class Axis:
    """Values to pixels, linearly; values outside are clamped to the edge."""

    low: float
    high: float
    start: float
    end: float

    def at(self, value: float) -> float:
        """Pixel of a value."""
        share = (value - self.low) / ((self.high - self.low) or 1.0)
        return self.start + min(1.0, max(0.0, share)) * (self.end - self.start)


class Drawing:
    """Collects elements; `render()` gives the finished, escaped SVG."""

    def __init__(self, name: str, width: float, height: float, title: str, summary: str) -> None:
        self.name, self.width, self.height = name, width, height
        self._title, self._summary = title, summary
        self._parts: list[str] = []

    def line(self, x1: float, y1: float, x2: float, y2: float, style: str) -> None:
        """Draw a straight line."""
        self._add("line", style, x1=x1, y1=y1, x2=x2, y2=y2)

    def rect(
        self, x: float, y: float, width: float, height: float, style: str, **more: float
    ) -> None:
        """Draw a box; a negative width or height is drawn as zero."""
        self._add("rect", style, x=x, y=y, width=max(0.0, width), height=max(0.0, height), **more)

    def cell(self, x: float, y: float, width: float, height: float, style: str, told: str) -> None:
        """Draw a box with its own title: the cheapest way to draw hundreds."""
        self._parts.append(
            Markup(
                '<rect class="{}" x="{}" y="{}" width="{}" height="{}"><title>{}</title></rect>'
            ).format(style, _number(x), _number(y), _number(width), _number(height), one_line(told))
        )

    def path(self, points: list[tuple[float, float]], style: str) -> None:
        """Draw a polyline."""
        data = "M" + "L".join(f"{_number(x)} {_number(y)}" for x, y in points)
        self._parts.append(Markup('<path class="{}" d="{}"/>').format(style, data))

    def text(self, x: float, y: float, text: str, style: str = "", anchor: str = "start") -> None:
        """Write hostile text, made visible and escaped."""
        ends = Markup(' text-anchor="{}"').format(anchor) if anchor != "start" else ""
        self._parts.append(
            Markup('<text x="{}" y="{}" class="{}"{}>{}</text>').format(
                _number(x), _number(y), style, ends, one_line(text)
            )
        )

    def mark(self, x: float, y: float, shape: str, style: str, size: float = 5.0) -> None:
        """Draw a disc, ring, square, cross, diamond or triangle."""
        if shape in ("disc", "ring"):
            self._add("circle", f"mark {shape} {style}", cx=x, cy=y, r=size)
            return
        shapes: dict[str, list[tuple[float, float]]] = {
            "square": [(-1, -1), (1, -1), (1, 1), (-1, 1)],
            "diamond": [(0, -1.3), (1.3, 0), (0, 1.3), (-1.3, 0)],
            "triangle": [(0, -1.25), (1.2, 1), (-1.2, 1)],
            "cross": [(-1, -1), (1, 1), (0, 0), (-1, 1), (1, -1)],
        }
        data = "M" + "L".join(
            f"{_number(x + dx * size)} {_number(y + dy * size)}" for dx, dy in shapes[shape]
        )
        closed = "" if shape == "cross" else "Z"
        self._parts.append(
            Markup('<path class="mark {} {}" d="{}"/>').format(shape, style, data + closed)
        )

    def open_group(self, title: str, style: str = "") -> None:
        """Begin a group whose title browsers show on hover."""
        self._parts.append(Markup('<g class="{}"><title>{}</title>').format(style, one_line(title)))

    def close_group(self) -> None:
        """End the group."""
        self._parts.append(Markup("</g>"))

    def render(self) -> Markup:
        """Return the whole SVG, with its title and description wired for screen readers."""
        return Markup(
            '<svg viewBox="0 0 {w} {h}" width="{w}" height="{h}" role="img" '
            'aria-labelledby="{n}-t {n}-d"><title id="{n}-t">{t}</title>'
            '<desc id="{n}-d">{d}</desc>{body}</svg>'
        ).format(
            w=_number(self.width),
            h=_number(self.height),
            n=self.name,
            t=one_line(self._title),
            d=one_line(self._summary),
            body=Markup("".join(self._parts)),
        )

    def _add(self, element: str, style: str, **numbers: float) -> None:
        listed = " ".join(f'{key}="{_number(value)}"' for key, value in numbers.items())
        self._parts.append(Markup(f'<{element} class="{escape(style)}" {listed}/>'))


def _number(value: float) -> str:
    return f"{value:.1f}".rstrip("0").rstrip(".") if math.isfinite(value) else "0"
