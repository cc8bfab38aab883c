"""Score and check on another device than the CPU; run by `test_gpu_rules.py`, a process for each.

python on_device.py DEVICE FOLDER BASE ADAPTER: exits with 1 and says why when anything is amiss.
DEVICE is "cuda", or the stand-in; of two, a base is spread over both. FOLDER holds the gate.yaml to
check the adapter with, and receives the reports.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
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
from gatekeeper.scoring.tasks.loaded_task import load_tasks

FAMILIES = ("llama", "gemma2", "bloom", "mixtral", "gpt_oss", "qwen3_5")
"""Grouped heads; windows and soft caps; ALiBi; experts; experts and sinks; a state."""
METRICS = {
    "choices": "acc",
    "pairs": "acc",
    "last_word": "acc",
    "rolling": "word_perplexity",
    "words": "exact_match",
}
TEXTS = ["the cat sees the big green river", "one two three"]


def spread(model: Any, devices: Sequence[str]) -> Any:
    """The first half of the layers on one device, the others on the next, as "auto" may do it."""
    from accelerate import dispatch_model

    places: dict[str, str] = {}

    def walk(module: torch.nn.Module, path: str) -> None:
        for name, child in module.named_children():
            if isinstance(child, torch.nn.ModuleList):
                for index in range(len(child)):
                    places[f"{path}{name}.{index}"] = devices[index * len(devices) // len(child)]
            elif any(isinstance(inner, torch.nn.ModuleList) for inner in child.modules()):
                walk(child, f"{path}{name}.")
            else:  # a norm comes behind the layers; embeddings and a tied head before them
                places[f"{path}{name}"] = devices[-1 if "norm" in name or "ln_f" in name else 0]

    walk(model, "")
    skip = getattr(model, "_skip_keys_device_placement", None)
    return dispatch_model(model, device_map=places, skip_keys=skip)


def answers(family: str, folder: Path, devices: Sequence[str]) -> dict[str, Any]:
    """Responses of both arms to every task, drift, and what the engine noted."""
    base = tiny.model(family)
    base = base.to(devices[0]) if len(devices) == 1 else spread(base, devices)
    arms = tiny.TinyArms(base, tiny.tokenizer(), candidate="sha256:one")
    arms.device = torch.device(devices[0])
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


def check(folder: Path, adapter: Path, name: str, *more: str) -> None:
    """`gate check` as a whole: loaded, attached, proved, scored, decided."""
    from gatekeeper.cli import main

    settings, report = str(folder / "gate.yaml"), str(folder / f"{name}.json")
    with suppress(SystemExit):  # the report tells how it ended
        main(["check", str(adapter), "--config", settings, "--quiet", "--json", report, *more])


def load_on(devices: Sequence[str]) -> None:
    """From here on gate takes these for the machine's devices, and spreads a base over them."""
    from gatekeeper.scoring.model import load_model as loading
    from gatekeeper.scoring.model import loaded_base as model

    load = loading.load_model
    loading.default_device = model.default_device = lambda: devices[0]
    if len(devices) > 1:
        model.load_model = lambda folder, pin, _: spread(load(folder, pin, "cpu"), devices)


def require_same_beside(base: Path, adapter: Path) -> None:
    """A model beside the base, as `ChannelModel` takes it, computes what an armed one does."""
    from gatekeeper.base.pin import pin_base
    from gatekeeper.candidate.folder import read_adapter
    from gatekeeper.files.model_folder import ModelFolder
    from gatekeeper.scoring.model.fixed_prompts import prompt_logits
    from gatekeeper.scoring.model.loaded_base import load_base

    loaded, digest = (
        load_base(ModelFolder(base), pin_base(ModelFolder(base), "tiny", "float32")),
        read_adapter(adapter).digest,
    )
    beside = prompt_logits(loaded.beside(adapter, digest), loaded.prompts, loaded.device)
    loaded.attach(adapter, digest)
    with loaded.arm(digest) as model:
        armed = prompt_logits(model, loaded.prompts, loaded.device)
    for one, other, off in zip(beside, armed, loaded.untouched.logits, strict=True):
        assert torch.equal(one, other)
        assert not torch.equal(one, off)


if __name__ == "__main__":
    device, place, base, careful = sys.argv[1], *map(Path, sys.argv[2:])
    suite = place / "suite"
    tiny.choices_task(suite, docs=3)
    tiny.pairs_task(suite, docs=3)
    tiny.last_word_task(suite, docs=3)
    tiny.rolling_task(suite, docs=2, words=60)
    tiny.words_task(suite, docs=3, max_gen_toks=6)
    expected = {family: answers(family, suite, ["cpu"]) for family in FAMILIES}
    stands_in = device == "standin"
    world: AbstractContextManager[Any] = stand_in_gpu.stand_in_gpu() if stands_in else nullcontext()
    with world:
        require_strict(device)
        two = [f"{device}:0", f"{device}:1"] if stands_in or torch.cuda.device_count() > 1 else []
        for family in FAMILIES:
            require_alike(expected[family], answers(family, suite, [device]), family)
            if two:
                require_alike(expected[family], answers(family, suite, two), f"{family} on two")
        load_on([device])
        check(place, careful, "bfloat16")
        if not stands_in:
            check(place, careful, "nf4", "--quantization", "nf4")
        require_same_beside(base, careful)
        if two:
            load_on(two)
            check(place, careful, "two", "--dtype", "float32")
            require_same_beside(base, careful)
