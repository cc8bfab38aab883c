"""Operating characteristics of the decision: tables, docs/benchmarks/decision.md and a picture.

Run `python benchmarks/decision.py`; `--checks` simulated checks per cell, on `--workers`
processes. Everything is seeded: two runs give the same numbers. Ends with 1 when the procedure
does not show what it must.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from typing import TypeVar

from cells import (
    BARS,
    CELLS,
    GRADED_CELLS,
    POLICY,
    SPEED,
    bar_row,
    by_method,
    graded_row,
    policy_row,
)
from picture import EFFECTS, draw_picture, effect_cell
from simulation import characteristics
from tables import (
    bars_table,
    cells_table,
    findings,
    graded_table,
    policy_table,
    speed_table,
)

DOCS = Path(__file__).parent.parent / "docs"
Job, Row = TypeVar("Job"), TypeVar("Row")

HEAD = """# Operating characteristics of the decision

Written by `python benchmarks/decision.py`; [decision.md](../decision.md) explains how to read it.

![Power and samples by true change](../pictures/decision.svg)
"""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--checks", type=int, default=2000, help="simulated checks per cell")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--print-only", action="store_true", help="write no files")
    options = parser.parse_args()
    started = time.monotonic()
    with ProcessPoolExecutor(options.workers) as workers:

        def each(run: Callable[..., Row], jobs: Iterable[Job], what: str) -> list[Row]:
            todo = list(jobs)
            seeds = [1000 * (i + 1) for i in range(len(todo))]
            rows = []
            for row in workers.map(partial(_run, run, options.checks), todo, seeds):
                rows.append(row)
                print(f"\r{what}: {len(rows)} of {len(todo)} cells", end="", file=sys.stderr)
            print(f"  {time.monotonic() - started:.0f} s", file=sys.stderr)
            return rows

        cells = each(characteristics, CELLS, "at the limit and without loss")
        speed = dict(zip(SPEED, each(by_method, SPEED.values(), "all methods"), strict=True))
        bars = each(bar_row, BARS, "bars")
        graded = each(graded_row, GRADED_CELLS, "graded scores")
        curves = each(by_method, [effect_cell(e) for e in EFFECTS], "curves")
        policies = each(policy_row, POLICY, "whole policies")
    shown = findings(cells, speed, bars, graded, policies, options.checks)
    sections = [
        HEAD,
        "## What it must show\n",
        *(f"- {'yes' if holds else '**NO**'}: {text}" for text, holds in shown),
        f"\n{options.checks} simulated checks per cell, looks every 25 samples (5% apart at "
        f"least), alpha 0.05; all in {time.monotonic() - started:.0f} s on {options.workers} "
        "processes.",
        "\n## At the limit, and without loss\n\nTrue change = -margin, then 0. Tango: Tango's "
        "score test, run once, at N.\n",
        cells_table(cells),
        "\n## All methods on the same checks\n\nP(pass) / P(fail) / median samples.\n",
        speed_table(speed),
        "\n## A bar on the score\n",
        bars_table(bars),
        "\n## Graded scores\n",
        graded_table(graded),
        "\n## The whole policy\n\n8 capabilities with 400 samples each (margin 5 points), a bar "
        "of 85% and a gain of 30 points, run through the shipped loop and policy.\n",
        policy_table(policies),
    ]
    text = "\n".join(sections) + "\n"
    print(text)
    if not options.print_only:
        for name, content in (
            ("benchmarks/decision.md", text),
            ("pictures/decision.svg", draw_picture(curves, cells)),
        ):
            (DOCS / name).parent.mkdir(parents=True, exist_ok=True)
            (DOCS / name).write_text(content)
    return 0 if all(holds for _, holds in shown) else 1


def _run(run: Callable[..., Row], checks: int, job: object, seed: int) -> Row:
    return run(job, checks, seed)


if __name__ == "__main__":
    sys.exit(main())
