"""The line of a check in docs/architecture.md is the one that the code walks."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

import pytest

from house.imports import read_imports
from house.plan import read_plan
from house.walk import Step, read_walk

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "gatekeeper"
PLAN = read_plan(ROOT / "pyproject.toml")
WALK = read_walk(ROOT / "docs" / "architecture.md")
CALLS = [step for step in WALK if step.caller is not None]


def named(step: Step) -> str:
    return f"{step.file}:{step.name}"


@cache
def tree(file: str) -> ast.Module:
    return ast.parse((PACKAGE / file).read_text(encoding="utf-8"))


def defined(file: str) -> set[str]:
    """Functions and classes of a file, methods as `Class.method`."""
    found = set()
    for node in tree(file).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            found.add(node.name)
        if isinstance(node, ast.ClassDef):
            found |= {f"{node.name}.{m.name}" for m in node.body if isinstance(m, ast.FunctionDef)}
    return found


def mentioned(file: str) -> set[str]:
    """Every name and attribute that a file's code uses."""
    nodes = list(ast.walk(tree(file)))
    names = {node.id for node in nodes if isinstance(node, ast.Name)}
    return names | {node.attr for node in nodes if isinstance(node, ast.Attribute)}


@cache
def rooms() -> dict[str, frozenset[str]]:
    return dict(read_imports(ROOT).rooms)


def test_the_walk_leads_from_the_command_to_the_report() -> None:
    assert len(WALK) > 20
    assert [WALK[0].room, WALK[-1].room] == ["cli", "report"]
    assert [step for step in WALK if step.caller is None] == [WALK[0]]


@pytest.mark.parametrize("step", WALK, ids=named)
def test_the_name_is_there(step: Step) -> None:
    assert (PACKAGE / step.file).is_file(), f"docs/architecture.md names {step.file}: it moved"
    assert step.name in defined(step.file), f"docs/architecture.md: {named(step)} is not there"


@pytest.mark.parametrize("step", CALLS, ids=named)
def test_the_caller_uses_it(step: Step) -> None:
    assert step.caller is not None
    used = step.name.rpartition(".")[2]
    # A class that is handed in is called by its method; a function by its name.
    assert used in mentioned(step.caller.file), f"{named(step.caller)} does not use {used}"


@pytest.mark.parametrize("step", CALLS, ids=named)
def test_the_arrow_is_drawn_and_allowed(step: Step) -> None:
    assert step.caller is not None
    assert PLAN is not None
    above, below = step.caller.room, step.room
    if above != below:
        assert below in rooms()[above], f"{above} does not import {below}"
        assert PLAN.allows(above, below), f"{above} must not import {below}"


def test_steps_of_one_caller_stand_in_the_order_of_its_code() -> None:
    """Where a caller calls each of its steps by name in one function, the page keeps that order."""
    for caller in dict.fromkeys(step.caller for step in CALLS):
        assert caller is not None
        below = [s.name.rpartition(".")[2] for s in CALLS if s.caller == caller]
        for function in ast.walk(tree(caller.file)):
            if isinstance(function, ast.FunctionDef):
                lines = {name: line for name in below if (line := _first_use(function, name))}
                in_order = sorted(lines, key=lambda name: lines[name])
                assert in_order == [name for name in below if name in lines], function.name


def _first_use(function: ast.FunctionDef, name: str) -> int | None:
    """Line of the first call of a name in a function, None when it does not call it."""
    found = [
        node.lineno
        for node in ast.walk(function)
        if isinstance(node, ast.Call)
        and name in (getattr(node.func, "id", None), getattr(node.func, "attr", None))
    ]
    return min(found, default=None)
