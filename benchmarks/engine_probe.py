"""One scoring process seen from inside: responses, floating-point operations, time, tokens.

    python engine_probe.py DTYPE BASE ADAPTER SUITE OUT STARTED

STARTED is when the process was started (seconds since the epoch), so that imports count.
"""

from __future__ import annotations

import json
import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any


class Meter:
    """Counts the operations of linear layers and the time inside the whole model's forward."""

    def __init__(self) -> None:
        self.first: float | None = None
        self.operations = 0
        self.seconds = 0.0
        self._entered = 0.0
        self._root: Any = None

    def now(self) -> float:
        """Seconds, once the device has done what it was given."""
        import torch

        if torch.cuda.is_available():
            torch.cuda.synchronize()
        return time.perf_counter()

    def before(self, module: Any, _: Any) -> None:
        if self.first is None:
            self.first = time.time()
        if self._root is None:
            self._root, self._entered = module, self.now()

    def after(self, module: Any, inputs: Any, _: Any) -> None:
        import torch

        if isinstance(module, torch.nn.Linear):
            self.operations += 2 * inputs[0].numel() * module.out_features
        if module is self._root:
            self.seconds += self.now() - self._entered
            self._root = None

    def reset(self) -> None:
        self.operations, self.seconds = 0, 0.0


def main(dtype: str, base: str, adapter: str, suite_folder: str, out: str, started: str) -> None:
    from gatekeeper.base.pin import pin_base
    from gatekeeper.candidate.inspect_files import inspect_static
    from gatekeeper.files.model_folder import ModelFolder
    from gatekeeper.scoring.engine import PackedEngine
    from gatekeeper.scoring.model.loaded_base import load_base
    from gatekeeper.scoring.tasks.loaded_task import load_tasks
    from gatekeeper.suite import load_suite

    folder = ModelFolder(Path(base))
    pin = pin_base(folder, "base", dtype)
    candidate, _ = inspect_static(Path(adapter), base_pin=pin, base_folder=folder)
    loaded = load_base(folder, pin)
    suite = load_suite(suite_folder)
    ((task,),) = load_tasks(suite, loaded.tokenizer).values()
    import torch
    from torch.nn.modules import module as hooks

    meter = Meter()
    hooks.register_module_forward_pre_hook(meter.before)
    hooks.register_module_forward_hook(meter.after)
    loaded.attach(Path(adapter), candidate.digest)
    engine = PackedEngine(loaded)
    arms: dict[str, Any] = {"base": None, "adapter": candidate.digest}
    for arm in arms.values():  # the self-test comes before the clock starts
        list(engine.answers(task, (), arm))
    peak = gemm_peak(meter, loaded)
    meter.reset()
    began = time.perf_counter()
    responses = {
        name: [answer.responses for answer in engine.answers(task, range(len(task)), arm)]
        for name, arm in arms.items()
    }
    seconds = time.perf_counter() - began
    peak = max(peak, gemm_peak(meter, loaded))
    assert meter.first is not None
    content = {
        "first_forward": meter.first - float(started),
        "scoring": seconds,
        "forwards": meter.seconds,
        "operations": meter.operations,
        "peak": peak,
        "threads": torch.get_num_threads(),
        "work": asdict(engine.work),
        "notes": engine.notes,
        "responses": {
            name: [list(map(plain, r)) for r in rows] for name, rows in responses.items()
        },
    }
    Path(out).write_text(json.dumps(content), encoding="utf-8")


def gemm_peak(meter: Meter, loaded: Any) -> float:
    """Best of some products of square matrices, in operations a second."""
    import torch

    size = 2048 if loaded.device.type == "cpu" else 8192
    kind = {"device": loaded.device, "dtype": loaded.model.dtype}
    one, other = torch.randn(size, size, **kind), torch.randn(size, size, **kind)
    best = 0.0
    for _ in range(6):
        started = meter.now()
        torch.mm(one, other)
        best = max(best, 2 * size**3 / (meter.now() - started))
    return best


def plain(response: Any) -> Any:
    return response if isinstance(response, str) else [float(response[0]), str(response[1])]


if __name__ == "__main__":
    main(*sys.argv[1:])
