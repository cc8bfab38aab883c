"""Whole commands, timed from outside: `lm_eval` and `gate check` as a user would type them."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

VERDICTS = (0, 10, 20, 21)
"""Exit codes of `gate check` that say: scored, and decided."""


@dataclass(frozen=True)
class Timed:
    """One finished command. Memory is the largest resident size, in MiB.

    `cpu` is seconds of all cores together: it hardly depends on what else the machine does.
    """

    seconds: float
    cpu: float
    memory: float
    code: int


@dataclass(frozen=True)
class Place:
    """Where both sides compute ("cpu", "cuda"), and in which dtype."""

    device: str
    dtype: str

    @property
    def environment(self) -> dict[str, str]:
        """Ours takes a GPU if it sees one."""
        return {"CUDA_VISIBLE_DEVICES": ""} if self.device == "cpu" else {}


def timed(command: Sequence[str], cwd: Path, log: Path, **environment: str) -> Timed:
    """Run a command to its end; its output goes to `log`."""
    with log.open("wb") as stream:
        started = time.perf_counter()
        process = subprocess.Popen(
            list(command),
            cwd=cwd,
            stdout=stream,
            stderr=subprocess.STDOUT,
            env={**os.environ, "HF_HUB_OFFLINE": "1", **environment},
        )
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    return Timed(
        seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, process.returncode
    )


def lm_eval(
    where: Place,
    base: Path,
    adapter: Path | None,
    task: str,
    batch: int,
    folder: Path,
    out: Path,
) -> dict[str, Any]:
    """One run of `lm_eval` on the base, or with `peft=`; its responses come back."""
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    model = f"pretrained={base},dtype={where.dtype}" + (f",peft={adapter}" if adapter else "")
    done = timed(
        [
            sys.executable, "-m", "lm_eval", "run", "--model", "hf", "--model_args", model,
            "--tasks", task, "--include_path", str(folder), "--device", where.device,
            "--batch_size", str(batch), "--log_samples", "--output_path", str(out),
        ],
        folder,
        out / "log.txt",
        **where.environment,
    )  # fmt: skip
    if done.code:
        raise SystemExit(f"lm_eval failed; see {out / 'log.txt'}")
    (file,) = out.rglob(f"samples_{task}_*.jsonl")
    samples = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    samples.sort(key=lambda sample: sample["doc_id"])
    return {
        **asdict(done),
        "responses": [[_response(resps[0]) for resps in sample["resps"]] for sample in samples],
    }


def gate_check(
    where: Place, base: Path, adapters: Sequence[Path], folder: Path, cache: Path, log: Path
) -> dict[str, Any]:
    """One run of `gate check`; says how many samples it scored and how many it knew."""
    report = log.with_suffix(".report.json")
    done = timed(
        [
            str(Path(sys.executable).with_name("gate")), "check", *map(str, adapters), "--quiet",
            "--base", str(base), "--dtype", where.dtype, "--json", str(report),
            "--registry", str(log.with_suffix(".registry")),
        ],
        folder,
        log,
        GATE_CACHE=str(cache),
        **where.environment,
    )  # fmt: skip
    if done.code not in VERDICTS:
        raise SystemExit(f"gate check ended with {done.code}; see {log}")
    document = json.loads(report.read_text(encoding="utf-8"))
    costs = list(_find(document, "cost"))
    return {
        **asdict(done),
        "scored": sum(cost["samples_scored"] for cost in costs),
        "cached": sum(cost["samples_cached"] for cost in costs),
    }


def probe(where: Place, base: Path, adapter: Path, suite: Path, out: Path) -> dict[str, Any]:
    """Our raw responses and what the forwards did, from a process of its own."""
    script = Path(__file__).parent / "engine_probe.py"
    done = timed(
        [
            sys.executable, str(script), where.dtype,
            *map(str, (base, adapter, suite, out, time.time())),
        ],
        Path.cwd(),
        out.with_suffix(".log"),
        **where.environment,
    )  # fmt: skip
    if done.code:
        raise SystemExit(f"The probe failed; see {out.with_suffix('.log')}")
    return {**json.loads(out.read_text(encoding="utf-8")), **asdict(done)}


def _response(response: Any) -> Any:
    return response if isinstance(response, str) else [float(response[0]), str(response[1])]


def _find(document: Any, name: str) -> Any:
    if isinstance(document, dict):
        if isinstance(document.get(name), dict):
            yield document[name]
        else:
            for value in document.values():
                yield from _find(value, name)
    elif isinstance(document, list):
        for value in document:
            yield from _find(value, name)
