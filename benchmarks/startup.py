"""How long `gate --help` takes, in this checkout and at an older commit, side by side.

    python benchmarks/startup.py [--before COMMIT] [--repeats N]

Whole processes, one of each in turn, so that a busy machine slows both alike: read the ratio.
Beside them stands an interpreter that does nothing, and the number of modules that each one loads.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tools"))

from house.checkouts import UnknownCommit, checkout_of  # noqa: E402

HELP = "import sys; from gatekeeper.cli import main; sys.argv[1:] = ['--help']; main()"
MODULES = f"""
import atexit, sys
atexit.register(lambda: print(len(sys.modules), file=sys.stderr))
{HELP}
"""


def run(code: str, checkout: Path) -> tuple[float, str]:
    """Seconds of one process, and what it wrote to standard error."""
    started = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-c", code],
        check=True, capture_output=True, text=True, env={"PYTHONPATH": str(checkout)},
    )  # fmt: skip
    return time.perf_counter() - started, done.stderr


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--before", metavar="COMMIT", default="67d0fca")
    parser.add_argument("--repeats", type=int, default=15)
    given = parser.parse_args()
    with ExitStack() as stack:
        try:
            older = stack.enter_context(checkout_of(ROOT, given.before))
        except UnknownCommit as problem:
            print(problem)
            return 0
        places = {given.before: older, "now": ROOT}
        modules = {name: run(MODULES, place)[1].split()[-1] for name, place in places.items()}
        times: dict[str, list[float]] = {name: [] for name in (*places, "python")}
        for _ in range(given.repeats):
            for name, place in places.items():
                times[name].append(run(HELP, place)[0])
            times["python"].append(run("pass", ROOT)[0])
    middle = {name: 1000 * statistics.median(taken) for name, taken in times.items()}
    print(f"\ngate --help, median of {given.repeats}, in turn")
    for name in places:
        print(f"  {name:<10} {middle[name]:5.0f} ms   {modules[name]} modules")
    print(f"  {'python':<10} {middle['python']:5.0f} ms   an interpreter that does nothing")
    turns = zip(times["now"], times[given.before], strict=True)
    ratio = statistics.median(now / before for now, before in turns)
    print(f"  now / {given.before}, median over the turns: {ratio:.2f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
