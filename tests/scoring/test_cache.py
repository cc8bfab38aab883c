"""The cache answers only what it was asked, survives what disks and people do, and is pruned."""

from __future__ import annotations

import os
import threading
import time
from dataclasses import fields, replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from gatekeeper.cli.cache_command import command
from gatekeeper.scoring.interface import SampleScore
from gatekeeper.scoring.score_cache import ScoreCache, ScoreKey

KEY = ScoreKey(
    base="sha256:b", dtype="float32", quantization="none", arm="base",
    task="sha256:t", engine="1/packed", device="cpu",
)  # fmt: skip


def score(number: int, value: float = 1.0) -> SampleScore:
    text = f'Frage {number}: \u00fc\u2028\n"x"'
    return SampleScore(f"task/{number}", value, text, "gold", "answer", tokens=number)


def journals(cache: ScoreCache) -> list[Path]:
    return sorted(cache.folder.rglob("*.jsonl"))


def test_what_was_written_is_read_back_by_another_process_marked_as_known(tmp_path: Path) -> None:
    scores = [score(n, n / 7) for n in range(5)]
    ScoreCache(tmp_path).append(KEY, scores)
    found = ScoreCache(tmp_path).read(KEY)
    assert found == {s.sample_id: replace(s, cached=True) for s in scores}


@pytest.mark.parametrize("field", [field.name for field in fields(ScoreKey)])
def test_a_key_that_differs_anywhere_finds_nothing(tmp_path: Path, field: str) -> None:
    ScoreCache(tmp_path).append(KEY, [score(0)])
    assert ScoreCache(tmp_path).read(replace(KEY, **{field: "other"})) == {}


def test_a_journal_torn_at_any_byte_loses_only_the_torn_line(tmp_path: Path) -> None:
    cache = ScoreCache(tmp_path / "whole")
    cache.append(KEY, [score(n) for n in range(3)])
    (journal,) = journals(cache)
    data = journal.read_bytes()
    ends = [i for i, byte in enumerate(data) if byte == 10]
    torn = tmp_path / "torn" / KEY.digest / "1-a.jsonl"
    torn.parent.mkdir(parents=True)
    for cut in range(len(data)):
        torn.write_bytes(data[:cut])
        found = ScoreCache(tmp_path / "torn").read(KEY)
        assert len(found) == sum(end <= cut for end in ends)
        assert all(found[s.sample_id] == replace(s, cached=True) for s in found.values())


def test_a_flipped_byte_makes_a_score_missing_never_another(tmp_path: Path) -> None:
    cache = ScoreCache(tmp_path)
    cache.append(KEY, [score(0, 0.5)])
    (journal,) = journals(cache)
    data = bytearray(journal.read_bytes())
    for place in range(0, len(data) - 1, 3):
        flipped = bytearray(data)
        flipped[place] ^= 4
        journal.write_bytes(flipped)
        assert ScoreCache(tmp_path).read(KEY) in (
            {},
            {"task/0": replace(score(0, 0.5), cached=True)},
        )


def test_the_line_after_a_torn_one_is_whole(tmp_path: Path) -> None:
    cache = ScoreCache(tmp_path)
    cache.append(KEY, [score(0)])
    (journal,) = journals(cache)
    journal.write_bytes(journal.read_bytes()[:-9])
    cache.append(KEY, [score(1)])
    assert set(ScoreCache(tmp_path).read(KEY)) == {"task/1"}


def test_foreign_files_and_lines_are_passed_over(tmp_path: Path) -> None:
    cache = ScoreCache(tmp_path)
    cache.append(KEY, [score(0)])
    (tmp_path / "note.txt").write_text("mine")
    (tmp_path / KEY.digest / "x.jsonl").write_bytes(b"{}\n\xff\xfe\n00000000 \n" + b"a" * 999)
    assert set(ScoreCache(tmp_path).read(KEY)) == {"task/0"}
    assert ScoreCache(tmp_path).info().scores == 1


