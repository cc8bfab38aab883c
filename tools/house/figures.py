"""What can be counted of a checkout, and two checkouts side by side."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from house.imports import PACKAGE, circles, longest_chain, read_imports
from house.plan import read_plan

__all__ = ["Figures", "count", "table"]


@dataclass(frozen=True)
class Figures:
    """Counts of one checkout. Tests, tools and benchmarks are not counted."""

    entries: int
    """Files and folders at the root of the package."""
    loose: int
    """Python files among them, `__init__.py` aside."""
    rooms: int
    floors: int
    """Rooms that stand on one another, at most."""
    promised: int | None
    """Floors that the contracts promise."""
    arrows: int
    """Pairs of rooms of which one imports the other."""
    imports: int
    """Import statements behind the arrows."""
    circles: int
    """Groups of modules that import each other, type-only imports included."""
    files: int
    median: int
    """Lines of the median file."""


def count(checkout: Path) -> Figures:
    """Count a checkout's package."""
    root = checkout / PACKAGE
    imports, plan = read_imports(checkout), read_plan(checkout / "pyproject.toml")
    entries = [path.name for path in root.iterdir() if path.name != "__pycache__"]
    lengths = [len(path.read_text("utf-8").splitlines()) for path in root.rglob("*.py")]
    return Figures(
        entries=len(entries),
        loose=sum(name.endswith(".py") and name != "__init__.py" for name in entries),
        rooms=len(imports.rooms),
        floors=longest_chain(imports.rooms),
        promised=None if plan is None else len(plan.floors),
        arrows=sum(map(len, imports.rooms.values())),
        imports=imports.between_rooms,
        circles=len(circles(imports.modules)),
        files=len(lengths),
        median=round(statistics.median(lengths)),
    )


def table(columns: Sequence[tuple[str, Figures]]) -> str:
    """The figures of one or several checkouts, one column each."""
    heads = ["", *(name for name, _ in columns)]
    rows = [
        [label, *(_cell(getattr(figures, name)) for _, figures in columns)]
        for name, label in _LABELS.items()
    ]
    widths = [max(len(row[i]) for row in (heads, *rows)) for i in range(len(heads))]
    return "\n".join(
        "  ".join(
            cell.ljust(width) if i == 0 else cell.rjust(width)
            for i, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in (heads, *rows)
    )


_LABELS = {
    "entries": "entries at the package's root",
    "loose": "  of them loose modules",
    "rooms": "rooms",
    "floors": "floors (longest chain of rooms)",
    "promised": "floors that the contracts promise",
    "arrows": "arrows between rooms",
    "imports": "  imports behind them",
    "circles": "import circles",
    "files": "Python files",
    "median": "  lines of the median file",
}


def _cell(value: int | None) -> str:
    return "none" if value is None else f"{value:,}"
