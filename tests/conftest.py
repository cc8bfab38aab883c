"""Fixtures shared by all tests: tiny models on disk, a trained world, and the embedded base."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import cast
import pytest
import trained
import yaml
from cast import save_adapter, save_tiny_llama
from draws import load_profile, same_draws_whatever_is_loaded
from hypothesis import settings
from kept import keep
from surroundings import clear_away, models_folder, settle
from trained import HOSTILE_NAME, World

if TYPE_CHECKING:
    from gatekeeper.evidence import BasePin

SLOW = (
    "test_simulated_lineages",
    "test_gpu_rules",
    "test_model_real",
    "test_cast",
    "test_reference_tasks",
    "test_report_in_chromium",
    "test_operating_characteristics",
    "test_extending",
    "test_check",
    "test_equality_real",
    "test_families",
    "test_suite_commands",
)
"""Files that take more than ten seconds, the slowest first."""

settle()
load_profile()  # before a test module asks for it; --hypothesis-profile may load another later


def pytest_sessionstart() -> None:
    if settings.default.derandomize:
        same_draws_whatever_is_loaded()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Slow files first: a worker that begins with one at the end keeps the other waiting."""
    items.sort(key=lambda item: SLOW.index(item.path.stem) if item.path.stem in SLOW else len(SLOW))


def pytest_unconfigure() -> None:
    clear_away()


@pytest.fixture(scope="session", autouse=True)
def _caches(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[], Path]]:
    """Makes caches: the converted embedded base is in each, everything else is its own."""
    models = models_folder()

    def fresh() -> Path:
        cache = tmp_path_factory.mktemp("cache")
        (cache / "models").symlink_to(models)
        return cache

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GATE_CACHE", str(fresh()))
        yield fresh


@pytest.fixture(scope="module", autouse=True)
def _own_cache(_caches: Callable[[], Path]) -> Iterator[None]:
    """A file's tests find what they scored themselves, whichever files ran before them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GATE_CACHE", str(_caches()))
        yield


@pytest.fixture(scope="module")  # as the cache that its folder is in
def embedded_base() -> Path:
    """Folder of SmolLM2-135M-Instruct, converted once; for tests marked `real`."""
    from gatekeeper.base.embedded import embedded_base as find

    return find()


@pytest.fixture(scope="session")
def tiny_base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of a tiny random Llama with its tokenizer. Read only."""
    return save_tiny_llama(tmp_path_factory.mktemp("models") / "tiny-llama")


@pytest.fixture(scope="session")
def tiny_pin(tiny_base: Path) -> BasePin:
    """Pin of the tiny base, float32."""
    from gatekeeper.base.pin import pin_base
    from gatekeeper.files.model_folder import ModelFolder

    return pin_base(ModelFolder(tiny_base), "tiny-llama")


@pytest.fixture(scope="session")
def tiny_adapter(tiny_base: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of a sound LoRA adapter (r=4 on q_proj and v_proj) of the tiny base. Read only."""
    return save_adapter(tiny_base, tmp_path_factory.mktemp("adapters") / "sound")


@pytest.fixture(scope="session")
def world(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> World:
    """A trained base, two trained adapters of it, suites and a policy. Read only."""
    cache = request.config.pluginmanager.has_plugin("cacheprovider")
    kept = request.config.cache.mkdir("kept") if cache else tmp_path_factory.mktemp("kept")
    weights = keep(kept, "trained", (cast, trained), trained.save_weights)
    return trained.save_world(tmp_path_factory.mktemp("world"), weights)


def write_settings(folder: Path, world: World) -> None:
    """A gate.yaml that names base, policy and suites of the trained world."""
    settings = {
        "base": str(world.base),
        "policy": str(world.policy),
        "suites": [str(world.suites)],
        "registry": ".gate",
    }
    (folder / "gate.yaml").write_text(yaml.safe_dump(settings))


@pytest.fixture
def place(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of a user, with a gate.yaml that names base, policy and suites."""
    write_settings(tmp_path, world)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture(scope="session")
def checked(
    world: World, _caches: Callable[[], Path], tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """A folder in which `gate check` was really run: on `careful`, on `careless`, and on a copy
    of the latter in a folder with a hostile name. Its registry is `.gate`; read only."""
    from gatekeeper.cli import main

    folder = tmp_path_factory.mktemp("checked")
    write_settings(folder, world)
    for source, name in (
        (world.careful, "careful"),
        (world.careless, "careless"),
        (world.careless, HOSTILE_NAME),
    ):
        shutil.copytree(source, folder / name)
        manifest = folder / name / "run.yaml"
        text = yaml.safe_load(manifest.read_text()) | {"dataset": str(world.data)}
        manifest.write_text(yaml.safe_dump(text))
    # The same weights twice would be one adapter: the hostile one gets a config of its own.
    config = folder / HOSTILE_NAME / "adapter_config.json"
    config.write_text(config.read_text().replace('"lora_alpha": 32', '"lora_alpha": 24'))
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setenv("GATE_CACHE", str(_caches()))
        for name in ("careful", "careless", HOSTILE_NAME):
            with pytest.raises(SystemExit):
                main(["check", name, "-q"])
    return folder
