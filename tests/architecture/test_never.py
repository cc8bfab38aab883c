"""What no import contract can see: nothing in the package opens a pickle or runs text as code."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "gatekeeper"
UNPICKLERS = {"cloudpickle", "dill", "joblib", "marshal", "pickle", "shelve"}
CALLS = {
    "eval", "exec", "__import__",
    "torch.load", "yaml.full_load", "yaml.unsafe_load", "os.system", "os.popen",
}  # fmt: skip
FLAGS = {"allow_pickle", "shell", "trust_remote_code"}
IMPORTS_BY_NAME = {"cli/__init__.py"}
"""Where a module may be imported by a name that is only known at run time."""


def faults(code: str, file: str = "") -> Iterator[str]:
    """What a file does that the package never does."""
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Import | ast.ImportFrom):
            names = [alias.name for alias in node.names]
            module = node.module if isinstance(node, ast.ImportFrom) else None
            for name in names if module is None else [module]:
                if name.split(".")[0] in UNPICKLERS:
                    yield f"{node.lineno}: imports {name}"
        elif isinstance(node, ast.Call):
            called = ast.unparse(node.func)
            if called in CALLS:
                yield f"{node.lineno}: calls {called}"
            if called.endswith("import_module") and file not in IMPORTS_BY_NAME:
                yield f"{node.lineno}: imports by name"
            if called == "yaml.load" and "Loader" not in {k.arg for k in node.keywords}:
                yield f"{node.lineno}: yaml.load without a loader of its own"
            for keyword in node.keywords:
                off = isinstance(keyword.value, ast.Constant) and keyword.value.value is False
                if keyword.arg in FLAGS and not off:
                    yield f"{node.lineno}: {keyword.arg} is on"


def test_the_package_opens_no_pickle_and_runs_no_text_as_code() -> None:
    found = [
        f"{path.relative_to(PACKAGE)}:{fault}"
        for path in sorted(PACKAGE.rglob("*.py"))
        for fault in faults(path.read_text("utf-8"), path.relative_to(PACKAGE).as_posix())
    ]
    assert not found, "\n".join(found)


@pytest.mark.parametrize(
    "code",
    [
        "import pickle",
        "from joblib import load",
        "torch.load(path)",
        "eval(text)",
        "exec(text)",
        "yaml.load(text)",
        "np.load(file, allow_pickle=True)",
        "AutoModel.from_pretrained(x, trust_remote_code=given)",
        "subprocess.run(line, shell=True)",
        "importlib.import_module(name)",
    ],
)
def test_each_of_them_would_be_found(code: str) -> None:
    assert list(faults(code))


@pytest.mark.parametrize("code", ["model.eval()", "f(trust_remote_code=False)", "json.load(f)"])
def test_what_only_looks_like_one_is_left_alone(code: str) -> None:
    assert not list(faults(code))
