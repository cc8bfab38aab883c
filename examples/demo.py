"""The whole story on real weights: `make demo`.

Runs the commands that a user runs, in the order of a first week, and prints each before it runs.
Nothing is prepared but the adapters, which examples/support-triage/train.py made. At the end every
verdict is compared with the one that the cast's table promises; a difference fails the demo.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

HERE = Path(__file__).resolve().parent / "support-triage"
OUT = Path(__file__).resolve().parents[1] / "demo-out"
GATE = Path(sys.executable).parent / "gate"


@dataclass(frozen=True)
class Member:
    """One adapter of the cast: what happened to it, and the exit code that it earns."""

    name: str
    story: str
    verdict: str
    exit_code: int


CAST = (
    Member("good", "r=8, trained gently", "promote", 0),
    Member("overtrained", "learned the task, and forgot the rest", "hold", 10),
    Member("low-capacity", "one matrix of rank 1 in one layer", "escalate", 20),
    Member("contradictory", "three labels for every ticket", "hold", 10),
    Member("no-op", "saved, never trained", "hold", 10),
    Member("nan", "one number is not a number", "refused", 30),
    Member("missing-tensor", "one matrix did not arrive", "refused", 30),
)

told = Console(highlight=False)


def main() -> int:
    shutil.rmtree(OUT, ignore_errors=True)
    OUT.mkdir()
    os.environ["GATE_REGISTRY"] = f"../../{OUT.name}/registry"
    started = time.monotonic()
    told.rule("[bold]gatekeeper: the demo")
    told.print(
        "Base: SmolLM2-135M-Instruct. Task: name the queue of a support ticket. So that this ends "
        "in minutes, the policy asks about six capabilities, draws few samples and tolerates 15 "
        "points of loss: it shows only large losses.\n"
    )
    told.print(f"[dim]$ cd {HERE.relative_to(OUT.parent)}[/]")
    told.print(f"[dim]$ export GATE_REGISTRY=../../{OUT.name}/registry[/]\n")

    chapter("What will this policy do?")
    run("policy", "explain", "policy.yaml")
    chapter("Proof before scores: is the adapter on, and does it come off?")
    run("inspect", "adapters/good")
    results = [check(member) for member in CAST]
    chapter("Into service, and out again")
    run("promote", "good")
    run("status")
    run("rollback", "--reason", "the demo", "--prove")
    run("status")
    chapter("What the registry remembers")
    run("log")
    run("lineage", "good")
    run("registry", "verify")
    run("report", "--all", f"../../{OUT.name}/site")
    return summary(results, time.monotonic() - started)


def chapter(title: str) -> None:
    told.print()
    told.rule(f"[bold]{title}", align="left")


def run(*arguments: str) -> int:
    """Run one `gate` command in the example's folder, as typed."""
    told.print(f"\n[bold]$ gate {' '.join(arguments)}[/]")
    sys.stdout.flush()
    return subprocess.run([GATE, *arguments], cwd=HERE, check=False).returncode


def check(member: Member) -> tuple[Member, str, int, float]:
    """Check one adapter; what was decided is read from the JSON report, as a script would."""
    chapter(f"{member.name}: {member.story}")
    report = OUT / f"{member.name}.json"
    started = time.monotonic()
    code = run(
        "check", f"adapters/{member.name}",
        "--html", f"../../{OUT.name}/{member.name}.html",
        "--json", f"../../{OUT.name}/{member.name}.json",
    )  # fmt: skip
    verdict = json.loads(report.read_text())["verdict"] if report.exists() else "none"
    return member, verdict, code, time.monotonic() - started


def summary(results: list[tuple[Member, str, int, float]], seconds: float) -> int:
    chapter("The cast")
    table = Table("adapter", "what happened to it", "verdict", "exit", "time", box=None)
    for member, verdict, code, took in results:
        earned = (verdict, code) == (member.verdict, member.exit_code)
        mark = "" if earned else f"  [red](promised: {member.verdict}, {member.exit_code})[/]"
        table.add_row(member.name, member.story, verdict + mark, str(code), f"{took:.0f} s")
    told.print(table)
    told.print(
        f"\n{seconds / 60:.1f} minutes. Pages: {OUT.name}/*.html, {OUT.name}/site/index.html."
    )
    return int(any((v, c) != (m.verdict, m.exit_code) for m, v, c, _ in results))


if __name__ == "__main__":
    sys.exit(main())
