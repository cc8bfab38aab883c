"""The registry from the command line: chains, protection, policies, import, retire, git, SVG."""

from __future__ import annotations

import json
import shutil
import subprocess
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable
from pathlib import Path

import pytest
from registry_factory import NOW, adapter_folder, policy_text, record

from gatekeeper.cli import main
from gatekeeper.registry import By, Registry
from gatekeeper.report.visible_text import visible
from gatekeeper.verdict import Decision

Run = Callable[..., tuple[int, str]]


@pytest.fixture
def gate(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Run:
    """Run `gate` in a folder of its own, as ana; gives the exit code and all that was said."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LOGNAME", "ana")
    monkeypatch.setenv("COLUMNS", "80")

    def run(*arguments: str) -> tuple[int, str]:
        with pytest.raises(SystemExit) as leaving:
            main(list(arguments))
        told = capsys.readouterr()
        assert "Traceback" not in told.err
        return int(leaving.value.code or 0), told.out + told.err

    run("init")
    return run


def checked(tmp_path: Path, seed: int, **about: object) -> str:
    registry = Registry.open(tmp_path / ".gate")
    folder = adapter_folder(tmp_path / f"adapter-{seed}", seed)
    return record(registry, folder, **about).check_id  # type: ignore[arg-type]


def settings(tmp_path: Path, text: str) -> None:
    (tmp_path / "gate.yaml").write_text(text)


def test_promotion_goes_along_the_chain_that_gate_yaml_says(gate: Run, tmp_path: Path) -> None:
    settings(tmp_path, "channels:\n  staging: {}\n  production: {from: staging}\n")
    check = checked(tmp_path, 1)
    code, said = gate("promote", check)
    assert code != 0
    assert "production only accepts what staging serves" in said
    assert "gate promote triage-r2@1 --channel staging" in said
    assert gate("promote", check, "--channel", "staging")[0] == 0
    code, said = gate("promote", "staging")  # what serves there
    assert code == 0
    assert "production now serves triage-r2@1" in said
    assert "only accepts what staging serves" in gate("show", "production")[1]


def test_a_slip_in_a_channel_makes_no_new_channel(gate: Run, tmp_path: Path) -> None:
    check = checked(tmp_path, 1)
    for slip in (
        ("promote", check, "--channel", "prodction"),
        ("registry", "policy", "strict", "--channel", "prodction"),
        ("check", "adapter-1", "--promote", "--channel", "prodction"),  # before anything is scored
    ):
        code, said = gate(*slip)
        assert code == 2, said
        assert "There is no channel 'prodction'." in said
        assert "Did you mean production?" in said
    assert not Registry.open(tmp_path / ".gate").state().channels
    assert gate("promote", check, "--channel", "production-eu")[0] == 0
    settings(tmp_path, "channels:\n  prodction: {}\n")
    assert gate("promote", check, "--channel", "prodction")[0] == 0


def test_a_looser_channel_does_not_open_a_stricter_one(gate: Run, tmp_path: Path) -> None:
    settings(tmp_path, "channels:\n  staging: {policy: loose}\n  production: {policy: strict}\n")
    check = checked(tmp_path, 1, policy_name="loose")
    assert gate("promote", check, "--channel", "staging")[0] == 0
    code, said = gate("promote", check)
    assert code != 0
    assert "never been checked under policy 'strict'" in said


def test_a_protected_channel_names_who_may_move_it(
    gate: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings(tmp_path, "channels:\n  production: {protected: [olga, piet]}\n")
    check = checked(tmp_path, 1)
    code, said = gate("promote", check, "--force", "--reason", "hurry")
    assert code != 0
    assert "ana may not move it" in said
    assert "olga, piet" in said
    monkeypatch.setenv("LOGNAME", "olga")
    assert gate("promote", check)[0] == 0
    assert "can only be moved by olga, piet" in gate("show", "production")[1]


def test_a_policy_on_record_counts_by_content_not_by_name(gate: Run, tmp_path: Path) -> None:
    old = checked(tmp_path, 1)
    (tmp_path / "policy.yaml").write_text(policy_text(bar=0.9))  # the same name, edited
    code, said = gate("registry", "policy", "policy.yaml", "--reason", "higher bar")
    assert code == 0
    assert "production requires default" in said
    code, said = gate("promote", old)
    assert code != 0
    assert "production requires default" in said
    assert "gate registry policy" in said
    (tmp_path / "policy.yaml").write_text(policy_text())
    assert gate("registry", "policy", "policy.yaml")[0] == 0
    assert gate("promote", old)[0] == 0
    assert "already requires this policy" in gate("registry", "policy", "policy.yaml")[1]
    assert "policy of production: default" in gate("log")[1]


def test_an_imported_adapter_is_kept_but_not_promoted(gate: Run, tmp_path: Path) -> None:
    adapter_folder(tmp_path / "foreign", 7)
    code, said = gate("registry", "import", "foreign", "--reason", "from the hub")
    assert code == 0
    assert "imported foreign@1" in said
    shutil.rmtree(tmp_path / "foreign")
    code, said = gate("promote", "foreign")
    assert code != 0
    assert "has never been checked here" in said
    assert "has never been checked here" in gate("show", "foreign")[1]
    assert "imported foreign@1 from foreign" in gate("log")[1]


def test_what_inspection_refuses_is_not_imported(gate: Run, tmp_path: Path) -> None:
    folder = adapter_folder(tmp_path / "foreign", 7)
    config = folder / "adapter_config.json"
    config.write_text(
        json.dumps({**json.loads(config.read_text()), "auto_mapping": {"parent_library": "evil"}})
    )
    code, said = gate("registry", "import", "foreign")
    assert code == 30
    assert "auto_mapping" in said
    assert Registry.open(tmp_path / ".gate").objects.digests() == []


def test_a_folder_stands_for_what_lies_in_it_now(gate: Run, tmp_path: Path) -> None:
    checked(tmp_path, 1)
    assert "triage-r2@1" in gate("show", "./adapter-1")[1]
    assert gate("promote", "./adapter-1")[0] == 0
    gate("rollback")
    adapter_folder(tmp_path / "adapter-1", 2)  # trained again: other bytes, no check
    code, said = gate("promote", "./adapter-1")
    assert code != 0
    assert "has never been checked here" in said


def test_a_retired_adapter_is_told_as_such(gate: Run, tmp_path: Path) -> None:
    check = checked(tmp_path, 1)
    assert gate("registry", "retire", check, "--reason", "licence")[0] == 0
    assert "is retired" in gate("promote", check)[1]
    assert "retired (event 2)" in gate("show", "triage-r2")[1]
    assert "why: licence" in gate("log")[1]


def test_snapshots_lie_where_gate_yaml_says(gate: Run, tmp_path: Path) -> None:
    shutil.rmtree(tmp_path / ".gate")
    settings(tmp_path, "registry: .gate\nobjects_dir: large\n")
    gate("init")
    check = checked(tmp_path, 1)
    assert [p for p in (tmp_path / "large").iterdir() if p.name[0] != "."]
    assert gate("promote", check)[0] == 0
    assert json.loads((tmp_path / ".gate" / "registry.json").read_text())["objects"] == "../large"
    # The whole project somewhere else: found without a change.
    moved = tmp_path.rename(tmp_path.with_name(tmp_path.name + "-moved"))
    assert Registry.open(moved / ".gate").verify() == []
    moved.rename(tmp_path)
    settings(tmp_path, "registry: .gate\nobjects_dir: elsewhere\n")
    assert "keeps its objects in" in gate("init")[1]


def test_status_answers_even_when_a_snapshot_is_gone(gate: Run, tmp_path: Path) -> None:
    check = checked(tmp_path, 1)
    gate("promote", check)
    shutil.rmtree(tmp_path / ".gate" / "objects")
    code, said = gate("status")
    assert code == 0
    assert "MISSING" in said
    assert gate("registry", "verify")[0] == 30
    assert gate("rollback")[0] == 0


def test_the_log_tells_every_kind_of_event_in_words(gate: Run, tmp_path: Path) -> None:
    good, held = checked(tmp_path, 1), checked(tmp_path, 2, decision=Decision.HOLD, name="other")
    gate("promote", good)
    gate("promote", held, "--force", "--reason", "demo\x1b[31m day")
    gate("rollback", "--reason", "angry users")
    store = Registry.open(tmp_path / ".gate")
    store.record_rescale(
        good, adapter_folder(tmp_path / "s", 9), factor=0.5, name="softer", by=By("ana", NOW)
    )
    code, said = gate("log")
    assert code == 0
    for line in (
        "promoted production -> triage-r2@1 (before: base)",
        "FORCED production -> other@1 (before: triage-r2@1)",
        "rolled back production -> triage-r2@1 (taken out: other@1)",
        "rescaled triage-r2@1 by 0.5: softer@1",
        "why: angry users",
    ):
        assert line in said
    assert "\x1b" not in said
    assert all(json.loads(line) for line in gate("log", "--json")[1].splitlines())


def test_no_command_lets_a_name_or_a_path_act_on_the_terminal(gate: Run, tmp_path: Path) -> None:
    evil = "evil\x1b[2J\u202ednim\u2028\nFORCED"
    check = checked(tmp_path, 1, name=evil)
    folder = str(adapter_folder(tmp_path / evil, 2))
    spoken = [
        gate(*arguments)[1]
        for arguments in (
            ("promote", check),
            ("promote", folder),
            ("registry", "import", folder, "--reason", evil),
            ("rollback", "--reason", evil),
            ("promote", evil, "--force", "--reason", evil, "--channel", "other"),
            ("status",),
            ("log",),
            ("show", check),
            ("show", "other"),
            ("lineage", check, "--svg", f"{folder}.svg"),
            ("report", check),
            ("report", check, "--html", f"{folder}.html"),
            ("card", folder, "--write"),
            ("diff", check, check),
            ("escalate", check, "--write", f"{folder}.yaml"),
            ("inspect", str(tmp_path / "none" / evil)),
            ("check", str(tmp_path / "none" / evil), "--html", f"{folder}/none/a.html"),
            ("registry", "retire", folder),
            ("report", evil, "--nonsense", evil),
            (evil,),
        )
    ]
    for said in spoken:
        assert said == visible(said)
        assert not any(line.startswith("FORCED@1") for line in said.splitlines())
    assert sum("⟨U+202E⟩" in said or "\\u202e" in said for said in spoken) > 15


def test_lineage_is_drawn_as_svg(gate: Run, tmp_path: Path) -> None:
    check = checked(tmp_path, 1, name="<script>alert(1)</script>")
    gate("promote", check)
    gate("rollback", "--reason", "too & fro")
    code, said = gate("lineage", check, "--svg", "tree.svg")
    assert code == 0
    assert "promoted to production" in said
    drawn = (tmp_path / "tree.svg").read_text()
    words = " ".join(ElementTree.fromstring(drawn).itertext())
    for word in ("dataset", "train.jsonl", "<script>alert(1)</script>@1", "rolled back from"):
        assert word in words
    assert "<script" not in drawn


@pytest.mark.skipif(shutil.which("ssh-keygen") is None, reason="ssh-keygen is missing")
def test_events_are_signed_when_gate_yaml_names_a_key(gate: Run, tmp_path: Path) -> None:
    subprocess.run(
        ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(tmp_path / "key")], check=True
    )
    check = checked(tmp_path, 1)
    settings(tmp_path, "signing_key: key\nallowed_signers: signers\n")
    (tmp_path / "signers").write_text("ana " + (tmp_path / "key.pub").read_text())
    code, said = gate("promote", check)
    assert code != 0
    assert "is not signed" in said
    assert gate("promote", check, "--force", "--reason", "old check")[0] == 0
    assert Registry.open(tmp_path / ".gate").state().events[-1].signature
    # The signed event vouches for the one before it; the verdict of the factory is not decide's.
    assert "log/" not in gate("registry", "verify")[1]
    (tmp_path / "key").unlink()
    code, said = gate("rollback")
    assert code != 0
    assert "signing key" in said
    assert gate("rollback", "--unsigned")[0] == 0
    code, said = gate("registry", "verify")
    assert code == 30
    assert "log/000000000003.json: is not signed" in said


def test_a_candidate_that_cannot_even_be_copied_is_recorded_as_refused(
    gate: Run, tmp_path: Path, tiny_base: Path
) -> None:
    folder = adapter_folder(tmp_path / "evil")
    (folder / "adapter_model.safetensors").unlink()
    (folder / "adapter_model.safetensors").symlink_to("/etc/passwd")
    code, said = gate("check", "evil", "--base", str(tiny_base), "--policy", "quick")
    assert code == 30, said
    (refusal,) = Registry.open(tmp_path / ".gate").state().refusals
    assert refusal.name == "evil"
    assert "refused evil" in gate("log")[1]
