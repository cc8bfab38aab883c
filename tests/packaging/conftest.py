"""What is built of this checkout, and the environments that it is installed into: once a run."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from action_steps import BASH, STEPS, variables
from chromium import page
from environments import (
    TORCH,
    Built,
    Environment,
    Project,
    build,
    copy_of_checkout,
    new_environment,
)
from trained import World, rows

__all__ = ["page"]

POLICY = {
    "name": "letters",
    "task": {"suite": "rot", "bar": 0.8, "min_gain": 0.1},
    "forgetting": {"suite": "skills", "margin": 0.1},
    "pins": ["base_digest", "dataset_digest", "seed"],
}


@pytest.fixture(scope="session")
def outside() -> Iterator[Path]:
    """A folder outside the checkout. Environments are large, so it goes at the end."""
    folder = Path(tempfile.mkdtemp(prefix="gate-installs-"))
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def built(outside: Path) -> Built:
    tree = copy_of_checkout(outside / "tree")
    return build(tree, outside / "dist")


@pytest.fixture(scope="session")
def plain(outside: Path, built: Built) -> Environment:
    """The wheel, without any extra."""
    environment = new_environment(outside / "plain")
    environment.install(built.wheel)
    return environment


@pytest.fixture(scope="session")
def scoring(outside: Path, built: Built) -> Environment:
    """torch, then what the action's own step installs."""
    environment = new_environment(outside / "scoring")
    environment.install(*TORCH)
    run_action(environment, "Install", {}, environment.folder, built.tree)
    return environment


@pytest.fixture(scope="session")
def of_action(scoring: Environment, world: World, outside: Path) -> Project:
    """A folder in which the action's steps have checked an adapter."""
    project = prepared(outside / "of-action", scoring, world)
    run_action(scoring, "Check", {"adapter": "careful"}, project.folder)
    return project


@pytest.fixture(scope="session")
def checked_by_sdist(of_action: Project, built: Built, world: World, outside: Path) -> Project:
    """The sdist in place of what the action installed; two adapters are then checked."""
    environment = of_action.environment
    environment.run("pip", "uninstall", "--quiet", "--yes", "gatekeeper")
    environment.install(f"gatekeeper[score] @ {built.sdist.as_uri()}")
    project = prepared(outside / "of-sdist", environment, world)
    reports = [f"--{kind}=report.{kind}" for kind in ("json", "html", "md", "junit")]
    project.gate("check", "careful", *reports)
    project.gate("check", "careless", "--quiet", code=10)
    return project


def prepared(folder: Path, environment: Environment, world: World) -> Project:
    """What a user does before the first check: init, suite new, a policy, the adapters."""
    folder.mkdir()
    project = Project(folder, environment)
    for adapter in (world.careful, world.careless):
        shutil.copytree(adapter, folder / adapter.name)
        manifest = folder / adapter.name / "run.yaml"
        text = yaml.safe_load(manifest.read_text()) | {"dataset": str(world.data)}
        manifest.write_text(yaml.safe_dump(text))
    held_out = [json.dumps(row) for row in rows("rot", 260, seed=2)]
    (folder / "held-out.jsonl").write_text("\n".join(held_out) + "\n")
    project.gate("init", "--base", world.base, "--task", "rot")
    asked = ("--question", "{prompt}", "--answer", "completion", "--train", world.data)
    project.gate("suite", "new", "rot", "--from", "held-out.jsonl", *asked)
    # The adapter was trained without a space before the answer.
    task = folder / "suites" / "rot" / "rot.yaml"
    task.write_text(task.read_text().replace("target_delimiter: ' '", "target_delimiter: ''"))
    shutil.copytree(world.suites / "skills", folder / "suites" / "skills")
    (folder / "policies" / "letters.yaml").write_text(yaml.safe_dump(POLICY))
    settings = folder / "gate.yaml"
    settings.write_text(settings.read_text().replace("policies/gate.yaml", "policies/letters.yaml"))
    return project


def run_action(
    environment: Environment,
    step: str,
    inputs: dict[str, str],
    folder: Path,
    action: Path | None = None,
) -> None:
    """Run one step of action.yml as a runner would, with this environment's Python on the path."""
    more = variables(step, inputs) | ({"GITHUB_ACTION_PATH": str(action)} if action else {})
    script = folder / "step.sh"
    script.write_text(STEPS[step]["run"])
    environment.run(*BASH, script, cwd=folder, more=more)
