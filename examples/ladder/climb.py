"""Climb the ladder as a user would: train, check, do what the check says, check again.

    python climb.py capacity        # r=1 on one module group, then what `gate check` recommends
    python climb.py contradictory   # the same two shapes on torn labels: no escalation, ever
    python climb.py overtrained     # a run that forgets, and the recommended fix

Trains with ../support-triage/train.py at a constant learning rate, so that a flat loss means that
the rung is exhausted. Everything lands in work/ and .gate/; what is there already is not trained
again. Each case takes minutes on two cores.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from gatekeeper.training.next_run import NextRun, read_next
from gatekeeper.verdict.rungs import ALL_LINEAR

HERE = Path(__file__).resolve().parent
WORK, DATA = HERE / "work", HERE / "data"
TRAIN = HERE.parent / "support-triage" / "train.py"
FIRST = ["--rank", "1", "--targets", "q_proj", "--layers", "27", "28", "29"]
SECOND = ["--rank", "8", "--targets", "q_proj,v_proj"]
KEEP = ["--keep", "1.0"]
"""Replay: at a few general texts it must say what the base says. Part of the recipe."""
RUN = ["--lr", "3e-3", "--epochs", "3", "--batch", "16", *KEEP]
ESCALATE = 20


def main() -> None:
    CASES[sys.argv[1]]()


def capacity() -> None:
    name, code = "first", check(train("first", "train", [*FIRST, *RUN]))
    while code == ESCALATE:
        plan = read_next(WORK / f"{name}.next.yaml")
        name = plan.run.name
        code = check(train(name, "train", flags(plan)))
    show("gate", "escalate", str(WORK / name))


def contradictory() -> None:
    for name, shape in (("torn-first", FIRST), ("torn-second", SECOND)):
        check(train(name, "train_contradictory", [*shape, *RUN]))


def overtrained() -> None:
    hot = ["--rank", "32", "--targets", ",".join(sorted(ALL_LINEAR)), "--batch", "16"]
    if check(train("hot", "train", [*hot, "--lr", "1e-3", "--epochs", "1.2"])) != 0:
        show("gate", "rescale", str(WORK / "hot"))


def flags(plan: NextRun) -> list[str]:
    """A plan as the flags of train.py."""
    config, run = plan.lora_config, plan.run
    if config is None:
        raise SystemExit("The plan is full fine-tuning; this example stops here.")
    targets = config["target_modules"]
    names = sorted(ALL_LINEAR) if targets == "all-linear" else targets
    return [
        "--rank", str(config["r"]), "--alpha", str(config["lora_alpha"]),
        "--targets", ",".join(names), "--lr", str(run.learning_rate),
        "--epochs", str(run.epochs), "--batch", str(run.batch_size),
        "--escalated-from", plan.check, *KEEP,
    ]  # fmt: skip


def train(name: str, data: str, options: list[str]) -> Path:
    """Train into work/NAME unless it is there."""
    folder = WORK / name
    if not (folder / "adapter_model.safetensors").is_file():
        show(
            sys.executable, str(TRAIN), "--quiet", "--schedule", "constant",
            "--eval-every", "40", "--data", str(DATA / f"{data}.jsonl"),
            "--validation", str(DATA / "validation.jsonl"), "--out", str(folder), *options,
            quiet=True,
        )  # fmt: skip
    return folder


def check(folder: Path) -> int:
    """`gate check`, its exit code, and what it saw in three lines."""
    report = folder.with_suffix(".json")
    code = show(
        "gate", "check", str(folder), "--json", str(report), "--quiet",
        "--write", str(folder.with_suffix(".next.yaml")),
    )  # fmt: skip
    tell(json.loads(report.read_text(encoding="utf-8")))
    return code


def tell(document: dict[str, Any]) -> None:
    for reason in document["reasons"]:
        print("   ", reason["text"])
    print("    next:", document["next"]["text"], flush=True)


def show(*command: str, quiet: bool = False) -> int:
    """Run a command in this folder, after saying it; give its exit code."""
    print("$", " ".join(Path(part).name if "/" in part else part for part in command), flush=True)
    output = subprocess.PIPE if quiet else None
    done = subprocess.run(command, cwd=HERE, check=False, stdout=output, stderr=output)
    if quiet and done.returncode:
        raise SystemExit(done.stderr.decode())
    return done.returncode


CASES = {"capacity": capacity, "contradictory": contradictory, "overtrained": overtrained}

if __name__ == "__main__":
    main()
