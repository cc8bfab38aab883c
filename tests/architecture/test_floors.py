"""The floors are kept, and docs/architecture.md says what the contracts say."""

from __future__ import annotations

import ast
import importlib
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from house.plan import read_plan

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "gatekeeper"
PAGE = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
SETTINGS = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
CONTRACTS = SETTINGS["tool"]["importlinter"]["contracts"]
PLAN = read_plan(ROOT / "pyproject.toml")
LINT = (
    "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports(no_cache=True))"
)


def section(title: str) -> str:
    """What stands under a heading of the page."""
    [found] = re.findall(rf"^## {re.escape(title)}$(.*?)(?=^## |\Z)", PAGE, re.M | re.S)
    return found


def rows(text: str) -> list[list[str]]:
    """The cells of a table's rows, head and rule left out."""
    lines = [line for line in text.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def quoted(text: str) -> list[str]:
    return re.findall(r"`([^`]+)`", text)


def test_every_contract_is_kept() -> None:
    done = subprocess.run(
        [sys.executable, "-c", LINT], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_page_puts_every_room_on_its_floor() -> None:
    assert PLAN is not None
    told: dict[int, set[str]] = {}
    for floor, names, _ in rows(section("Floors")):
        rooms = {name.rstrip("/").removesuffix(".py") for name in quoted(names)}
        told[int(floor)] = told.get(int(floor), set()) | rooms
    contract = {PLAN.height(floor[0]): set(floor) for floor in PLAN.floors}
    assert told == contract


def test_the_page_writes_a_folder_as_a_folder_and_a_file_as_a_file() -> None:
    for _, names, _ in rows(section("Floors")):
        for name in quoted(names):
            assert (PACKAGE / name).is_dir() == name.endswith("/"), name
            assert (PACKAGE / name).exists(), name


def test_every_contract_stands_on_the_page_with_its_reason() -> None:
    told = {quoted(row[0])[0]: row for row in rows(section("What never happens"))}
    assert set(told) == {contract["id"] for contract in CONTRACTS}
    assert all(reason for _, _, reason in told.values())


def test_a_contract_that_lists_rooms_leaves_none_of_them_out() -> None:
    """A new room is asked about torch, lm-eval and the terminal, or named here as an exception."""
    assert PLAN is not None
    ground = {"errors", "digests", "phrases"}
    doors = {
        "torch": {"cli", "live", "scoring", "base", "training", "machine"},
        "lm-eval": {"scoring"},
        "terminal": {"cli", "report"},
    }
    for contract in CONTRACTS:
        if contract["id"] in doors:
            listed = {module.split(".")[1] for module in contract["source_modules"]}
            missing = set(PLAN.rooms) - listed - ground - doors[contract["id"]]
            assert not missing, contract["id"]


INIT = section("What `__init__.py` files hold")
FACES = quoted(re.findall(r"^- \*\*Faces\*\*.*works:(.*)$", INIT, re.M)[0])
OTHERS = {quoted(line)[0] for line in re.findall(r"^- \*\*(?:A lazy|The command).*$", INIT, re.M)}


def test_only_the_init_files_that_the_page_names_hold_code() -> None:
    with_code = {
        path.parent.relative_to(PACKAGE).as_posix()
        for path in PACKAGE.rglob("__init__.py")
        if path.parent != PACKAGE and len(ast.parse(path.read_text("utf-8")).body) > 1
    }
    assert with_code == {*FACES, *OTHERS}


@pytest.mark.parametrize("room", FACES)
def test_a_face_hands_on_names_of_its_own_room_only(room: str) -> None:
    tree = ast.parse((PACKAGE / room / "__init__.py").read_text(encoding="utf-8"))
    imported = [node.module or "" for node in tree.body if isinstance(node, ast.ImportFrom)]
    assert imported
    assert all(name.startswith(f"gatekeeper.{room}.") for name in imported)


@pytest.mark.parametrize(
    "name", [quoted(row[0])[0] for row in rows(section("What you may rely on"))]
)
def test_a_public_name_is_there(name: str) -> None:
    if name in SETTINGS["project"]["scripts"]:
        return
    module, _, attribute = name.rpartition(".")
    assert callable(getattr(importlib.import_module(module), attribute))


def test_every_folder_of_code_is_a_package() -> None:
    """Without `__init__.py` no contract sees it, and no wheel carries it."""
    folders = {file.parent for file in PACKAGE.rglob("*.py")}
    assert {folder for folder in folders if not (folder / "__init__.py").is_file()} == set()


def test_no_module_imports_what_its_own_room_hands_on() -> None:
    """A circle through the room's `__init__.py`, which import-linter does not see.

    `cli` is left out: its `__init__.py` is the command itself and imports its modules by name.
    """
    for file in sorted(PACKAGE.rglob("*.py")):
        room = ".".join(file.parent.relative_to(PACKAGE.parent).parts)
        if room in ("gatekeeper", "gatekeeper.cli") or file.name == "__init__.py":
            continue
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.module == room:
                handed = [n.name for n in node.names if not (file.parent / f"{n.name}.py").exists()]
                assert handed == [], file


EXCEPT = {
    "torch": {"base", "cli", "live", "scoring", "training"},
    "lm-eval": {"scoring"},
    "terminal": {"cli", "report"},
}


@pytest.mark.parametrize("contract", EXCEPT)
def test_what_few_rooms_may_do_is_forbidden_to_all_others(contract: str) -> None:
    assert PLAN is not None
    rooms = {room for floor in PLAN.floors for room in floor} - EXCEPT[contract]
    [found] = [each for each in CONTRACTS if each["id"] == contract]
    named = {name.removeprefix("gatekeeper.") for name in found["source_modules"]}
    assert named - {"report.html"} == rooms
