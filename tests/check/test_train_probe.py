"""The train probe scores training rows like the task, chosen or written."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from trained import World, rows

from gatekeeper.base.pin import pin_base
from gatekeeper.candidate.folder import read_adapter
from gatekeeper.check.train_probe import PROBE_SAMPLES, probe_suite, score_probe
from gatekeeper.evidence import Role
from gatekeeper.files.model_folder import ModelFolder
from gatekeeper.scoring.engine import PackedEngine
from gatekeeper.scoring.model.loaded_base import LoadedBase, load_base
from gatekeeper.scoring.tasks.loaded_task import load_tasks
from gatekeeper.suite import Capability, Suite, TaskRef

Rows = list[tuple[str, str]]
PLAIN = Suite(
    name="task",
    role=Role.TASK,
    capabilities=(Capability(name="task", tasks=(TaskRef(task="any", metric="acc"),)),),
)


@pytest.fixture(scope="module")
def loaded(world: World) -> LoadedBase:
    found = load_base(ModelFolder(world.base), pin_base(ModelFolder(world.base), "tiny"))
    found.attach(world.careful, read_adapter(world.careful).digest)
    return found


def probed(world: World, loaded: LoadedBase, chosen: Rows, folder: Path) -> tuple[float, float]:
    suite = probe_suite(chosen, 0, folder, PLAIN)
    assert suite is not None
    [[task]] = load_tasks(suite, loaded.tokenizer).values()
    probe = score_probe(task, PackedEngine(loaded, None), read_adapter(world.careful).digest)
    assert probe is not None
    assert probe.samples == min(PROBE_SAMPLES, len(chosen))
    return probe.base_score, probe.candidate_score


def known(count: int = 120) -> Rows:
    return [(row["prompt"], row["completion"]) for row in rows("rot", count, seed=5)]


def test_few_targets_are_chosen_from(world: World, loaded: LoadedBase, tmp_path: Path) -> None:
    base, candidate = probed(world, loaded, known(), tmp_path)
    assert candidate > base + 0.3


def test_many_targets_must_be_written(world: World, loaded: LoadedBase, tmp_path: Path) -> None:
    """Rows of another kind bring many targets that nobody learned: they must score low."""
    many = [(f"{n} say {n}:", f"{n * 7919 % 99991}") for n in range(60)]
    base, candidate = probed(world, loaded, known(140) + many, tmp_path)
    assert candidate > base + 0.2
    assert candidate <= 0.75


@pytest.mark.parametrize(
    "targets",
    [["yes"] * 40, [" ".join(["long"] * 9) + f" {n}" for n in range(40)]],
)
def test_free_text_and_single_answers_have_no_probe(targets: list[str], tmp_path: Path) -> None:
    chosen = [(f"row {n}", target) for n, target in enumerate(targets)]
    assert probe_suite(chosen, 0, tmp_path, PLAIN) is None


def test_rows_are_asked_as_the_task_suite_asks(tmp_path: Path) -> None:
    chat = PLAIN.model_copy(update={"apply_chat_template": True, "system_prompt": "Be brief."})
    chosen = [(f"Be brief.\nticket {n}", "yes" if n % 2 else "no") for n in range(40)]
    suite = probe_suite(chosen, 0, tmp_path, chat)
    assert suite is not None
    assert (suite.apply_chat_template, suite.system_prompt) == (True, "Be brief.")
    asked = [json.loads(line)["prompt"] for line in (tmp_path / "rows.jsonl").open()]
    assert all(prompt.startswith("ticket ") for prompt in asked), "the suite puts it there itself"
