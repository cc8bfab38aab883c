"""TrackRun where people train: the plain wheel beside old and beside new releases of the trainers.

`make train-test`, some five minutes; no part of CI, where tests/training/test_track_run.py trains
with the releases of requirements/lock.txt.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from environments import TORCH, Built, Environment, new_environment

from gatekeeper.base.pin import pin_base
from gatekeeper.digests import digest_file
from gatekeeper.files.model_folder import ModelFolder
from gatekeeper.training.read_run import read_run

pytestmark = pytest.mark.trainers

RELEASES = {
    "4.46": ("transformers==4.46.3", "peft==0.13.2", "trl==0.12.2", "accelerate==1.2.1",
             "datasets==3.6.0"),
    "newest": ("transformers", "peft", "trl"),
}  # fmt: skip
DATA = {"trainer": "pairs", "sft": "texts", "dpo": "preferences"}
SCRIPT = Path(__file__).with_name("train_tiny.py")


@pytest.fixture(scope="module", params=RELEASES)
def trained(
    request: pytest.FixtureRequest, built: Built, outside: Path
) -> tuple[Environment, Path]:
    """An environment that trains, and the folder in which it has trained."""
    environment = new_environment(outside / f"train-{request.param}", constraints=None)
    environment.install(*TORCH)
    environment.install(*RELEASES[request.param], built.wheel)
    out = outside / f"trained-{request.param}"
    out.mkdir()
    environment.run(
        "python", SCRIPT, out, cwd=out,
        more={"HF_HOME": str(out / "hub"), "HF_HUB_OFFLINE": "1"},
    )  # fmt: skip
    return environment, out


@pytest.mark.parametrize("trainer", DATA)
def test_a_run_is_known_beside_its_adapter(trained: tuple[Environment, Path], trainer: str) -> None:
    environment, out = trained
    data = out / f"{DATA[trainer]}.jsonl"
    run = read_run(out / trainer)
    assert run.manifest is not None
    told = run.manifest
    assert (told.name, told.method, told.seed) == (trainer, "lora", 7)
    assert told.base == ("org/tiny" if trainer == "sft" else str(out / "base"))
    assert told.base_digest == pin_base(ModelFolder(out / "base"), "tiny").digest
    assert told.dataset_digest == digest_file(data)
    assert told.adapter == {
        "r": 2, "alpha": 4, "target_modules": ["q_proj", "v_proj"], "dropout": 0.0
    }  # fmt: skip
    assert told.splits == {"train": 20, "validation": 4}
    assert (told.batch_size, told.learning_rate) == (4, 1e-3)
    installed = environment.installed()
    for package in ("torch", "transformers", "peft", "trl", "gatekeeper"):
        assert told.versions[package] == installed[package]
    assert [point.step for point in run.curve] == [1, 2, 3, 4, 5, 6]
    assert run.has_validation
    assert run.contradictions is not None
    assert run.contradictions.rows == 24


@pytest.mark.parametrize("trainer", DATA)
def test_a_checkpoint_is_known_by_itself(trained: tuple[Environment, Path], trainer: str) -> None:
    run = read_run(trained[1] / trainer / "checkpoint-3")
    assert run.manifest is not None
    assert run.submitted_step == 3


@pytest.mark.parametrize("trainer", DATA)
def test_the_adapter_is_sound(trained: tuple[Environment, Path], trainer: str) -> None:
    """Looked at without the engine, in the environment that trained it."""
    environment, out = trained
    done = environment.gate("inspect", trainer, "--static", "--base", out / "base", cwd=out)
    assert "findings:   none" in done.stdout


def test_scoring_there_is_answered_with_what_it_needs(trained: tuple[Environment, Path]) -> None:
    environment, out = trained
    done = environment.gate("check", "trainer", cwd=out, code=2)
    assert "`gate check` needs the scoring extra, which is not installed." in done.stderr
