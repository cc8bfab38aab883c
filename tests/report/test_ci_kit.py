"""The action's own shell, run as a job would run it; workflow files against their schemas."""

import json
import os
import re
import stat
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from action_steps import ACTION, BASH, ROOT, STEPS, variables

WORKFLOW = re.search(r"```yaml\n(# \.github.*?)```", (ROOT / "docs/ci.md").read_text(), re.S)[1]

RECORDER = """#!/usr/bin/env python3
import json, os, sys
with open(os.environ["RECORD"], "a") as out:
    out.write(json.dumps([os.path.basename(sys.argv[0]), *sys.argv[1:]]) + "\\n")
print(os.environ.get("ANSWER", ""))
sys.exit(int(os.environ.get("CODE", "0")))
"""


@pytest.fixture
def run_step(tmp_path):
    """Run one step with the given inputs and a `gate` and a `gh` that write down their words."""
    tools = tmp_path / "tools"
    tools.mkdir()
    for name in ("gate", "gh"):
        (tools / name).write_text(RECORDER)
        (tools / name).chmod(stat.S_IRWXU)

    def run(name, inputs, context=(), **environment):
        env = variables(name, inputs, dict(context))
        record = tmp_path / "record"
        record.write_text("")
        script = tmp_path / "step.sh"
        script.write_text(STEPS[name]["run"])
        done = subprocess.run(
            [*BASH, str(script)],
            cwd=tmp_path, capture_output=True, text=True, timeout=300, check=False,
            env={"PATH": f"{tools}:{os.environ['PATH']}", "RECORD": str(record)}
            | env | environment,
        )  # fmt: skip
        return done, [json.loads(line) for line in record.read_text().splitlines()]

    return run


def test_no_expression_stands_in_a_script():
    for step in ACTION["runs"]["steps"]:
        assert "${{" not in step.get("run", "")


def test_the_least_inputs_make_the_plain_command(run_step):
    done, calls = run_step("Check", {"adapter": "adapters/support"})
    assert done.returncode == 0, done.stderr
    assert calls == [
        ["gate", "check", "--fail-on=hold,escalate,refused", "--json=gate-report/gate.json",
         "--html=gate-report/gate.html", "--md=gate-report/gate.md",
         "--junit=gate-report/gate.xml", "--", "adapters/support"]
    ]  # fmt: skip


def test_every_input_reaches_its_flag(run_step):
    inputs = {
        "adapter": "one\ntwo\n", "base": "b", "policy": "p.yaml", "registry": "reg",
        "channel": "staging", "promote": "true", "fail-on": "", "max-samples": "100", "seed": "3",
        "dtype": "bfloat16", "quantization": "nf4", "output": "my reports",
    }  # fmt: skip
    done, [call] = run_step("Check", inputs)
    assert done.returncode == 0, done.stderr
    assert call[-3:] == ["--", "one", "two"]
    assert {"--base=b", "--policy=p.yaml", "--registry=reg", "--channel=staging", "--promote",
            "--max-samples=100", "--seed=3", "--dtype=bfloat16", "--quantization=nf4",
            "--exit-zero", "--html=my reports/gate.html"} < set(call)  # fmt: skip


def test_every_flag_of_the_action_is_one_of_gate_check(run_step):
    from gatekeeper.cli.check_command import command

    known = {name for option in command.params for name in option.opts}
    _, [call] = run_step("Check", dict.fromkeys(ACTION["inputs"], "1") | {"promote": "true"})
    flags = {part.split("=")[0] for part in call[2 : call.index("--")]}
    assert flags <= known


@pytest.mark.parametrize("nasty", ["$(touch owned)", "`touch owned`", "a; touch owned", "-rf", "'"])
def test_an_input_is_never_a_command_or_a_flag(run_step, tmp_path, nasty):
    done, [call] = run_step("Check", {"adapter": nasty, "policy": nasty})
    assert done.returncode == 0, done.stderr
    assert call[-2:] == ["--", nasty]
    assert f"--policy={nasty}" in call
    assert not (tmp_path / "owned").exists()


