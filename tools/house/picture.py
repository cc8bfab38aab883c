"""The floors as an SVG: rooms, the arrows that no longer way replaces, the line of a check."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from html import escape

from house.imports import Imports, without_shortcuts
from house.layout import Layout, Route, lay_out
from house.plan import Plan
from house.walk import Step

__all__ = ["draw"]

BOX, PITCH = 34, 86
TOP, LEFT, RIGHT, LEGEND = 56, 56, 28, 92
CHARACTER, PADDING = 8.2, 30

STYLE = """
:root { --paper: #ffffff; --edge: #d0d7de; --band: #f6f8fa; --ink: #1f2328; --quiet: #59636e;
  --room: #ffffff; --pure: #dafbe1; --pure-edge: #4ac26b; --heavy: #fff1e5; --heavy-edge: #e16f24;
  --arrow: #8c959f; --step: #0969da; --on-step: #ffffff; }
@media (prefers-color-scheme: dark) {
  :root { --paper: #0d1117; --edge: #3d444d; --band: #151b23; --ink: #f0f6fc; --quiet: #9198a1;
  --room: #212830; --pure: #12361f; --pure-edge: #2ea043; --heavy: #3d2009; --heavy-edge: #db6d28;
  --arrow: #656c76; --step: #4493f8; --on-step: #0d1117; }
}
text { font: 14px ui-sans-serif, -apple-system, "Segoe UI", Helvetica, Arial, sans-serif;
  fill: var(--ink); }
.room text { font-weight: 600; text-anchor: middle; }
.room rect { fill: var(--room); stroke: var(--arrow); stroke-width: 1.25; }
.pure rect { fill: var(--pure); stroke: var(--pure-edge); }
.heavy rect { fill: var(--heavy); stroke: var(--heavy-edge); }
.step circle { fill: var(--step); }
.step text { fill: var(--on-step); font-size: 11px; font-weight: 700; text-anchor: middle; }
.band { fill: var(--band); }
.floor, .note { fill: var(--quiet); font-size: 13px; }
.floor { text-anchor: middle; }
.title { font-size: 15px; font-weight: 600; }
.arrow { fill: none; stroke: var(--arrow); stroke-width: 1.25; }
.head { fill: var(--arrow); }
"""


def draw(plan: Plan, imports: Imports, walk: Sequence[Step]) -> str:
    """Draw the house. The same code gives the same bytes."""
    arrows = without_shortcuts(imports.rooms)
    widths = {room: len(_label(room, imports)) * CHARACTER + PADDING for room in plan.rooms}
    layout = lay_out(plan.floors, arrows, widths)
    width = round(LEFT + layout.width + RIGHT)
    height = TOP + len(plan.floors) * PITCH - (PITCH - BOX) + 24 + LEGEND
    steps = {room: n for n, room in enumerate(dict.fromkeys(step.room for step in walk), 1)}
    drawn, all_ = sum(map(len, arrows.values())), sum(map(len, imports.rooms.values()))
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
        f'width="{width}" height="{height}" role="img" aria-labelledby="title">',
        f'<title id="title">The {len(plan.rooms)} rooms of gatekeeper on {len(plan.floors)} floors;'
        " imports lead downwards only</title>",
        f"<style>{STYLE}</style>",
        '<defs><marker id="head" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" '
        'markerHeight="7" orient="auto"><path class="head" d="M0 0.5 8 4 0 7.5z"/></marker></defs>',
        f'<rect x="0.5" y="0.5" width="{width - 1}" height="{height - 1}" rx="10" '
        'fill="var(--paper)" stroke="var(--edge)"/>',
        f'<text class="title" x="{LEFT / 2:.0f}" y="30">Imports lead downwards only</text>',
        *_bands(len(plan.floors), width),
        *(_arrow(route, ports) for route, ports in _with_ports(layout, widths)),
        *(
            _room(room, plan, imports, layout, widths, steps.get(room))
            for room in plan.rooms
        ),
        *_legend(width, height, drawn, all_),
        "</svg>",
    ]  # fmt: skip
    return "\n".join(parts) + "\n"


def _label(room: str, imports: Imports) -> str:
    """A folder as `check/`, a single file as `live.py`."""
    is_folder = any(name.startswith(f"{room}.") for name in imports.modules)
    return f"{room}/" if is_folder else f"{room}.py"


def _top(floor: int) -> float:
    """Upper edge of the boxes of a floor; 0 is the highest floor."""
    return TOP + floor * PITCH


def _bands(floors: int, width: int) -> list[str]:
    return [
        part
        for i in range(floors)
        for part in (
            f'<rect class="band" x="12" y="{_top(i) - 9:.0f}" width="{width - 24}" '
            f'height="{BOX + 18}" rx="6"/>',
            f'<text class="floor" x="30" y="{_top(i) + BOX / 2 + 5:.0f}">{floors - i}</text>',
        )
    ]


def _with_ports(
    layout: Layout, widths: Mapping[str, float]
) -> list[tuple[Route, tuple[float, float]]]:
    """Each arrow with the places where it leaves its upper and meets its lower room."""
    leaves: dict[tuple[str, str], float] = {}
    meets: dict[tuple[str, str], float] = {}
    for room in layout.centres:
        out = sorted((r for r in layout.routes if r.above == room), key=lambda r: r.centres[1])
        into = sorted((r for r in layout.routes if r.below == room), key=lambda r: r.centres[-2])
        for routes, ports in ((out, leaves), (into, meets)):
            step = min(26.0, 0.7 * widths[room] / len(routes)) if routes else 0.0
            for n, route in enumerate(routes):
                offset = (n - (len(routes) - 1) / 2) * step
                ports[route.above, route.below] = layout.centres[room] + offset
    return [
        (route, (leaves[route.above, route.below], meets[route.above, route.below]))
        for route in layout.routes
    ]


def _arrow(route: Route, ports: tuple[float, float]) -> str:
    xs = [ports[0], *route.centres[1:-1], ports[1]]
    path = [f"M{LEFT + xs[0]:.1f} {_top(route.first_floor) + BOX:.0f}"]
    for n, (here, there) in enumerate(itertools.pairwise(xs)):
        floor = route.first_floor + n
        start, end = _top(floor) + BOX, _top(floor + 1)
        bend = (end - start) * 0.5
        path.append(
            f"C{LEFT + here:.1f} {start + bend:.0f} {LEFT + there:.1f} {end - bend:.0f} "
            f"{LEFT + there:.1f} {end - (1 if n == len(xs) - 2 else 0):.0f}"
        )
        if n < len(xs) - 2:
            path.append(f"V{end + BOX:.0f}")
    return f'<path class="arrow" marker-end="url(#head)" d="{"".join(path)}"/>'


def _room(
    room: str,
    plan: Plan,
    imports: Imports,
    layout: Layout,
    widths: Mapping[str, float],
    step: int | None,
) -> str:
    x, y = LEFT + layout.centres[room], _top(len(plan.floors) - plan.height(room))
    kind = "pure" if room in plan.pure else "heavy" if room in imports.heavy else ""
    left = x - widths[room] / 2
    badge = "" if step is None else _badge(left, y, step)
    return (
        f'<g class="room {kind}"><rect x="{left:.1f}" y="{y:.0f}" width="{widths[room]:.1f}" '
        f'height="{BOX}" rx="6"/><text x="{x:.1f}" y="{y + BOX / 2 + 5:.0f}">'
        f"{escape(_label(room, imports))}</text></g>{badge}"
    )


def _badge(x: float, y: float, step: int) -> str:
    return (
        f'<g class="step"><circle cx="{x:.1f}" cy="{y:.0f}" r="9"/>'
        f'<text x="{x:.1f}" y="{y + 4:.0f}">{step}</text></g>'
    )


def _legend(width: int, height: int, drawn: int, all_: int) -> list[str]:
    left, top = LEFT // 2, height - LEGEND + 8
    colours = (
        ("pure", "pure: never reaches torch, scoring or the registry"),
        ("heavy", "imports torch or transformers, where it needs them"),
    )
    parts = []
    for n, (kind, text) in enumerate(colours):
        y = top + 22 * n
        parts.append(
            f'<g class="room {kind}"><rect x="{left}" y="{y}" width="24" height="15" rx="4"/></g>'
        )
        parts.append(_note(left + 34, y + 12, text))
    parts.append(_badge(left + 12, top + 52, 1))
    parts.append(_note(left + 34, top + 56, "the order in which a check enters its rooms"))
    told = (
        f"{drawn} of {all_} arrows between rooms are drawn;",
        "each of the others is a shortcut along drawn ones.",
    )
    return parts + [
        _note(width - RIGHT, top + 12 + 18 * n, text, anchor="end") for n, text in enumerate(told)
    ]


def _note(x: float, y: float, text: str, anchor: str = "start") -> str:
    return (
        f'<text class="note" x="{x:.0f}" y="{y:.0f}" text-anchor="{anchor}">{escape(text)}</text>'
    )
