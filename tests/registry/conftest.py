from __future__ import annotations

from pathlib import Path

import pytest

from gatekeeper.registry import Registry


@pytest.fixture
def registry(tmp_path: Path) -> Registry:
    return Registry.create(tmp_path / "registry")
