"""On a GPU, and on a device that only keeps a GPU's rules, scoring and checks come out right.

Where there is no GPU none of its kernels runs; `stand_in_gpu.py` says what is shown all the same.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from trained import World

HERE = Path(__file__).parent


def reports_from(device: str, world: World, place: Path) -> dict[str, Any]:
    """Run everything on a device; the reports of the checks, by dtype or quantization."""
    done = subprocess.run(
        [
            *(sys.executable, str(HERE / "on_device.py"), device),
            *map(str, (place, world.base, world.careful)),
        ],
        env={
            **{name: value for name, value in os.environ.items() if name != "CUDA_VISIBLE_DEVICES"},
            "PYTHONPATH": os.pathsep.join(map(str, (HERE, *HERE.parents[:2]))),
            "GATE_CACHE": str(place / "cache"),
        },
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return {file.stem: json.loads(file.read_text()) for file in place.glob("*.json")}


def require_proved(report: dict[str, Any]) -> None:
    assert report["proofs"]["changed"]
    assert report["proofs"]["detach_identical"]


def test_scoring_and_a_whole_check_run_on_a_device_of_their_own(world: World, place: Path) -> None:
    reports = reports_from("standin", world, place)
    assert {name: report["base"]["dtype"] for name, report in reports.items()} == {
        "bfloat16": "bfloat16",
        "two": "float32",
    }
    for report in reports.values():
        assert report["verdict"] == "promote"
        require_proved(report)


@pytest.mark.skipif(
    shutil.which("nvidia-smi") is None or torch.version.cuda is None,
    reason="no GPU here, or a torch that cannot use one",
)
def test_scoring_and_whole_checks_run_on_a_gpu(world: World, place: Path) -> None:
    reports = reports_from("cuda", world, place)
    assert reports["bfloat16"]["verdict"] == "promote"
    assert reports["bfloat16"]["base"]["dtype"] == "bfloat16"
    assert reports["nf4"]["base"]["quantization"] == "nf4"
    require_proved(reports["bfloat16"])
    require_proved(reports["nf4"])
