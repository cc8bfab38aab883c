"""The line of a check as docs/architecture.md draws it: a tree of calls, read back as data."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Step", "read_walk"]

_BLOCK = re.compile(r"^## The line of a check$.*?^```text\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_LINE = re.compile(r"^( *)(\S+\.py) +([\w.]+)(?: {2,}(.+))?$")


@dataclass(frozen=True)
class Step:
    """One line of the walk: a function or class, and who calls it."""

    file: str
    """Path in the package, such as `check/measure.py`."""
    name: str
    """`measure`, or `Registry.promote` for a method."""
    caller: Step | None

    @property
    def room(self) -> str:
        """The room that the file lies in."""
        return self.file.partition("/")[0].removesuffix(".py")


def read_walk(page: Path) -> list[Step]:
    """Every step, in the order of the page. Raises ValueError for a line that is not one."""
    found = _BLOCK.search(page.read_text(encoding="utf-8"))
    if found is None:
        raise ValueError(f'{page} has no ```text block under "The line of a check"')
    steps: list[Step] = []
    open_: list[tuple[int, Step]] = []
    for line in found[1].splitlines():
        read = _LINE.match(line)
        if read is None:
            raise ValueError(f"{page}: not a step of the walk: {line!r}")
        depth = len(read[1])
        while open_ and open_[-1][0] >= depth:
            open_.pop()
        step = Step(read[2], read[3], open_[-1][1] if open_ else None)
        open_.append((depth, step))
        steps.append(step)
    return steps
