"""The wheel without extras: everything but scoring works, and scoring says what it needs."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from environments import Built, Environment, Project

from gatekeeper import __version__

pytestmark = pytest.mark.wheel

NEEDS = "needs the scoring extra, which is not installed."
INSTALL = "pip install 'gatekeeper[score]'"


@pytest.fixture(scope="module")
def project(checked_by_sdist: Project, plain: Environment, outside: Path) -> Project:
    """A copy of a folder in which another machine has checked two adapters."""
    folder = shutil.copytree(checked_by_sdist.folder, outside / "of-plain")
    return Project(folder, plain)


def test_nothing_that_scores_is_installed(plain: Environment) -> None:
    heavy = {"torch", "transformers", "peft", "lm-eval", "lm_eval", "datasets", "accelerate",
             "bitsandbytes", "gguf", "pyarrow", "tokenizers"}  # fmt: skip
    assert not heavy & plain.installed().keys()
    plain.run("pip", "check")


def test_the_package_is_the_installed_one(plain: Environment) -> None:
    said = plain.run("python", "-c", "import gatekeeper; print(gatekeeper.__file__)").stdout
    assert Path(said.strip()).is_relative_to(plain.folder)


@pytest.mark.parametrize("command", [["gate"], ["python", "-m", "gatekeeper"]], ids=" ".join)
def test_help_and_version(plain: Environment, command: list[str]) -> None:
    assert "Exit codes" in plain.run(*command, "--help").stdout
    assert plain.run(*command, "--version").stdout == f"gate, version {__version__}\n"


@pytest.mark.parametrize(
    "arguments",
    [
        "log",
        "status",
        "show careful",
        "lineage careful",
        "plan",
        "diff careful careless",
        "compare careful careless",
        "card careful",
        "inspect careful --static",
        "policy check policies/letters.yaml",
        "policy explain strict",
        "policy replay policies/letters.yaml",
        "registry verify",
        "suite list",
        "suite show general",
        "suite show skills",
        "cache info",
        "doctor",
        "schema report",
        "schema policy",
        "completion bash",
    ],
)
def test_a_command_that_scores_nothing_works(project: Project, arguments: str) -> None:
    done = project.gate(*arguments.split())
    assert done.stdout
    assert "error" not in done.stderr


def test_cases_of_a_policy_are_decided(project: Project, built: Built) -> None:
    cases = built.tree / "policies" / "tests" / "default.yaml"
    assert "ok" in project.gate("policy", "test", cases).stdout


def test_the_next_run_is_planned(project: Project) -> None:
    assert "HOLD" in project.gate("escalate", "careless", code=10).stdout


def test_a_recorded_check_is_reported_in_every_format(project: Project) -> None:
    project.gate("report", "careful", "--html", "r.html", "--md", "r.md", "--junit", "r.xml",
                 "--json", "r.json")  # fmt: skip
    assert json.loads((project.folder / "r.json").read_text())["verdict"] == "promote"
    assert "<style>" in (project.folder / "r.html").read_text()
    project.gate("report", "--all", "site")
    assert (project.folder / "site" / "index.html").is_file()


def test_two_logs_of_lm_eval_are_compared(project: Project, lm_eval_logs: Path) -> None:
    first, second = lm_eval_logs / "first", lm_eval_logs / "second"
    done = project.gate("compare", "--samples", first, second, "--metric", "acc", "--json", "-")
    [contrast] = json.loads(done.stdout)["contrasts"]
    assert (contrast["samples"], contrast["only_first"]) == (40, 20)


@pytest.fixture
def lm_eval_logs(tmp_path: Path) -> Path:
    """Two runs as `lm_eval --log_samples` writes them; the second gets half as many right."""
    for name, right in (("first", 40), ("second", 20)):
        (tmp_path / name).mkdir()
        lines = [
            {
                "doc_id": doc, "doc": {"q": f"{doc}?"}, "target": "x",
                "arguments": [[f"{doc}?", "x"]],
                "resps": [[["-1.0", "True"]]], "filtered_resps": [["-1.0", "True"]],
                "filter": "none", "metrics": ["acc"], "doc_hash": f"d{doc}",
                "prompt_hash": f"p{doc}", "target_hash": "t", "acc": float(doc < right),
            }
            for doc in range(40)
        ]  # fmt: skip
        log = tmp_path / name / "samples_letters_2026-11-20T10-00-00.000000.jsonl"
        log.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return tmp_path


def test_a_suite_is_made(project: Project) -> None:
    project.gate("suite", "new", "again", "--from", "held-out.jsonl", "--question", "{prompt}",
                 "--answer", "completion")  # fmt: skip
    assert (project.folder / "suites" / "again" / "suite.yaml").is_file()


def test_a_channel_moves_and_comes_back(project: Project) -> None:
    project.gate("promote", "careful", "--channel", "production")
    before = project.gate("log").stdout
    done = project.gate("rollback", "--prove", code=2)
    assert f"Nothing was moved: `gate rollback --prove` {NEEDS}" in done.stderr
    assert project.gate("log").stdout == before
    assert "serves the base again" in project.gate("rollback").stdout


def test_a_training_script_may_import_track_run(plain: Environment) -> None:
    plain.run("python", "-c", "from gatekeeper.training import TrackRun; TrackRun()")


@pytest.mark.parametrize(
    ("arguments", "subject"),
    [
        ("check careful", "`gate check`"),
        ("check --aa", "`gate check`"),
        ("rescale careless", "`gate rescale`"),
        ("inspect careful", "`gate inspect`"),
        ("suite check skills", "`gate suite check`"),
        ("suite measure skills", "`gate suite measure`"),
        ("suite fetch public", "`gate suite fetch`"),
        ("suite new x --from held-out.parquet --question q", "reading Parquet"),
        ("suite new x --from org/data --question q", "fetching it from the hub"),
    ],
)
def test_a_command_that_needs_the_extra_says_so_in_one_sentence(
    project: Project, arguments: str, subject: str
) -> None:
    (project.folder / "held-out.parquet").write_bytes(b"PAR1")
    registry = project.gate("log").stdout
    done = project.gate(*arguments.split(), code=2)
    first, second = done.stderr.splitlines()
    assert first.startswith("error: ")
    assert first.endswith(f"{subject} {NEEDS}")
    assert INSTALL in second
    assert project.gate("log").stdout == registry


def test_a_check_without_the_extra_makes_no_registry(plain: Environment, tmp_path: Path) -> None:
    plain.gate("check", "adapter", cwd=tmp_path, code=2)
    assert list(tmp_path.iterdir()) == []
