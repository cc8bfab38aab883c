"""The house in figures, and its picture: `make architecture`.

    python tools/architecture.py                    count this checkout, redraw the picture
    python tools/architecture.py --before 67d0fca   the same figures of an older commit beside it
    python tools/architecture.py --check            only say whether the picture is up to date

With --before, `gate --help` is timed as well, both commits in turn: `benchmarks/startup.py`.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

from house.checkouts import UnknownCommit, checkout_of
from house.figures import Figures, count, table
from house.imports import read_imports
from house.picture import draw
from house.plan import read_plan
from house.walk import read_walk

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "architecture.md"
PICTURE = ROOT / "docs" / "pictures" / "floors.svg"


def main() -> int:
    """Count, draw or check; exit code 1 when `--check` finds an old picture."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--before", metavar="COMMIT", help="an older commit to put beside this one")
    parser.add_argument("--check", action="store_true", help="write nothing; is the picture old?")
    given = parser.parse_args()
    picture = current_picture()
    fresh = PICTURE.is_file() and PICTURE.read_text("utf-8") == picture
    name = PICTURE.relative_to(ROOT)
    if given.check:
        print(f"{name} is up to date." if fresh else f"{name} is old: make architecture.")
        return 0 if fresh else 1
    print(table([*_before(given.before), ("now", count(ROOT))]))
    if not fresh:
        PICTURE.write_text(picture, encoding="utf-8")
    print(f"\n{name} {'is up to date' if fresh else 'was redrawn'}.")
    if given.before:
        sys.stdout.flush()
        script = ROOT / "benchmarks" / "startup.py"
        subprocess.run([sys.executable, script, "--before", given.before], check=True)
    return 0


def current_picture() -> str:
    """The picture of this checkout, as it should lie in docs/pictures."""
    plan = read_plan(ROOT / "pyproject.toml")
    if plan is None:
        raise SystemExit("pyproject.toml has no contract `floors`.")
    return draw(plan, read_imports(ROOT), read_walk(PAGE))


def _before(commit: str | None) -> list[tuple[str, Figures]]:
    """The column of an older commit; none where this clone does not have it."""
    if commit is None:
        return []
    try:
        with checkout_of(ROOT, commit) as checkout:
            return [(commit, count(checkout))]
    except UnknownCommit as problem:
        print(problem)
        return []


if __name__ == "__main__":
    sys.exit(main())
