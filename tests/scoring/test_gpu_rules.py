"""On a device that keeps a GPU's rules, every tensor meets the others where it should.

No kernel of a GPU runs here; see `stand_in_gpu.py` for what this can show and what not.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from trained import World

HERE = Path(__file__).parent


def test_scoring_and_a_whole_check_run_on_a_device_of_their_own(world: World, place: Path) -> None:
    paths = os.pathsep.join([str(HERE), str(HERE.parent)])
    done = subprocess.run(
        [sys.executable, str(HERE / "on_stand_in_gpu.py"), str(place), str(world.careful)],
        env={**os.environ, "PYTHONPATH": paths, "GATE_CACHE": str(place / "cache")},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    report = json.loads((place / "found.json").read_text())
    assert report["verdict"] == "promote"
    assert report["base"]["dtype"] == "bfloat16"
    assert report["proofs"]["changed"]
    assert report["proofs"]["detach_identical"]
