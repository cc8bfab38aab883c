"""Folders from strangers: only the two files that count are read, and only as real files."""

from __future__ import annotations

import os
import pickle
import shutil
from pathlib import Path
from typing import Any

import pytest
from cast import copy_with, save_adapter, save_checkpoint, save_tiny_llama, save_tokenizer

from gatekeeper.candidate.folder import read_adapter, snapshot
from gatekeeper.candidate.inspect_files import inspect_static
from gatekeeper.errors import AdapterRefused, ConfigError
from gatekeeper.evidence import BasePin, Finding, Severity
from gatekeeper.files.model_folder import ModelFolder


class Bomb:
    """Unpickling it makes a file."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> Any:
        return (Path.touch, (self.mark,))


def by_code(folder: Path, base: Path | None = None, **more: Any) -> dict[str, Finding]:
    found = inspect_static(folder, base_folder=ModelFolder(base) if base else None, **more)[1]
    return {f.code: f for f in found}


def test_weights_only_as_a_pickle_are_refused_unopened(tiny_adapter: Path, tmp_path: Path) -> None:
    folder = copy_with(tiny_adapter, tmp_path / "a")
    (folder / "adapter_model.safetensors").unlink()
    (folder / "adapter_model.bin").write_bytes(pickle.dumps(Bomb(tmp_path / "mark")))
    finding = by_code(folder)["pickle-only"]
    assert finding.severity is Severity.REFUSE
    copy = snapshot(folder, tmp_path / "copy")
    assert by_code(copy, source=folder)["pickle-only"].severity is Severity.REFUSE
    assert sorted(file.name for file in copy.iterdir()) == ["adapter_config.json"]
    assert not (tmp_path / "mark").exists()


def test_other_pickles_in_the_folder_are_never_opened(tiny_adapter: Path, tmp_path: Path) -> None:
    folder = copy_with(tiny_adapter, tmp_path / "a")
    for name in ("training_args.bin", "optimizer.pt", "adapter_model.bin", "rng_state.pth"):
        (folder / name).write_bytes(pickle.dumps(Bomb(tmp_path / "mark")))
    pin, found = inspect_static(folder)
    assert [f.code for f in found] == ["base-not-compared"]
    assert pin.digest == read_adapter(tiny_adapter).digest
    assert not (tmp_path / "mark").exists()


@pytest.mark.parametrize("name", ["adapter_config.json", "adapter_model.safetensors"])
def test_a_link_out_of_the_folder_is_never_followed(
    tiny_adapter: Path, tmp_path: Path, name: str
) -> None:
    folder = copy_with(tiny_adapter, tmp_path / "a")
    secret = tmp_path / "secret"
    shutil.move(folder / name, secret)
    (folder / name).symlink_to(secret)
    assert by_code(folder)["unsafe-file"].severity is Severity.REFUSE
    with pytest.raises(AdapterRefused, match="leaves the folder"):
        snapshot(folder, tmp_path / "copy")


def test_links_of_the_hub_cache_are_followed(tiny_adapter: Path, tmp_path: Path) -> None:
    repository = tmp_path / "models--org--adapter"
    folder = repository / "snapshots" / ("0" * 40)
    (repository / "blobs").mkdir(parents=True)
    folder.mkdir(parents=True)
    for number, name in enumerate(("adapter_config.json", "adapter_model.safetensors")):
        shutil.copy(tiny_adapter / name, repository / "blobs" / str(number))
        (folder / name).symlink_to(Path("../../blobs") / str(number))
    copy = snapshot(folder, tmp_path / "copy")
    assert read_adapter(copy).digest == read_adapter(tiny_adapter).digest
    assert not any(file.is_symlink() for file in copy.iterdir())


def test_a_pipe_in_place_of_a_file_does_not_hang(tiny_adapter: Path, tmp_path: Path) -> None:
    folder = copy_with(tiny_adapter, tmp_path / "a")
    (folder / "adapter_model.safetensors").unlink()
    os.mkfifo(folder / "adapter_model.safetensors")
    assert by_code(folder)["unsafe-file"].severity is Severity.REFUSE


def test_a_folder_in_place_of_a_file_is_refused(tiny_adapter: Path, tmp_path: Path) -> None:
    folder = copy_with(tiny_adapter, tmp_path / "a")
    (folder / "adapter_model.safetensors").unlink()
    (folder / "adapter_model.safetensors").mkdir()
    assert by_code(folder)["unsafe-file"].severity is Severity.REFUSE


def test_a_folder_without_a_candidate_is_refused_in_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(AdapterRefused, match=r"neither adapter_config\.json nor config\.json"):
        read_adapter(tmp_path)
    with pytest.raises(ConfigError, match="is not a folder"):
        read_adapter(tmp_path / "nowhere")


def test_the_digest_covers_config_and_weights_and_nothing_else(
    tiny_adapter: Path, tmp_path: Path
) -> None:
    digest = read_adapter(tiny_adapter).digest
    beside = copy_with(tiny_adapter, tmp_path / "beside")
    (beside / "README.md").write_text("a new model card")
    (beside / "trainer_state.json").write_text("{}")
    assert read_adapter(beside).digest == digest
    assert read_adapter(copy_with(tiny_adapter, tmp_path / "b", config={"r": 5})).digest != digest

    def nudge(tensors: dict[str, Any]) -> None:
        next(iter(tensors.values()))[0, 0] += 1e-3

    nudged = copy_with(tiny_adapter, tmp_path / "c", tensors=nudge)
    assert read_adapter(nudged).digest != digest


def test_the_order_that_peft_writes_target_modules_in_does_not_count(
    tiny_adapter: Path, tmp_path: Path
) -> None:
    one = copy_with(tiny_adapter, tmp_path / "1", config={"target_modules": ["q_proj", "v_proj"]})
    two = copy_with(tiny_adapter, tmp_path / "2", config={"target_modules": ["v_proj", "q_proj"]})
    assert read_adapter(one).digest == read_adapter(two).digest


def test_a_snapshot_stays_what_it_was_when_the_source_is_swapped(
    tiny_base: Path, tiny_adapter: Path, tmp_path: Path
) -> None:
    folder = copy_with(tiny_adapter, tmp_path / "a")
    copy = snapshot(folder, tmp_path / "copy")
    before = read_adapter(copy).digest
    other = save_adapter(tiny_base, tmp_path / "other", seed=9)
    shutil.copy(other / "adapter_model.safetensors", folder)
    assert read_adapter(copy).digest == before
    assert read_adapter(folder).digest != before


def test_the_pin_says_what_the_config_says(tiny_adapter: Path, tiny_base: Path) -> None:
    pin, _ = inspect_static(tiny_adapter)
    assert (pin.kind, pin.peft_type, pin.rank, pin.alpha) == ("adapter", "LORA", 4, 8.0)
    assert pin.target_modules == ("q_proj", "v_proj")
    assert pin.name == tiny_adapter.name
    assert pin.base_hint == str(tiny_base)
    assert pin.parameters == 2 * (4 * 32 + 32 * 4 + 4 * 32 + 16 * 4)


def test_a_tokenizer_saved_along_unchanged_is_no_finding(
    tiny_adapter: Path, tiny_base: Path, tmp_path: Path
) -> None:
    from transformers import AutoTokenizer

    folder = copy_with(tiny_adapter, tmp_path / "a")
    tokenizer = AutoTokenizer.from_pretrained(tiny_base)
    # What a trainer does to it: padding and truncation for its batches.
    tokenizer.padding_side = "left"
    tokenizer(["a", "bcd"], padding=True, truncation=True, max_length=4)
    tokenizer.save_pretrained(folder)
    assert by_code(folder, tiny_base) == {}


def test_another_vocabulary_saved_along_is_refused(
    tiny_adapter: Path, tiny_base: Path, tmp_path: Path
) -> None:
    folder = copy_with(tiny_adapter, tmp_path / "a")
    save_tokenizer(folder, {chr(i): 127 - i for i in range(128)})
    assert by_code(folder, tiny_base)["vocabulary-differs"].severity is Severity.REFUSE


def test_another_chat_template_saved_along_is_held(
    tiny_adapter: Path, tiny_base: Path, tmp_path: Path
) -> None:
    folder = copy_with(tiny_adapter, tmp_path / "a")
    save_tokenizer(folder, chat_template="{{ messages[0]['content'] }}!")
    assert by_code(folder, tiny_base)["chat-template-differs"].severity is Severity.HOLD


def test_other_special_tokens_saved_along_are_warned_of(
    tiny_adapter: Path, tiny_base: Path, tmp_path: Path
) -> None:
    folder = copy_with(tiny_adapter, tmp_path / "a")
    save_tokenizer(folder, eos_token="|")
    finding = by_code(folder, tiny_base)["special-tokens-differ"]
    assert (finding.severity, finding.names) == (Severity.WARN, ("eos_token",))


def test_a_snapshot_still_sees_the_tokenizer_beside_the_source(
    tiny_adapter: Path, tiny_base: Path, tmp_path: Path
) -> None:
    folder = copy_with(tiny_adapter, tmp_path / "a")
    save_tokenizer(folder, {chr(i): 127 - i for i in range(128)})
    copy = snapshot(folder, tmp_path / "copy")
    assert "vocabulary-differs" in by_code(copy, tiny_base, source=folder)


def test_a_full_checkpoint_is_recognised(tiny_base: Path, tmp_path: Path) -> None:
    folder = save_checkpoint(tiny_base, tmp_path / "full")
    copy = snapshot(folder, tmp_path / "copy")
    pin, found = inspect_static(copy, base_folder=ModelFolder(tiny_base), source=folder)
    assert (pin.kind, pin.name) == ("checkpoint", "full")
    assert [(f.code, f.severity) for f in found] == [("checkpoint-not-detachable", Severity.INFO)]


def test_a_checkpoint_that_is_the_base_is_held(tiny_base: Path, tiny_pin: BasePin) -> None:
    pin, found = inspect_static(tiny_base, tiny_pin, ModelFolder(tiny_base), tiny_pin.digest)
    assert pin.digest == tiny_pin.digest
    assert found[0].code == "no-effect"
    assert found[0].severity is Severity.HOLD


def test_a_checkpoint_of_another_architecture_is_refused(tiny_base: Path, tmp_path: Path) -> None:
    other = save_tiny_llama(tmp_path / "deep", layers=3)
    assert by_code(other, tiny_base)["architecture-differs"].severity is Severity.REFUSE


def test_a_checkpoint_of_pickles_is_refused_unopened(tiny_base: Path, tmp_path: Path) -> None:
    folder = save_checkpoint(tiny_base, tmp_path / "full")
    (folder / "model.safetensors").unlink()
    (folder / "pytorch_model.bin").write_bytes(pickle.dumps(Bomb(tmp_path / "mark")))
    assert by_code(folder)["pickle-only"].severity is Severity.REFUSE
    assert not (tmp_path / "mark").exists()


def test_the_word_pickle_in_a_path_blames_no_pickle(tiny_base: Path, tmp_path: Path) -> None:
    folder = save_checkpoint(tiny_base, tmp_path / "pickle-free")
    (folder / "model.safetensors").unlink()
    assert set(by_code(folder)) == {"weights-unreadable"}


def test_a_trainers_output_folder_is_answered_with_its_newest_checkpoint(
    tiny_adapter: Path, tmp_path: Path
) -> None:
    for number in (5, 10):
        folder = copy_with(tiny_adapter, tmp_path / f"checkpoint-{number}")
        os.utime(folder / "adapter_config.json", (number, number))
    (tmp_path / "odd").mkdir()
    (tmp_path / "odd" / "config.json").symlink_to("nowhere")
    with pytest.raises(AdapterRefused) as refusal:
        read_adapter(tmp_path)
    assert refusal.value.hint == f"Did you mean {tmp_path / 'checkpoint-10'}?"
