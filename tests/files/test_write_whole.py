"""A file is replaced whole: the old one or the new one, and nothing beside it."""

from __future__ import annotations

import resource
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from gatekeeper.files.write_whole import write_whole


@pytest.fixture
def small_disk() -> Iterator[None]:
    """As good as a full disk: this process may not write a file of more than 1,000 bytes."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, before)
    signal.signal(signal.SIGXFSZ, handler)


@pytest.mark.parametrize("content", ["café", "café".encode()])
def test_what_was_there_is_replaced(tmp_path: Path, content: str | bytes) -> None:
    (tmp_path / "a.txt").write_text("old")
    write_whole(tmp_path / "a.txt", content)
    assert (tmp_path / "a.txt").read_bytes() == "café".encode()
    assert [file.name for file in tmp_path.iterdir()] == ["a.txt"]


@pytest.mark.usefixtures("small_disk")
def test_a_full_disk_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    write_whole(tmp_path / "a.txt", "old")
    with pytest.raises(OSError, match="too large"):
        write_whole(tmp_path / "a.txt", "new" * 1000)
    assert [file.read_text() for file in tmp_path.iterdir()] == ["old"]


def test_a_missing_folder_is_an_os_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        write_whole(tmp_path / "none" / "a.txt", "x")


def test_a_name_as_long_as_a_name_may_be_can_be_written(tmp_path: Path) -> None:
    write_whole(tmp_path / ("a" * 255), "x")
    assert len(list(tmp_path.iterdir())) == 1
