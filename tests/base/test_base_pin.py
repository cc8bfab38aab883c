"""A base is named by its contents: the same contents, the same digest, wherever they lie."""

from __future__ import annotations

import json
import os
import pickle
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cast import save_tiny_llama

from gatekeeper.base.locate import resolve_base
from gatekeeper.base.pin import pin_base, settled_dtype
from gatekeeper.digests import digest_file
from gatekeeper.errors import BaseError
from gatekeeper.evidence import BasePin
from gatekeeper.files.digest_cache import cached_digest
from gatekeeper.files.model_folder import ModelFolder


def pinned(folder: Path, name: str, *more: str) -> BasePin:
    """The folder as it is now, pinned."""
    return pin_base(ModelFolder(folder), name, *more)


def copy(base: Path, folder: Path) -> Path:
    return Path(shutil.copytree(base, folder))


def edit(folder: Path, name: str, change: Callable[[dict[str, Any]], None]) -> Path:
    content = json.loads((folder / name).read_text())
    change(content)
    (folder / name).write_text(json.dumps(content, indent=7))
    return folder


def test_the_same_contents_elsewhere_have_the_same_digest(tiny_base: Path, tmp_path: Path) -> None:
    here, there = pinned(tiny_base, "a"), pinned(copy(tiny_base, tmp_path / "b"), "b")
    assert here.digest == there.digest
    assert here.source != there.source


def test_dtype_and_quantization_stand_beside_the_digest(tiny_base: Path) -> None:
    plain = pinned(tiny_base, "a", "float32")
    packed = pinned(tiny_base, "a", "bfloat16", "nf4")
    assert plain.digest == packed.digest
    assert (packed.dtype, packed.quantization) == ("bfloat16", "nf4")
    assert pinned(tiny_base, "a").dtype == "float32"
    assert settled_dtype("auto", "cuda") == "bfloat16"


def test_what_saving_writes_into_the_config_does_not_count(tiny_base: Path, tmp_path: Path) -> None:
    saved = edit(
        copy(tiny_base, tmp_path / "b"),
        "config.json",
        lambda c: c.update(transformers_version="9.9", _name_or_path="x", torch_dtype="bfloat16"),
    )
    assert pinned(saved, "b").digest == pinned(tiny_base, "a").digest


def test_what_a_trainer_writes_into_the_tokenizer_does_not_count(
    tiny_base: Path, tmp_path: Path
) -> None:
    folder = copy(tiny_base, tmp_path / "b")
    edit(folder, "tokenizer.json", lambda t: t.update(padding=None, truncation={"max_length": 4}))
    edit(folder, "tokenizer_config.json", lambda t: t.update(padding_side="left", is_local=False))
    assert pinned(folder, "b").digest == pinned(tiny_base, "a").digest


@pytest.mark.parametrize(
    ("name", "change", "part"),
    [
        ("config.json", lambda c: c.update(rms_norm_eps=1e-3), "config_digest"),
        ("tokenizer.json", lambda t: t["model"]["vocab"].update(new=500), "tokenizer_digest"),
        ("tokenizer.json", lambda t: t.update(normalizer={"type": "NFC"}), "tokenizer_digest"),
        ("tokenizer_config.json", lambda t: t.update(eos_token="|"), "tokenizer_digest"),
    ],
)
def test_what_changes_a_computation_changes_the_digest(
    tiny_base: Path, tmp_path: Path, name: str, change: Callable[[Any], None], part: str
) -> None:
    before = pinned(tiny_base, "a")
    after = pinned(edit(copy(tiny_base, tmp_path / "b"), name, change), "b")
    assert after.digest != before.digest
    changed = {
        key
        for key in ("weights_digest", "config_digest", "tokenizer_digest", "chat_template_digest")
        if getattr(after, key) != getattr(before, key)
    }
    assert changed == {part}


def test_the_chat_template_is_pinned_on_its_own(tiny_base: Path, tmp_path: Path) -> None:
    folder = copy(tiny_base, tmp_path / "b")
    (folder / "chat_template.jinja").write_text("{{ messages }}")
    before, after = pinned(tiny_base, "a"), pinned(folder, "b")
    assert before.tokenizer_digest == after.tokenizer_digest
    assert before.chat_template_digest != after.chat_template_digest
    assert before.digest != after.digest


def test_one_changed_bit_of_the_weights_changes_the_digest(tiny_base: Path, tmp_path: Path) -> None:
    folder = copy(tiny_base, tmp_path / "b")
    file = folder / "model.safetensors"
    data = bytearray(file.read_bytes())
    data[-1] ^= 1
    file.write_bytes(data)
    assert pinned(folder, "b").digest != pinned(tiny_base, "a").digest