def test_one_result_of_a_whole_key_is_kept_and_damage_makes_it_missing(tmp_path: Path) -> None:
    cache = ScoreCache(tmp_path)
    assert cache.result(KEY) is None
    cache.remember(KEY, {"fault": "bends \u2028 rules", "kl": 0.1})
    assert ScoreCache(tmp_path).result(KEY) == {"fault": "bends \u2028 rules", "kl": 0.1}
    assert cache.result(replace(KEY, arm="other")) is None
    assert cache.read(KEY) == {}, "a result is no score"
    (file,) = tmp_path.rglob("result.json")
    data = file.read_bytes()
    for cut in range(len(data)):
        file.write_bytes(data[:cut])
        assert cache.result(KEY) is None
    for place in range(len(data)):
        file.write_bytes(data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :])
        assert cache.result(KEY) in (None, {"fault": "bends \u2028 rules", "kl": 0.1})
    cache.remember(KEY, {"fault": None})
    assert cache.result(KEY) == {"fault": None}
    assert cache.prune(max_bytes=0) > 0
    assert cache.result(KEY) is None


def test_many_processes_may_write_the_same_key_at_once(tmp_path: Path) -> None:
    children = []
    for writer in range(6):
        child = os.fork()
        if child == 0:
            cache = ScoreCache(tmp_path)
            for number in range(40):
                cache.append(KEY, [score(number * 10 + writer % 3, number)])
            os._exit(0)
        children.append(child)
    assert all(os.waitpid(child, 0)[1] == 0 for child in children)
    found = ScoreCache(tmp_path).read(KEY)
    assert len(found) == 120
    assert all(s.score == s.tokens // 10 for s in found.values())


def test_reading_while_another_writes_never_sees_half_a_score(tmp_path: Path) -> None:
    done = threading.Event()

    def write() -> None:
        cache = ScoreCache(tmp_path)
        for number in range(300):
            cache.append(KEY, [score(number)])
        done.set()

    writer = threading.Thread(target=write)
    writer.start()
    while not done.is_set():
        for found in ScoreCache(tmp_path).read(KEY).values():
            assert replace(found, cached=False) == score(found.tokens)
    writer.join()
    assert len(ScoreCache(tmp_path).read(KEY)) == 300


def test_a_cache_that_cannot_be_written_costs_time_not_the_run(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    cache = ScoreCache(tmp_path / "file")
    cache.append(KEY, [score(0)])
    assert set(cache.read(KEY)) == {"task/0"}
    assert ScoreCache(tmp_path / "file").read(KEY) == {}


def test_pruning_takes_the_least_recently_used_first(tmp_path: Path) -> None:
    cache = ScoreCache(tmp_path)
    keys = [replace(KEY, arm=f"sha256:{n}") for n in range(3)]
    for age, key in zip((300, 100, 200), keys, strict=True):
        cache.append(key, [score(n) for n in range(20)])
        used = time.time() - age
        os.utime(tmp_path / key.digest, (used, used))
    size = cache.info().bytes // 3
    assert cache.prune(max_bytes=int(1.5 * size)) > 0
    assert [bool(ScoreCache(tmp_path).read(key)) for key in keys] == [False, True, False]
    assert cache.prune(older_than=3600) == 0


def test_the_command_tells_and_prunes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GATE_CACHE", str(tmp_path))
    ScoreCache(tmp_path / "scores").append(KEY, [score(n) for n in range(1200)])
    told = CliRunner().invoke(command, ["info"])
    assert "1,200 scores" in told.output
    assert str(tmp_path / "scores") in told.output
    assert CliRunner().invoke(command, ["prune"]).exit_code == 2
    pruned = CliRunner().invoke(command, ["prune", "--max-mb", "0"])
    assert pruned.output.startswith("freed 0.")
    assert "0 scores" in CliRunner().invoke(command, ["info"]).output
