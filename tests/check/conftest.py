"""One trained world and one folder made by `gate init`, shared by the tests of a whole check."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from trained import World, save_suites, save_trained_adapter, save_trained_base, save_training_rows

POLICY = {
    "name": "tiny",
    "task": {"suite": "rot", "bar": 0.8, "min_gain": 0.1},
    "forgetting": {"suite": "skills", "margin": 0.1},
    "pins": ["base_digest", "dataset_digest", "seed"],
}


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    folder = tmp_path_factory.mktemp("world")
    base = save_trained_base(folder / "base")
    data = save_training_rows(folder / "data" / "train.jsonl")
    policy = folder / "policy.yaml"
    policy.write_text(yaml.safe_dump(POLICY))
    return World(
        base=base,
        suites=save_suites(folder / "suites"),
        data=data,
        careful=save_trained_adapter(
            base, folder / "careful", data, steps=300, rate=3e-3, careful=True
        ),
        careless=save_trained_adapter(
            base, folder / "careless", data, steps=150, rate=1e-2, careful=False
        ),
        policy=policy,
    )


@pytest.fixture
def place(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of a user, with a gate.yaml that names base, policy and suites."""
    (tmp_path / "gate.yaml").write_text(
        yaml.safe_dump(
            {
                "base": str(world.base),
                "policy": str(world.policy),
                "suites": [str(world.suites)],
                "registry": ".gate",
            }
        )
    )
    monkeypatch.chdir(tmp_path)
    return tmp_path
