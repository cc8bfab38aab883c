from __future__ import annotations

import sys
from pathlib import Path

# The factory of small registries is shared with their own tests.
sys.path.insert(0, str(Path(__file__).parents[1] / "registry"))
