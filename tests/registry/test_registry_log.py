"""The log: append-only, chained, put-if-absent; what is refused, and how it is said."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from registry_factory import NOW, adapter_folder, record

from gatekeeper.errors import RegistryConflict, RegistryDamaged, RegistryError
from gatekeeper.registry import By, Registry
from gatekeeper.registry.event_log import EventLog, LostRaceError, event_file
from gatekeeper.registry.events import EVENT_TYPES, Refused
from gatekeeper.registry.sealed_json import SealError, seal, unseal

BY = By("ana", NOW)


def refuse(registry: Registry, text: str = "no", by: By = BY) -> Refused:
    return registry.record_refusal(name="a", source="/a", text=text, by=by)


def test_events_are_numbered_files_that_people_can_read(registry: Registry) -> None:
    refuse(registry, "pickle ü")
    refuse(registry, "links")
    files = sorted((registry.root / "log").iterdir())
    assert [file.name for file in files] == ["000000000001.json", "000000000002.json"]
    first, second = (json.loads(file.read_text()) for file in files)
    assert first["previous"] is None
    assert second["previous"] == first["digest"]
    assert '"text": "pickle ü"' in files[0].read_text()


def test_an_event_file_is_never_overwritten(registry: Registry, tmp_path: Path) -> None:
    event = refuse(registry)
    before = (registry.root / "log" / event_file(1)).read_bytes()
    with pytest.raises(LostRaceError):
        EventLog(registry.root / "log").append(event.model_copy(update={"text": "x"}), tmp_path)
    assert (registry.root / "log" / event_file(1)).read_bytes() == before


def test_two_open_registries_continue_one_log(registry: Registry) -> None:
    other = Registry.open(registry.root)
    numbers = [refuse(each).sequence for each in (registry, other, registry, other)]
    assert numbers == [1, 2, 3, 4]
    assert len(registry.state().events) == len(other.state().events) == 4


def test_the_sequence_orders_events_not_the_clock(registry: Registry) -> None:
    refuse(registry, "first", By("ana", "2031-01-01T00:00:00Z"))
    refuse(registry, "second", By("ana", "1999-01-01T00:00:00Z"))
    assert [refusal.text for refusal in registry.state().refusals] == ["first", "second"]
    assert registry.verify() == []


@pytest.mark.parametrize(
    ("mishap", "said"),
    [
        (lambda path: path.write_bytes(b""), "is empty"),
        (lambda path: path.write_bytes(path.read_bytes()[:-20]), "truncated"),
        (lambda path: path.write_bytes(path.read_bytes().replace(b"no", b"on")), "do not match"),
        (
            lambda path: path.write_bytes(b"<<<<<<< ours\n{}\n=======\n{}\n>>>>>>> theirs\n"),
            "two branches both wrote it",
        ),
        (lambda path: path.unlink(), "is missing"),
    ],
)
def test_a_damaged_event_is_refused_by_file_name(
    registry: Registry, mishap: object, said: str
) -> None:
    for _ in range(3):
        refuse(registry)
    path = registry.root / "log" / event_file(2)
    path.chmod(0o644)
    mishap(path)  # type: ignore[operator]
    with pytest.raises(RegistryDamaged, match=said) as refusal:
        Registry.open(registry.root).state()
    assert "000000000002.json" in refusal.value.message
    assert any("000000000002.json" in d.path for d in Registry.open(registry.root).verify())


def test_a_replaced_event_breaks_the_chain(registry: Registry) -> None:
    for _ in range(3):
        refuse(registry)
    path = registry.root / "log" / event_file(2)
    document = json.loads(unseal(path.read_bytes())[0])
    path.unlink()
    path.write_bytes(seal({**document, "text": "something else"})[0])
    with pytest.raises(RegistryDamaged, match="does not follow"):
        Registry.open(registry.root).state()
    assert Registry.open(registry.root).verify() != []


@pytest.mark.parametrize(
    "change", [{"type": "sold"}, {"schema_id": "gatekeeper/event/v2"}, {"mood": "sunny"}]
)
def test_an_event_of_a_newer_version_asks_for_an_upgrade(
    registry: Registry, change: dict[str, str]
) -> None:
    refuse(registry)
    path = registry.root / "log" / event_file(1)
    document = json.loads(unseal(path.read_bytes())[0])
    path.unlink()
    path.write_bytes(seal({**document, **change})[0])
    with pytest.raises(RegistryError, match="cannot read it") as refusal:
        Registry.open(registry.root).state()
    assert "upgrade" in str(refusal.value.hint)


def test_a_log_that_lost_its_newest_events_is_refused(registry: Registry, tmp_path: Path) -> None:
    check = record(registry, adapter_folder(tmp_path / "a"))
    registry.promote("production", check.check_id, by=BY)
    (registry.root / "log" / event_file(2)).unlink()
    shorter = Registry.open(registry.root)
    with pytest.raises(RegistryDamaged, match="has only"):
        shorter.state()
    with pytest.raises(RegistryDamaged, match="has only"):
        refuse(shorter)
    assert shorter.verify() != []


@pytest.mark.parametrize("mishap", ["missing", "behind", "torn"])
def test_a_channel_file_is_rebuilt_by_any_command(
    registry: Registry, tmp_path: Path, mishap: str
) -> None:
    check = record(registry, adapter_folder(tmp_path / "a"))
    registry.promote("production", check.check_id, by=BY)
    path = registry.root / "channels" / "production.json"
    behind = path.read_bytes()
    registry.rollback("production", by=BY)
    right = path.read_bytes()
    path.unlink()
    if mishap != "missing":
        path.write_bytes(behind if mishap == "behind" else right[:50])
    Registry.open(registry.root).state()
    assert path.read_bytes() == right


def test_a_moved_registry_hands_out_its_new_paths(registry: Registry, tmp_path: Path) -> None:
    check = record(registry, adapter_folder(tmp_path / "a"))
    registry.promote("production", check.check_id, by=BY)
    moved = Registry.open(registry.root.rename(tmp_path / "elsewhere"))
    assert moved.verify() == []
    moved.state()
    file = json.loads((moved.root / "channels" / "production.json").read_text())
    assert Path(file["path"]).is_dir()
    assert "elsewhere" in file["path"]


def test_leftovers_of_a_killed_writer_are_swept(registry: Registry) -> None:
    leftover = registry.root / "staging" / "dead"
    leftover.mkdir()
    (leftover / "000000000001.json").write_text("{")
    refuse(registry)
    assert list((registry.root / "staging").iterdir()) == []


def test_a_living_writers_staging_is_left_alone(registry: Registry) -> None:
    from gatekeeper.registry.durable_files import staging

    with staging(registry.staging) as mine:
        (mine / "half").write_text("x")
        refuse(Registry.open(registry.root))
        assert (mine / "half").exists()


def test_there_is_a_hint_where_there_is_no_registry(tmp_path: Path) -> None:
    with pytest.raises(RegistryError, match="no registry") as refusal:
        Registry.open(tmp_path / "nowhere")
    assert "gate init" in str(refusal.value.hint)


def test_a_registry_is_not_made_over_other_things(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("\\end")
    with pytest.raises(RegistryError, match=r"thesis\.tex"):
        Registry.create(tmp_path)


def test_creating_twice_opens_what_is_there(registry: Registry) -> None:
    refuse(registry)
    assert Registry.create(registry.root).state().sequence == 1
    with pytest.raises(RegistryError, match="keeps its objects in"):
        Registry.create(registry.root, objects="/elsewhere")


def test_snapshots_can_lie_elsewhere(tmp_path: Path) -> None:
    registry = Registry.create(tmp_path / "registry", objects="../large")
    check = record(registry, adapter_folder(tmp_path / "a"))
    registry.promote("production", check.check_id, by=BY)
    assert [p.name for p in (tmp_path / "large").iterdir() if p.name[0] != "."] == [
        check.candidate.removeprefix("sha256:")
    ]
    assert registry.verify() == []
    assert Registry.open(registry.root).rollback("production", by=BY).target == "base"


def test_two_branches_that_both_moved_conflict_in_git(tmp_path: Path) -> None:
    def git(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["git", "-c", "user.name=ana", "-c", "user.email=ana@example.org", *arguments],
            cwd=tmp_path,
            capture_output=True,
            text=True,
        )

    git("init", "-q", "-b", "main")
    registry = Registry.create(tmp_path / "registry")
    first, second = (
        record(registry, adapter_folder(tmp_path / f"a{seed}", seed)) for seed in (1, 2)
    )
    git("add", "."), git("commit", "-qm", "two checks")
    git("checkout", "-qb", "branch")
    registry.promote("production", first.check_id, by=BY)
    git("add", "."), git("commit", "-qm", "promote the first")
    git("checkout", "-q", "main")
    Registry.open(tmp_path / "registry").promote("production", second.check_id, by=BY)
    git("add", "."), git("commit", "-qm", "promote the second")
    merge = git("merge", "branch")
    assert merge.returncode != 0
    assert "registry/log/000000000003.json" in merge.stdout
    with pytest.raises(RegistryDamaged, match="two branches both wrote it"):
        Registry.open(tmp_path / "registry").state()


def test_a_git_checkout_without_empty_folders_works(registry: Registry, tmp_path: Path) -> None:
    for name in ("log", "evidence", "channels", "staging"):
        (registry.root / name).rmdir()
    check = record(Registry.open(registry.root), adapter_folder(tmp_path / "a"))
    Registry.open(registry.root).promote("production", check.check_id, by=BY)
    assert Registry.open(registry.root).verify() == []


def test_every_event_type_is_listed() -> None:
    from typing import get_args

    from gatekeeper.registry.events import AnyEvent

    union = get_args(AnyEvent)[0]
    assert {kind.model_fields["type"].default for kind in get_args(union)} == EVENT_TYPES


def test_a_seal_is_broken_by_any_changed_byte() -> None:
    data, digest = seal({"name": "ü", "digest_of": [1, 2.5, None]})
    assert unseal(data) == (unseal(data)[0], digest)
    for position in range(len(data)):
        changed = bytearray(data)
        changed[position] ^= 0x20
        with pytest.raises(SealError):
            unseal(bytes(changed))


def test_importing_the_registry_loads_nothing_heavy() -> None:
    code = (
        "import sys; import gatekeeper.registry;"
        "print([m for m in ('torch', 'numpy', 'scipy', 'yaml', 'peft') if m in sys.modules])"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"


def test_a_text_that_is_no_unicode_is_recorded_escaped(registry: Registry) -> None:
    event = registry.record_refusal(name="a\udcff", source="/\udcff", text="\udcff", by=BY)
    assert event.name == "a\\udcff"
    assert registry.verify() == []


def test_a_writer_that_loses_the_race_decides_again(
    registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another process commits between reading and appending; its event is never overwritten."""
    append, other = EventLog.append, Registry.open(registry.root)
    done = []

    def slow(log: EventLog, event: Refused, staged_in: Path) -> object:
        if not done:
            done.append(True)
            refuse(other, "faster")
        return append(log, event, staged_in)

    monkeypatch.setattr(EventLog, "append", slow)
    assert refuse(registry, "slower").sequence == 2
    assert [refusal.text for refusal in registry.state().refusals] == ["faster", "slower"]


def test_a_promotion_that_loses_the_race_for_its_channel_is_refused(
    registry: Registry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = (
        record(registry, adapter_folder(tmp_path / f"a{seed}", seed)) for seed in (1, 2)
    )
    append, other = EventLog.append, Registry.open(registry.root)
    done = []

    def slow(log: EventLog, event: Refused, staged_in: Path) -> object:
        if not done:
            done.append(True)
            other.promote("production", first.check_id, by=By("olga", NOW))
        return append(log, event, staged_in)

    monkeypatch.setattr(EventLog, "append", slow)
    with pytest.raises(RegistryConflict, match="olga moved it"):
        registry.promote("production", second.check_id, by=BY)
    assert registry.state().channel("production").serving.target == first.candidate
