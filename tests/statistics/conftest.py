"""The simulations of `benchmarks/` are used by the tests, at a smaller size."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parents[2] / "benchmarks"))
