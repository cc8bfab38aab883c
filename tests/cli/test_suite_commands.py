"""`gate suite list`, `check`, `show` on the real suites, and what is measured of them."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from gatekeeper.cli import gate
from gatekeeper.errors import SuiteError
from gatekeeper.policy import load_policy
from gatekeeper.scoring.tasks.task_files import TaskFiles
from gatekeeper.suite import load_suite

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("name", ["general", "support-triage"])
def test_a_shipped_suite_has_no_fault(name: str) -> None:
    done = CliRunner().invoke(gate, ["suite", "check", name, "--policy", "default"])
    assert done.exit_code == 0, done.output[-2000:]
    assert "no faults found" in done.output


def test_the_general_suite_is_large_enough_for_the_strict_policy() -> None:
    from gatekeeper.authoring.sample_plan import shortage_of
    from gatekeeper.suite.sample_counts import sample_counts

    policy = load_policy("strict").policy
    for capability, count in sample_counts(load_suite("general")).items():
        assert count is not None
        assert list(shortage_of(count, "general", capability, policy)) == []


def with_includes(path: Path) -> str:
    """A task file of lm-eval, with the files that it builds on."""
    text = path.read_text(encoding="utf-8")
    named = re.search(r"^include: (\S+)$", text, re.MULTILINE)
    return text + (with_includes(path.parent / named[1]) if named else "")


def test_every_public_task_is_one_of_lm_evals_with_the_metric_that_counts() -> None:
    from lm_eval.tasks import TaskManager

    index = TaskManager().task_index
    for capability in load_suite("public").capabilities:
        for task in capability.tasks:
            assert task.task in index, task.task
            entry = index[task.task]
            if entry.yaml_path is not None:
                text = with_includes(entry.yaml_path)
                metric = task.metric.partition(",")[0]
                assert f"metric: {metric}" in text, (task.task, metric)


def test_the_public_suite_covers_the_forgetting_paper_and_its_policy_names_its_capabilities() -> (
    None
):
    suite = load_suite("public")
    tasks = {task.task for capability in suite.capabilities for task in capability.tasks}
    assert {"hellaswag", "arc_challenge", "winogrande"} <= tasks
    [rule] = [r for r in load_policy("public").policy.forgetting if r.suite == "public"]
    assert set(rule.margins) | set(rule.skip) <= {c.name for c in suite.capabilities}


@pytest.mark.parametrize("task", ["hellaswag", "mmlu"])
def test_without_hub_and_cache_the_error_names_the_command_that_gets_the_data(task: str) -> None:
    suite = load_suite("public")
    with pytest.raises(SuiteError) as refused:
        TaskFiles(suite.name, suite.folder).build(task)
    assert "gate suite fetch public" in str(refused.value.hint)


def test_a_wheel_carries_suites_policies_and_the_registry_guide(tmp_path: Path) -> None:
    build = [sys.executable, "setup.py", "-q", "build_py", "--build-lib", str(tmp_path)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    inside = tmp_path / "gatekeeper" / "_data"
    assert (inside / "registry" / "README.md").is_file()
    for kind in ("suites", "policies"):
        here = {p.relative_to(ROOT) for p in (ROOT / kind).rglob("*") if p.is_file()}
        there = {p.relative_to(inside) for p in (inside / kind).rglob("*") if p.is_file()}
        assert there == {path for path in here if "__pycache__" not in path.parts}
    asked = (
        "from gatekeeper.suite import load_suite as s; from gatekeeper.policy import load_policy"
    )
    found = subprocess.run(
        [sys.executable, "-c", f"{asked} as p; print(s('general').folder, p('strict').source)"],
        cwd=tmp_path, env={"PYTHONPATH": str(tmp_path)}, check=True, capture_output=True, text=True,
    )  # fmt: skip
    assert found.stdout.count(str(inside)) == 2
