from __future__ import annotations

import sys
from pathlib import Path

# The scene, the factory and the fault injection are shared with the everyday tests.
sys.path.insert(0, str(Path(__file__).parents[2] / "registry"))