def test_every_shard_counts(tmp_path: Path) -> None:
    base = save_tiny_llama(tmp_path / "sharded", shard="40KB")
    files = ModelFolder(base).weight_files
    assert len(files) > 1
    before = pinned(base, "a").digest
    swapped = copy(base, tmp_path / "swapped")
    one, two = swapped / files[0].name, swapped / files[1].name
    one.rename(swapped / "x")
    two.rename(one)
    (swapped / "x").rename(two)
    assert pinned(swapped, "b").digest != before
    (swapped / files[0].name).unlink()
    with pytest.raises(BaseError, match="is missing the weight shards"):
        pinned(swapped, "b")


def test_a_second_pin_reads_no_weights(
    tiny_base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = copy(tiny_base, tmp_path / "b")
    file = folder / "model.safetensors"
    os.utime(file, (1_700_000_000, 1_700_000_000))
    first = pinned(folder, "b")

    def never(path: Path) -> str:
        raise AssertionError(f"{path} was read again")

    monkeypatch.setattr("gatekeeper.files.digest_cache.digest_file", never)
    assert pinned(folder, "b") == first


def test_a_file_that_just_changed_is_read_again(tmp_path: Path) -> None:
    file = tmp_path / "f"
    for content in (b"one", b"two", b"six"):
        file.write_bytes(content)
        assert cached_digest(file) == digest_file(file)


def test_a_damaged_memory_is_no_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GATE_CACHE", str(tmp_path / "cache"))
    file = tmp_path / "f"
    file.write_bytes(b"x")
    os.utime(file, (1_700_000_000, 1_700_000_000))
    expected = cached_digest(file)
    for memory in (tmp_path / "cache" / "digests").iterdir():
        memory.write_bytes(b"\xff{")
    assert cached_digest(file) == expected


def test_pickled_weights_are_refused_unopened(tiny_base: Path, tmp_path: Path) -> None:
    folder = copy(tiny_base, tmp_path / "b")
    (folder / "model.safetensors").unlink()
    (folder / "pytorch_model.bin").write_bytes(pickle.dumps({}))
    with pytest.raises(BaseError, match="only as pickles"):
        resolve_base(str(folder))


@pytest.mark.parametrize("missing", ["config.json", "model.safetensors"])
def test_a_folder_that_is_no_model_is_an_error_in_one_sentence(
    tiny_base: Path, tmp_path: Path, missing: str
) -> None:
    folder = copy(tiny_base, tmp_path / "b")
    (folder / missing).unlink()
    with pytest.raises(BaseError, match=missing):
        resolve_base(str(folder))


def test_an_index_cannot_name_files_elsewhere(tiny_base: Path, tmp_path: Path) -> None:
    folder = copy(tiny_base, tmp_path / "b")
    (folder / "model.safetensors.index.json").write_text(
        json.dumps({"weight_map": {"a": "../../secret"}})
    )
    with pytest.raises(BaseError, match="outside its folder"):
        resolve_base(str(folder))


@pytest.mark.parametrize("ref", ["nowhere", "./nowhere", "/nowhere/at/all", "a/b/c", "~/none"])
def test_a_name_that_is_nothing_says_what_a_base_may_be(ref: str) -> None:
    with pytest.raises(BaseError, match="neither a folder nor a hub id") as problem:
        resolve_base(ref)
    assert "smollm2-135m-instruct" in (problem.value.hint or "")


def test_a_hub_id_that_is_not_cached_names_the_download_command(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    with pytest.raises(BaseError, match="HF_HUB_OFFLINE") as problem:
        resolve_base("some-org/some-model", "v1")
    assert "hf download some-org/some-model --revision v1" in (problem.value.hint or "")


def test_a_hub_id_is_found_in_the_local_cache(
    tiny_base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit = "c" * 40
    repository = tmp_path / "models--org--tiny"
    (repository / "refs").mkdir(parents=True)
    (repository / "refs" / "main").write_text(commit)
    shutil.copytree(tiny_base, repository / "snapshots" / commit)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    folder = resolve_base("org/tiny")
    pin = pinned(folder, "org/tiny")
    assert pin.revision == commit
    assert pin.digest == pinned(tiny_base, "a").digest


def test_an_unknown_quantization_is_an_error(tiny_base: Path) -> None:
    with pytest.raises(BaseError, match="int3"):
        pinned(tiny_base, "a", "float32", "int3")
