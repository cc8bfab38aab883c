"""The scoring engine against lm-eval's own runner: whole commands, on the embedded base.

    python benchmarks/engine.py                     everything (about an hour on two cores)
    python benchmarks/engine.py --docs 16           a small slice of each work
    python benchmarks/engine.py --only few_shot     one row
    python benchmarks/engine.py --runs FOLDER       keep what was measured; go on where it stopped
    python benchmarks/engine.py --device cuda       both sides on a GPU; --dtype bfloat16 as there

lm-eval runs once on the base and once with `peft=`, as its users compare the two; "twice" is the
sum of these two commands, "five times" the base once and four times the run with the adapter.
Ours is `gate check`, which besides scoring inspects the adapter, proves that it comes off, decides
and writes its records. Nothing is asserted about time; in float32, answers that differ end in exit
code 1.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import tempfile
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from engine_commands import Place, gate_check, lm_eval, probe
from engine_report import Row, table
from engine_works import TASKS, WORKS, Work, write_adapters, write_work

from gatekeeper.base.embedded import embedded_base

ADAPTERS = 6
"""One for the cold run, one for the run with a known base, four more for four at once."""


def main() -> int:
    args = arguments()
    where = Place(args.device, args.dtype)
    runs = args.runs or Path(tempfile.mkdtemp(prefix="gate-bench-"))
    folder = runs / f"{where.device}-{where.dtype}"
    folder.mkdir(parents=True, exist_ok=True)
    base = embedded_base()
    # In a process of its own: what this one starts is never counted smaller than this one.
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        adapters = pool.submit(
            write_adapters, base, folder.resolve() / "adapters", ADAPTERS
        ).result()
    rows = []
    for work in WORKS:
        if args.only and work.name not in args.only:
            continue
        found = measure(where, work, base, adapters, folder, args)
        if found is not None:
            rows.append(Row.of(work, found))
    print(f"{platform.processor() or platform.machine()}, {os.cpu_count()} CPUs; {where}")
    print(table(rows))
    return 0 if where.dtype != "float32" or all(row.equal for row in rows) else 1


def measure(
    where: Place,
    work: Work,
    base: Path,
    adapters: list[Path],
    folder: Path,
    args: argparse.Namespace,
) -> dict[str, Any] | None:
    """Every run of one work. With --steps only those; None as long as some are missing."""
    docs = min(args.docs or work.docs, work.docs)
    place = write_work(work, docs, folder.resolve())
    suite = place / TASKS
    cache = place / "cache"
    (place / "logs").mkdir(exist_ok=True)

    def theirs(adapter: Path | None) -> dict[str, Any]:
        return lm_eval(where, base, adapter, work.name, work.batch, suite, place / "lm_eval")

    def ours(name: str, chosen: list[Path], known: int) -> dict[str, Any]:
        if name == "cold":
            shutil.rmtree(cache, ignore_errors=True)
        found = gate_check(where, base, chosen, place, cache, place / "logs" / f"{name}.txt")
        expected = docs * 2 * len(chosen)
        if found["scored"] + found["cached"] != expected or found["cached"] != known:
            raise SystemExit(f"gate check ({name}) scored {found['scored']}, not what was meant.")
        return found

    steps: dict[str, Callable[[], dict[str, Any]]] = {
        "lm_eval_base": lambda: theirs(None),
        "lm_eval_adapter": lambda: theirs(adapters[0]),
        "cold": lambda: ours("cold", adapters[:1], 0),
        "known": lambda: ours("known", adapters[1:2], docs),
        "four": lambda: ours("four", adapters[2:6], 4 * docs),
        "probe": lambda: probe(where, base, adapters[0], suite, place / "probe.json"),
    }
    for name, step in steps.items():
        file = place / f"run-{name}.json"
        if not file.exists() and (not args.steps or name in args.steps):
            print(f"{work.name}: {name} ...", flush=True)
            file.write_text(json.dumps(step()), encoding="utf-8")
    files = {name: place / f"run-{name}.json" for name in steps}
    if not all(file.exists() for file in files.values()):
        return None
    return {name: json.loads(file.read_text(encoding="utf-8")) for name, file in files.items()}


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    names = [work.name for work in WORKS]
    parser.add_argument("--docs", type=int, help="at most so many docs of each work (20 or more)")
    parser.add_argument("--only", nargs="+", choices=names, help="only these works")
    parser.add_argument("--runs", type=Path, help="folder that keeps finished runs")
    parser.add_argument("--device", default="cpu", choices=["cpu", "cuda"])
    parser.add_argument("--dtype", default="float32", choices=["float32", "bfloat16"])
    parser.add_argument("--steps", nargs="+", help="only these runs; the table comes with the last")
    return parser.parse_args()


if __name__ == "__main__":
    raise SystemExit(main())
