"""What scores depend on: the keys under which one engine caches what it computed."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from typing import Any

import torch

from gatekeeper.digests import digest_json
from gatekeeper.evidence import BasePin
from gatekeeper.machine import processor
from gatekeeper.scoring.forwards.answers import Arm
from gatekeeper.scoring.forwards.packing import Packing
from gatekeeper.scoring.score_cache import ScoreKey
from gatekeeper.scoring.tasks.loaded_task import LoadedTask

__all__ = ["ENGINE_VERSION", "ScoreKeys"]

ENGINE_VERSION = "4"


@dataclass(frozen=True)
class ScoreKeys:
    """Keys of everything cached about one base, loaded in one dtype on one device."""

    pin: BasePin
    dtype: str
    device: torch.device

    def of(self, what: str, candidate: str | None, packing: str) -> ScoreKey:
        """Key of what one arm gives for `what`, when its rows are packed like this."""
        quantization = self.pin.quantization
        return ScoreKey(
            base=self.pin.digest,
            dtype=self.dtype,
            quantization=quantization,
            arm=candidate or "base",
            task=what,
            engine=f"{ENGINE_VERSION}/{packing}/{_libraries(quantization)}",
            device=_device_kind(self.device),
        )

    def of_task(self, task: LoadedTask, arm: Arm, budget: int) -> ScoreKey:
        """Key of the scores of a task; `budget` is the current one, in tokens per forward."""
        how: str = arm.packing
        if arm.packing in (Packing.PLAIN, Packing.BATCHED, Packing.FIXED):
            # After memory ran out, rows are packed differently.
            how = f"{how}-{budget}/{task.siblings}"
        what = task.digest
        if task.output_type == "generate_until":
            what = f"{what} {_generation_digest(arm.module)}"
        return self.of(what, arm.candidate, how)


def _generation_digest(module: Any) -> str:
    """Of what `generation_config.json` sets: end tokens, and which decoder runs."""
    settings = module.generation_config.to_dict()
    for name in ("transformers_version", "_from_model_config"):
        settings.pop(name, None)
    return digest_json({name: repr(value) for name, value in settings.items()})


@cache
def _libraries(quantization: str) -> str:
    names: tuple[str, ...] = ("torch", "transformers", "peft")
    names = names if quantization == "none" else (*names, "bitsandbytes")
    return "/".join(f"{name}-{version(name)}" for name in names)


def _device_kind(device: torch.device) -> str:
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    kind = torch.backends.cpu.get_cpu_capability()
    return f"{device.type}-{processor()}-{kind}-{torch.get_num_threads()}"
