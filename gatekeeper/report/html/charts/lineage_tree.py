"""The lineage tree as a separate picture: `gate lineage X --svg FILE`.

An indented outline, oldest at the top: it stays readable however deep the history is, in a browser,
a README or a slide alike. Kinds differ by shape and by word, never by colour alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from gatekeeper.report.drawn_values import LineageNode
from gatekeeper.report.html.charts.svg import CHARACTER, Drawing, fitted

__all__ = ["lineage_svg"]

_ROW, _INDENT, _LEFT, _TOP = 30.0, 28.0, 22.0, 58.0
_WIDEST = 760.0
_SHAPE = {
    "base": "square",
    "dataset": "square",
    "run": "diamond",
    "adapter": "disc",
    "checkpoint": "disc",
    "check": "ring",
    "promotion": "triangle",
    "forced-promotion": "cross",
    "rollback": "cross",
    "event": "ring",
}
_STYLE = """
svg{--ink:#17202a;--muted:#566270;--line:#c3cad3;--card:#fff;--accent:#0068a8;--good:#00714f;
--bad:#b23c00;--open:#855800;background:var(--card);font:13px system-ui,-apple-system,"Segoe UI",
Roboto,"Noto Sans","DejaVu Sans",sans-serif}
@media (prefers-color-scheme:dark){svg{--ink:#e7ebef;--muted:#a3aebb;--line:#3a4450;--card:#171c22;
--accent:#6cbcf0;--good:#3cc79b;--bad:#ff9057;--open:#efb648}}
text{fill:var(--ink)}.title{font-size:17px;font-weight:600}.muted{fill:var(--muted)}
.kind{fill:var(--muted);font-size:11px}.focus{font-weight:700}.branch{stroke:var(--line);
stroke-width:2;fill:none}.mark{fill:var(--c);stroke:var(--c);stroke-width:2}.mark.ring{fill:var(--card)}.mark.cross{
stroke-width:3.4;stroke-linecap:round;fill:none}.base,.dataset,.run,.event{--c:var(--muted)}
.adapter,.checkpoint,.check{--c:var(--accent)}.promotion{--c:var(--good)}
.mark.here{fill:var(--card);stroke:var(--ink);stroke-width:1.5}.rollback{--c:var(--bad)}.forced-promotion{--c:var(--open)}
"""


@dataclass(frozen=True, slots=True)
class _Row:
    node: LineageNode
    depth: int
    number: int
    parent: int | None


def lineage_svg(root: LineageNode, title: str) -> str:
    """Draw a whole tree as one SVG document; every text in it is treated as hostile."""
    rows = list(_rows(root, 0, None, [0]))
    deepest = max(row.depth for row in rows)
    widest = max(
        _INDENT * row.depth + CHARACTER * (len(_told(row.node)) + len(row.node.kind) + 4)
        for row in rows
    )
    width = _LEFT + min(max(widest, CHARACTER * 1.4 * len(title)), _INDENT * deepest + _WIDEST) + 30
    summary = "; ".join(f"{row.node.kind} {row.node.label}" for row in rows)
    drawing = Drawing("lineage", width, _TOP + _ROW * len(rows), title, summary)
    drawing.text(_LEFT - 6, 30, fitted(title, width / 1.4), "title")
    for row in rows:
        _branch(drawing, row)
    for row in rows:
        _entry(drawing, row, width)
    opening, rest = str(drawing.render()).split(">", 1)
    opening = opening.replace("<svg", '<svg xmlns="http://www.w3.org/2000/svg"', 1)
    return f"{opening}><style>{_STYLE}</style>{rest}\n"


def _rows(node: LineageNode, depth: int, parent: int | None, counter: list[int]) -> Iterator[_Row]:
    number = counter[0]
    counter[0] += 1
    yield _Row(node, depth, number, parent)
    for child in node.children:
        yield from _rows(child, depth + 1, number, counter)


def _place(depth: int, number: int) -> tuple[float, float]:
    return _LEFT + _INDENT * depth, _TOP + _ROW * number


def _branch(drawing: Drawing, row: _Row) -> None:
    if row.parent is None:
        return
    x, y = _place(row.depth, row.number)
    above_x, above_y = _place(row.depth - 1, row.parent)
    drawing.path([(above_x, above_y), (above_x, y), (x, y)], "branch")


def _entry(drawing: Drawing, row: _Row, width: float) -> None:
    x, y = _place(row.depth, row.number)
    node = row.node
    drawing.open_group(f"{node.kind}: {node.label}. {node.detail}".strip())
    if node.focus:
        drawing.mark(x, y, "ring", "here", 9.5)
    drawing.mark(x, y, _SHAPE[node.kind], node.kind)
    kind = node.kind.replace("-", " ")
    drawing.text(x + 16, y + 4.5, kind, "kind")
    start = x + 16 + 6.2 * len(kind) + 10
    label = fitted(node.label, width - start - 10)
    drawing.text(start, y + 4.5, label, "focus" if node.focus else "")
    start += CHARACTER * (1.2 if node.focus else 1.07) * len(label) + 12
    if node.detail and width - start > 60:
        drawing.text(start, y + 4.5, fitted(node.detail, width - start - 10), "muted")
    drawing.close_group()


def _told(node: LineageNode) -> str:
    return f"{node.label}  {node.detail}"
