"""One check opens the base's config, tokenizer and tensor names once, whoever asks for them."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from cast import save_tokenizer
from trained import World

from gatekeeper.check.one_check import check
from gatekeeper.check.prepare_request import prepare
from gatekeeper.settings import settle


class Opens:
    """Counts which function of gatekeeper opens which file of a folder.

    It hears every `open` of Python through an audit hook. A hook stays until the process ends, so
    it is set once and listens only inside `under`.
    """

    def __init__(self) -> None:
        self.found: Counter[tuple[str, str]] = Counter()
        self._folder = ""
        sys.addaudithook(self._hear)

    @contextmanager
    def under(self, folder: Path) -> Iterator[Counter[tuple[str, str]]]:
        self.found, self._folder = Counter(), str(folder)
        try:
            yield self.found
        finally:
            self._folder = ""

    def _hear(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event != "open" or not self._folder:
            return
        path = Path(str(arguments[0]))
        if str(path.parent) == self._folder:
            frame = sys._getframe(1)
            while frame is not None and "gatekeeper" not in frame.f_globals.get("__name__", ""):
                frame = frame.f_back
            if frame is not None:
                self.found[path.name, frame.f_code.co_name] += 1


@pytest.fixture(scope="module")
def opens() -> Opens:
    return Opens()


def test_a_check_reads_what_the_base_is_once(world: World, place: Path, opens: Opens) -> None:
    for name in ("one", "two"):  # a tokenizer beside them, to be compared with the base's
        adapter = place / name
        adapter.mkdir()
        for file in world.careful.iterdir():
            (adapter / file.name).write_bytes(file.read_bytes())
        save_tokenizer(adapter)
    settings = settle({}, start=place)
    with opens.under(world.base) as found:
        request = prepare(settings, [place / "one", place / "two"], max_samples=20)
        results = check(request, now="2025-01-01T00:00:00Z", staging=place)
    assert all(result.evidence.weights for result in results)
    assert found["model.safetensors", "read_tensors"] == 1
    assert found["config.json", "config"] == 1
    read = {name: count for (name, by), count in found.items() if by == "_open"}
    assert "tokenizer.json" in read
    assert set(read.values()) == {1}, read
