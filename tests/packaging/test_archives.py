"""What the wheel and the sdist hold."""

from __future__ import annotations

import tarfile
import zipfile
from email.message import Message
from email.parser import Parser

import pytest
from environments import Built
from packaging.requirements import Requirement

from gatekeeper import __version__

pytestmark = pytest.mark.wheel

SHIPPED = ("gatekeeper/", "policies/", "suites/", "registry/README.md")
"""Of a checkout; what is outside the package goes to gatekeeper/_data."""


def in_checkout(built: Built) -> list[str]:
    files = (file.relative_to(built.tree).as_posix() for file in built.tree.rglob("*"))
    made = ("gatekeeper.egg-info/", "build/")
    return sorted(
        name for name in files
        if name.startswith(SHIPPED) and not name.startswith(made) and (built.tree / name).is_file()
    )  # fmt: skip


def metadata(built: Built) -> Message:
    with zipfile.ZipFile(built.wheel) as archive:
        [name] = [name for name in archive.namelist() if name.endswith(".dist-info/METADATA")]
        return Parser().parsestr(archive.read(name).decode())


def test_the_wheel_holds_every_file_of_the_package_and_no_other(built: Built) -> None:
    wanted = [
        name if name.startswith("gatekeeper/") else f"gatekeeper/_data/{name}"
        for name in in_checkout(built)
    ]
    with zipfile.ZipFile(built.wheel) as archive:
        held = [name for name in archive.namelist() if ".dist-info/" not in name]
    assert sorted(held) == sorted(wanted)
    assert "gatekeeper/py.typed" in held
    assert "gatekeeper/report/html/templates/report.html" in held


def test_the_sdist_holds_what_the_wheel_is_made_of(built: Built) -> None:
    with tarfile.open(built.sdist) as archive:
        held = {name.partition("/")[2] for name in archive.getnames()}
    assert {"LICENSE", "README.md", "pyproject.toml", "setup.py", *in_checkout(built)} <= held


def test_both_bear_the_version_of_the_package(built: Built) -> None:
    assert built.sdist.name == f"gatekeeper-{__version__}.tar.gz"
    assert built.wheel.name == f"gatekeeper-{__version__}-py3-none-any.whl"
    assert metadata(built)["Version"] == __version__


def test_what_scores_is_asked_for_by_the_extra_alone(built: Built) -> None:
    heavy = {"torch", "transformers", "peft", "lm-eval", "bitsandbytes", "datasets", "accelerate",
             "gguf"}  # fmt: skip
    asked = [Requirement(line) for line in metadata(built).get_all("Requires-Dist", [])]
    assert {one.name for one in asked if one.marker} == heavy
    assert not heavy & {one.name for one in asked if not one.marker}
