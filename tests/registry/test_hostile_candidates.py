"""Candidates that attack: each refused by `gate check --promote`, recorded, and never stored."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cast import save_checkpoint

from gatekeeper.cli import main
from gatekeeper.errors import ExitCode
from gatekeeper.registry import Registry

Harm = Callable[[Path, Path], object]


def rewrite(folder: Path, name: str, **changes: Any) -> None:
    file = folder / name
    file.write_text(json.dumps(json.loads(file.read_text()) | changes))


def link_out(folder: Path, secret: Path) -> None:
    (folder / "adapter_model.safetensors").rename(secret)
    (folder / "adapter_model.safetensors").symlink_to(secret)


def link_config(folder: Path, secret: Path) -> None:
    (folder / "adapter_config.json").rename(secret)
    (folder / "adapter_config.json").symlink_to(secret)


def other_base(folder: Path, secret: Path) -> None:
    (folder / "run.yaml").write_text(
        f"name: run\nmethod: lora\nbase: other\nbase_digest: sha256:{'0' * 64}\n"
    )


ADAPTERS: dict[str, Harm] = {
    "weights that are a link out of the folder": link_out,
    "a config that is a link out of the folder": link_config,
    "a config that imports a stranger's module": lambda folder, secret: rewrite(
        folder,
        "adapter_config.json",
        auto_mapping={"parent_library": "evil", "base_model_class": "Model"},
    ),
    "a run on another base": other_base,
}


def traverse(folder: Path, secret: Path) -> None:
    (folder / "model.safetensors").rename(secret)
    (folder / "model.safetensors.index.json").write_text(
        json.dumps({"metadata": {}, "weight_map": {"lm_head.weight": f"../{secret.name}"}})
    )


CHECKPOINTS: dict[str, Harm] = {
    "an index that leaves the folder": traverse,
    "remote code": lambda folder, secret: rewrite(
        folder, "config.json", auto_map={"AutoModelForCausalLM": "evil.Model"}
    ),
}


@pytest.fixture(scope="module")
def checkpoint(tiny_base: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_checkpoint(tiny_base, tmp_path_factory.mktemp("checkpoints") / "full")


def refused(
    folder: Path,
    base: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(folder.parent)
    (folder / "evil.py").write_text(f"open({str(folder.parent / 'mark')!r}, 'w')")
    arguments = ["check", folder.name, "--base", str(base), "--policy", "quick", "--promote"]
    with pytest.raises(SystemExit) as leaving:
        main(arguments)
    told = capsys.readouterr()
    assert leaving.value.code == ExitCode.REFUSED, told
    assert "Traceback" not in told.err
    registry = Registry.open(folder.parent / ".gate")
    assert registry.state().sequence == 1  # that it was tried is kept
    assert registry.state().channels == {}
    assert registry.objects.digests() == []
    assert registry.verify() == []
    assert not (folder.parent / "mark").exists()


@pytest.mark.parametrize("name", ADAPTERS)
def test_an_adapter_that_attacks_is_refused(
    name: str, tiny_adapter: Path, tiny_base: Path, tmp_path: Path,
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    folder = tmp_path / "here" / "candidate"
    shutil.copytree(tiny_adapter, folder)
    ADAPTERS[name](folder, tmp_path / "secret")
    refused(folder, tiny_base, capsys, monkeypatch)


@pytest.mark.parametrize("name", CHECKPOINTS)
def test_a_checkpoint_that_attacks_is_refused(
    name: str, checkpoint: Path, tiny_base: Path, tmp_path: Path,
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    folder = tmp_path / "here" / "candidate"
    shutil.copytree(checkpoint, folder)
    CHECKPOINTS[name](folder, tmp_path / "here" / "secret.safetensors")
    refused(folder, tiny_base, capsys, monkeypatch)
