"""SECURITY.md promises nothing that no test holds."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "SECURITY.md").read_text(encoding="utf-8")
PROMISES = [
    line.strip("|").split("|")
    for line in re.findall(r"^## What is promised\n(.*?)^## ", PAGE, re.M | re.S)[0].splitlines()
    if line.startswith("| ") and not line.startswith(("| ---", "| promise"))
]
TESTS = sorted({name for _, held in PROMISES for name in re.findall(r"`([^`]+)`", held)})


@pytest.mark.parametrize("name", TESTS)
def test_the_test_that_holds_a_promise_is_there(name: str) -> None:
    file, _, function = name.partition("::")
    tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
    tests = {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
    assert function in tests if function else any(n.startswith("test_") for n in tests)


def test_every_promise_names_a_test() -> None:
    assert len(PROMISES) > 10
    assert all("`tests/" in held for _, held in PROMISES)
