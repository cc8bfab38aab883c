"""The decision on real adapters: other seeds, and what stopping early saves.

    python benchmarks/decision_real.py            the demo's adapters (about ten idle minutes)
    python benchmarks/decision_real.py --fresh    without what earlier checks have scored

Every adapter of examples/support-triage that is no refusal is checked with three seeds, each of
which draws other samples; the verdicts must be the same. Then the over-trained one is checked with
`on_fail: stop`, beside a check that looks once, when the whole draw is scored (fixed N); the first
must fail it with at most a third of the samples. Exit code 1 when one of the two does not hold.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import yaml
from engine_commands import VERDICTS
from tables import table

EXAMPLE = Path(__file__).resolve().parents[1] / "examples" / "support-triage"
ADAPTERS = ("good", "overtrained", "low-capacity", "contradictory", "no-op")
SEEDS = (1, 2, 3)
FORGETFUL = "overtrained"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--fresh", action="store_true", help="score everything anew")
    with tempfile.TemporaryDirectory(prefix="gate-bench-") as name:
        folder = Path(name)
        cache = str(folder / "cache") if parser.parse_args().fresh else None
        same = seeds(folder, cache)
        saved = early(folder, cache)
    return 0 if same and saved else 1


def seeds(folder: Path, cache: str | None) -> bool:
    """Print what each seed says of each adapter; True when no verdict depends on it."""
    rows, same = [], True
    for adapter in ADAPTERS:
        found = [check(folder, adapter, "policy.yaml", seed, cache) for seed in SEEDS]
        said = [f"{d['verdict']}: {d['next']['action']}" for d in found]
        same = same and len({d["verdict"] for d in found}) == 1
        rows.append([adapter, *said, " / ".join(str(samples(d)) for d in found)])
    print(table(["adapter", *(f"seed {seed}" for seed in SEEDS), "samples"], rows))
    return same


def early(folder: Path, cache: str | None) -> bool:
    """Print the samples that fail the over-trained adapter; True when a third is enough."""
    stop = variant(folder, "stop", on_fail="stop")
    once = variant(folder, "once", look_every=10_000)
    rows, saved = [], True
    for seed in SEEDS:
        first, whole = (check(folder, FORGETFUL, policy, seed, cache) for policy in (stop, once))
        share = samples(first) / samples(whole)
        saved = saved and first["verdict"] == whole["verdict"] == "hold" and share <= 1 / 3
        rows.append([str(seed), str(samples(first)), str(samples(whole)), f"{share:.2f}"])
    print(table(["seed", f"{FORGETFUL}: until it failed", "fixed N", "share"], rows))
    return saved


def check(
    folder: Path, adapter: str, policy: str | Path, seed: int, cache: str | None
) -> dict[str, Any]:
    """`gate check` as a user types it; its report."""
    report = folder / "report.json"
    print(f"{adapter}, seed {seed}, {Path(policy).stem} ...", file=sys.stderr, flush=True)
    done = subprocess.run(
        [
            str(Path(sys.executable).with_name("gate")), "check", f"adapters/{adapter}", "--quiet",
            "--policy", str(policy), "--seed", str(seed), "--json", str(report),
            "--registry", str(folder / f"registry-{adapter}-{seed}-{Path(policy).stem}"),
        ],
        cwd=EXAMPLE, capture_output=True, text=True, check=False,
        env={**os.environ, **({"GATE_CACHE": cache} if cache else {})},
    )  # fmt: skip
    if done.returncode not in VERDICTS:
        raise SystemExit(done.stderr)
    found: dict[str, Any] = json.loads(report.read_text(encoding="utf-8"))
    return found


def samples(report: dict[str, Any]) -> int:
    """Samples of both arms that the verdict rests on, whether scored now or known before."""
    cost = report["cost"]
    return int(cost["samples_scored"] + cost["samples_cached"])


def variant(folder: Path, name: str, **budget: Any) -> Path:
    """The example's policy with another budget."""
    content = yaml.safe_load((EXAMPLE / "policy.yaml").read_text(encoding="utf-8"))
    content["budget"] = {**content["budget"], **budget}
    file = folder / f"{name}.yaml"
    file.write_text(yaml.safe_dump(content), encoding="utf-8")
    return file


if __name__ == "__main__":
    raise SystemExit(main())
