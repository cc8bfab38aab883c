"""What a report costs: bytes and milliseconds of every format, beside a plain dump of its data.

Milliseconds of processor time, which is what one idle core would take, whatever else is running.

    python benchmarks/report.py

One check with 500 flips, once with short answers and once with answers of 10,000 characters. The
page must stay under 300 kB and under half a second.
"""

from __future__ import annotations

import json
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests" / "report"))

import report_factory as factory

from gatekeeper.report.html.check_page import Surroundings, render_html
from gatekeeper.report.json_document import build_document, render_json
from gatekeeper.report.junit import render_junit
from gatekeeper.report.markdown import render_markdown

FLIPS, ROUNDS = 500, 15
MOST_BYTES, MOST_SECONDS = 300_000, 0.5


def main() -> None:
    around = Surroundings(factory.candidates(), factory.lineage())
    print(f"{FLIPS} flips; median of {ROUNDS} rounds, the first one (cold) beside it\n")
    print(f"{'':<22}{'kB':>8}{'ms':>9}{'cold ms':>9}{'x dump':>9}")
    for title, text in (("short answers", "127"), ("10,000 characters", "lorem ip " * 1111)):
        check = factory.held(factory.samples(FLIPS, text))
        formats: dict[str, Callable[[], str]] = {
            "dump of the samples": lambda c=check: json.dumps([r.model_dump() for r in c.samples]),
            "HTML": lambda c=check: render_html(c, around),
            "Markdown": lambda c=check: render_markdown(c),
            "JUnit": lambda c=check: render_junit(c),
            "JSON": lambda c=check: render_json(build_document(c)),
        }
        print(title)
        dump = 0.0
        for name, make in formats.items():
            seconds, cold, size = measured(make)
            dump = dump or seconds
            kept = ""
            if name == "HTML":
                good = size < MOST_BYTES and max(seconds, cold) < MOST_SECONDS
                kept = "  kept" if good else "  NOT KEPT"
            print(
                f"  {name:<20}{size / 1000:>8.0f}{1000 * seconds:>9.1f}{1000 * cold:>9.1f}"
                f"{seconds / dump:>9.1f}{kept}"
            )


def measured(make: Callable[[], str]) -> tuple[float, float, int]:
    """Median seconds, seconds of the first round, bytes."""
    times = []
    for _ in range(ROUNDS):
        started = time.process_time()
        text = make()
        times.append(time.process_time() - started)
    return statistics.median(times), times[0], len(text.encode())


if __name__ == "__main__":
    main()
