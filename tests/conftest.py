"""Fixtures shared by all tests: tiny models on disk, and the embedded base for `real` tests."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from cast import save_adapter, save_tiny_llama

if TYPE_CHECKING:
    from gatekeeper.evidence import BasePin

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")


@pytest.fixture(scope="session", autouse=True)
def _own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Tests keep their cache to themselves; only the converted embedded base is shared."""
    from gatekeeper.config import cache_folder

    models = cache_folder() / "models"
    models.mkdir(parents=True, exist_ok=True)
    cache = tmp_path_factory.mktemp("cache")
    (cache / "models").symlink_to(models)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GATE_CACHE", str(cache))
        yield


@pytest.fixture(scope="session")
def embedded_base() -> Path:
    """Folder of SmolLM2-135M-Instruct, converted once; for tests marked `real`."""
    from gatekeeper.embedded import embedded_base as find

    return find()


@pytest.fixture(scope="session")
def tiny_base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of a tiny random Llama with its tokenizer. Read only."""
    return save_tiny_llama(tmp_path_factory.mktemp("models") / "tiny-llama")


@pytest.fixture(scope="session")
def tiny_pin(tiny_base: Path) -> BasePin:
    """Pin of the tiny base, float32."""
    from gatekeeper.base import pin_base

    return pin_base(tiny_base, "tiny-llama")


@pytest.fixture(scope="session")
def tiny_adapter(tiny_base: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of a sound LoRA adapter (r=4 on q_proj and v_proj) of the tiny base. Read only."""
    return save_adapter(tiny_base, tmp_path_factory.mktemp("adapters") / "sound")