def test_the_exit_code_of_gate_is_that_of_the_step(run_step):
    done, _ = run_step("Check", {"adapter": "a"}, CODE="10")
    assert done.returncode == 10


@pytest.mark.parametrize("before", ["", "77"])
def test_the_comment_is_made_once_and_then_kept_up_to_date(run_step, tmp_path, before):
    (tmp_path / "gate-report").mkdir()
    (tmp_path / "gate-report" / "gate.md").write_text("<!-- gatekeeper:a -->\nhold\n")
    context = {"github.repository": "o/r", "github.event.pull_request.number": "5"}
    done, calls = run_step("Comment on the pull request", {}, context, ANSWER=before)
    assert done.returncode == 0, done.stderr
    search, write = calls
    assert "repos/o/r/issues/5/comments" in search
    assert write[-2:] == ["-F", "body=@gate-report/gate.md"]
    assert ("repos/o/r/issues/comments/77" in write) == bool(before)
    assert ("PATCH" in write) == bool(before)


def test_without_a_report_no_comment_is_made(run_step):
    done, calls = run_step("Comment on the pull request", {})
    assert done.returncode == 0, done.stderr
    assert calls == []


@pytest.mark.parametrize(
    ("schema", "file"),
    [
        ("vendor.github-actions", "action.yml"),
        ("vendor.gitlab-ci", "docs/examples/gitlab-ci.yml"),
        ("vendor.github-workflows", "workflow of docs/ci.md"),
    ],
)
def test_workflow_files_follow_their_schemas(schema, file, tmp_path):
    pytest.importorskip("check_jsonschema", reason="check-jsonschema is missing")
    path = ROOT / file
    if not path.exists():
        path = tmp_path / "gate.yml"
        path.write_text(WORKFLOW, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "check_jsonschema", "--builtin-schema", schema, str(path)],
        capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_workflow_of_the_guide_uses_inputs_and_outputs_that_exist():
    steps = yaml.safe_load(WORKFLOW)["jobs"]["gate"]["steps"]
    [gate] = [step for step in steps if step.get("id") == "gate"]
    assert set(gate["with"]) <= set(ACTION["inputs"])
    for output in re.findall(r"steps\.gate\.outputs\.([\w-]+)", WORKFLOW):
        assert output in ACTION["outputs"]


def test_the_gitlab_job_collects_what_it_writes():
    job = yaml.safe_load((ROOT / "docs/examples/gitlab-ci.yml").read_text())["gate"]
    [script] = job["script"]
    for path in [job["artifacts"]["reports"]["junit"], *job["artifacts"]["paths"]]:
        assert path in script.split()


def test_the_hook_takes_policies_and_nothing_else():
    [hook] = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())
    wanted = re.compile(hook["files"])
    for path in (ROOT / "policies").glob("*.yaml"):
        assert wanted.search(f"policies/{path.name}")
    assert not wanted.search("policies/schema.json")
    assert not wanted.search("suites/general/suite.yaml")
    done = subprocess.run(
        [sys.executable, "-c", "from gatekeeper.cli import main; main()",
         *hook["entry"].split()[1:], str(ROOT / "policies" / "default.yaml")],
        capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


def test_the_action_installs_itself_only_where_gate_is_missing(run_step, tmp_path):
    python = tmp_path / "tools" / "python"
    python.write_text(RECORDER)
    python.chmod(stat.S_IRWXU)
    done, calls = run_step("Install", {}, GITHUB_ACTION_PATH="/the action")
    assert (done.returncode, calls) == (0, [])
    (tmp_path / "tools" / "gate").unlink()
    found_elsewhere = any((Path(p) / "gate").exists() for p in os.environ["PATH"].split(":"))
    if not found_elsewhere:
        _, calls = run_step("Install", {}, GITHUB_ACTION_PATH="/the action")
        assert calls == [["python", "-m", "pip", "install", "--quiet", "/the action[score]"]]
