"""Score and check on another device than the CPU; run by `test_gpu_rules.py`, a process for each.

python on_device.py DEVICE FOLDER ADAPTER: exits with 1 and says why when anything is amiss. DEVICE
is "cuda", or the stand-in. FOLDER holds the gate.yaml to check the adapter with, and receives the
reports.
"""

from __future__ import annotations

import sys
from contextlib import AbstractContextManager, nullcontext, suppress
from pathlib import Path
from typing import Any

if sys.argv[1] == "standin":
    import stand_in_gpu  # before all that imports torch

# isort: split
import tiny
import torch

from gatekeeper.evidence import NeutralText
from gatekeeper.scoring.engine import PackedEngine
from gatekeeper.scoring.tasks import load_tasks

FAMILIES = ("llama", "gemma2", "bloom")
"""Grouped heads; windows and soft caps; plain batches."""
METRICS = {
    "choices": "acc",
    "pairs": "acc",
    "last_word": "acc",
    "rolling": "word_perplexity",
    "words": "exact_match",
}
TEXTS = ["the cat sees the big green river", "one two three"]


def answers(family: str, folder: Path, device: str) -> dict[str, Any]:
    """Responses of both arms to every task, drift, and what the engine noted."""
    arms = tiny.TinyArms(tiny.model(family), tiny.tokenizer(), candidate="sha256:one")
    arms.model, arms.device = arms.model.to(device), torch.device(device)
    engine = PackedEngine(arms, token_budget=128)
    tasks = load_tasks(tiny.suite(folder, list(METRICS.items())), arms.tokenizer)
    found: dict[str, Any] = {
        f"{task.name}, {arm or 'base'}": [
            answer.responses for answer in engine.answers(task, range(len(task)), arm)
        ]
        for own in tasks.values()
        for task in own
        for arm in (None, "sha256:one")
    }
    return {**found, "drift": engine.drift("sha256:one", TEXTS), "notes": engine.notes}


def require_alike(one: Any, other: Any, where: str) -> None:
    """Raises AssertionError for another text, another best answer, or numbers 1e-4 apart."""
    if isinstance(one, NeutralText) and isinstance(other, NeutralText):
        one, other = list(one.model_dump().values()), list(other.model_dump().values())
    if isinstance(one, dict):
        assert one.keys() == other.keys(), where
        for key in one:
            require_alike(one[key], other[key], f"{where}, {key}")
    elif isinstance(one, (list, tuple)):
        assert len(one) == len(other), where
        for mine, theirs in zip(one, other, strict=True):
            require_alike(mine, theirs, where)
    elif isinstance(one, float):
        assert abs(one - other) <= 1e-4 * max(1.0, abs(one)), f"{where}: {one} and {other}"
    else:
        assert one == other, f"{where}: {one!r} and {other!r}"


def require_strict(device: str) -> None:
    """It must refuse what a GPU refuses, or the stand-in shows nothing here."""
    here, there = torch.ones(2, 3, device=device), torch.ones(3)
    for wrong in (
        lambda: here + there,
        lambda: here @ there,
        lambda: torch.cat([here, there[None]]),
        lambda: here.numpy(),
    ):
        try:
            wrong()
        except (RuntimeError, TypeError):
            continue
        raise AssertionError(f"{device} lets devices mix")


def check(folder: Path, adapter: Path, device: str, name: str, *more: str) -> None:
    """`gate check` as a whole: loaded in bfloat16, attached, proved, scored, decided."""
    from gatekeeper.cli import main
    from gatekeeper.scoring import loading, model

    loading.default_device = model.default_device = lambda: device
    settings, report = str(folder / "gate.yaml"), str(folder / f"{name}.json")
    with suppress(SystemExit):  # the report tells how it ended
        main(["check", str(adapter), "--config", settings, "--quiet", "--json", report, *more])


if __name__ == "__main__":
    device, place, careful = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])
    suite = place / "suite"
    tiny.choices_task(suite, docs=3)
    tiny.pairs_task(suite, docs=3)
    tiny.last_word_task(suite, docs=3)
    tiny.rolling_task(suite, docs=2, words=60)
    tiny.words_task(suite, docs=3, max_gen_toks=6)
    expected = {family: answers(family, suite, "cpu") for family in FAMILIES}
    world: AbstractContextManager[Any] = (
        stand_in_gpu.stand_in_gpu() if device == "standin" else nullcontext()
    )
    with world:
        require_strict(device)
        for family in FAMILIES:
            require_alike(expected[family], answers(family, suite, device), family)
        check(place, careful, device, "bfloat16")
        if device == "cuda":
            check(place, careful, device, "nf4", "--quantization", "nf4")
