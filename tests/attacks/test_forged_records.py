"""The attacker may write anything into the registry's folder, and knows how events are sealed.

What he cannot write is a loss that decides to promote: every move decides again what it stands on.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from commands import gate

from gatekeeper.digests import digest_bytes, digest_json
from gatekeeper.evidence import Evidence
from gatekeeper.live import ChannelModel
from gatekeeper.registry import Registry
from gatekeeper.registry.sealed_json import seal

Document = dict[str, Any]


@pytest.fixture
def scene(checked: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of a project in which `careful` was promoted by its check and `careless` held."""
    shutil.copytree(checked, tmp_path / "scene", symlinks=True)
    monkeypatch.chdir(tmp_path / "scene")
    return tmp_path / "scene"


def event_of(scene: Path, name: str) -> Path:
    """The file of a candidate's check event."""
    for file in sorted((scene / ".gate" / "log").glob("*.json")):
        event = json.loads(file.read_text())
        if event.get("name") == name and event["type"] == "check-recorded":
            return file
    raise AssertionError(name)


def reseal(scene: Path, first: Path, change: Callable[[Document], object]) -> None:
    """Change one event, then seal it and every later one again, as a five-line script does."""
    previous: str | None = None
    for file in sorted(first.parent.glob("*.json")):
        event = json.loads(file.read_text())
        digest = event.pop("digest")
        if file < first:
            previous = digest
            continue
        if file == first:
            change(event)
        event["previous"] = previous
        data, previous = seal(event)
        file.write_bytes(data)
    shutil.rmtree(scene / ".gate" / "channels", ignore_errors=True)


def says_promote(event: Document) -> None:
    event.update(decision="promote", exit_code=0)


def serving(scene: Path) -> str:
    return Registry.open(scene / ".gate").state().channel("production").serving.target


def refused(wanted: str, scene: Path, capsys: pytest.CaptureFixture[str]) -> str:
    """Nothing moves it: promote does not, and it says why."""
    code, _, err = gate(["promote", wanted], capsys)
    assert code != 0
    assert "Internal error" not in err
    assert serving(scene) == "base"
    return err


def test_the_honest_one_is_promoted(scene: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert gate(["promote", "careful"], capsys)[0] == 0


def test_a_resealed_event_promotes_nothing(scene: Path, capsys: pytest.CaptureFixture[str]) -> None:
    reseal(scene, event_of(scene, "careless"), says_promote)
    assert "a different decision from its event" in refused("careless", scene, capsys)


def test_a_check_whose_evidence_is_gone_promotes_nothing(
    scene: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    check = json.loads(event_of(scene, "careful").read_text())["check_id"]
    shutil.rmtree(scene / ".gate" / "evidence" / check)
    assert "is missing" in refused("careful", scene, capsys)


def rewrite(scene: Path, name: str, change: Callable[[Document, Document], object]) -> None:
    """Change verdict and evidence of a check, and every digest that leads to them."""
    file = event_of(scene, name)
    folder = scene / ".gate" / "evidence" / json.loads(file.read_text())["check_id"]
    verdict = json.loads((folder / "verdict.json").read_text())
    evidence = json.loads((folder / "evidence.json").read_text())
    change(verdict, evidence)
    whole = Evidence.model_validate_json(json.dumps(evidence))
    verdict["evidence_digest"] = whole.digest
    (folder / "evidence.json").write_text(whole.model_dump_json(indent=2) + "\n")
    (folder / "verdict.json").write_text(json.dumps(verdict, indent=2) + "\n")
    renamed = folder.with_name(whole.check_id)
    folder.rename(renamed)

    def follow(event: Document) -> None:
        says_promote(event)
        event["check_id"], event["evidence_digest"] = whole.check_id, whole.digest
        for part in ("evidence.json", "verdict.json"):
            event["files"][part] = digest_bytes((renamed / part).read_bytes())

    reseal(scene, file, follow)


def test_a_verdict_rewritten_together_with_its_event_promotes_nothing(
    scene: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def lie(verdict: Document, evidence: Document) -> None:
        verdict.update(decision="promote", exit_code=0)

    rewrite(scene, "careless", lie)
    assert "it now yields hold" in refused("careless", scene, capsys)


@pytest.mark.parametrize("extra", [[], ["--as-recorded"]])
def test_a_verdict_that_claims_an_older_version_needs_its_own_word(
    extra: list[str], scene: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def lie(verdict: Document, evidence: Document) -> None:
        verdict.update(decision="promote", exit_code=0)
        evidence["environment"]["gatekeeper"] = "0.0.9"

    rewrite(scene, "careless", lie)
    code, out, err = gate(["promote", "careless", *extra], capsys)
    if not extra:
        assert code != 0
        assert "--as-recorded" in err
        assert serving(scene) == "base"
        return
    assert code == 0, err
    assert "as it was recorded" in out
    assert "as it was recorded" in gate(["log"], capsys)[1]


def test_as_recorded_does_not_accept_what_this_version_decided_otherwise(
    scene: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rewrite(scene, "careless", lambda verdict, _: verdict.update(decision="promote", exit_code=0))
    code, _, err = gate(["promote", "careless", "--as-recorded"], capsys)
    assert code != 0
    assert "it now yields hold" in err


@pytest.mark.parametrize("field", ["policy_name", "policy_digest", "base_digest", "candidate_kind"])
def test_an_event_that_says_otherwise_than_its_evidence_promotes_nothing(
    field: str, scene: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    said = {
        "policy_name": "strict",
        "policy_digest": digest_json("strict"),
        "base_digest": digest_json("another"),
        "candidate_kind": "checkpoint",
    }
    reseal(scene, event_of(scene, "careful"), lambda event: event.update({field: said[field]}))
    assert field.replace("_", " ") in refused("careful", scene, capsys)


def forge_move(scene: Path, target: str, check_id: str | None) -> None:
    """Append a `promoted` event that nobody decided."""
    log = scene / ".gate" / "log"
    last = sorted(log.glob("*.json"))[-1]
    before = json.loads(last.read_text())
    data, _ = seal(
        {
            "schema_id": "gatekeeper/event/v1",
            "sequence": int(last.stem) + 1,
            "previous": before["digest"],
            "type": "promoted",
            "at": "2026-01-01T00:00:00Z",
            "who": "ana",
            "channel": "production",
            "target": target,
            "target_kind": "adapter",
            "before": "base",
            "check_id": check_id,
        }
    )
    (log / f"{int(last.stem) + 1:012d}.json").write_bytes(data)


@pytest.mark.parametrize("with_check", [True, False])
def test_a_server_does_not_follow_a_move_that_no_verdict_allows(
    with_check: bool, scene: Path, world: Any
) -> None:
    from gatekeeper.errors import RegistryDamaged

    event = json.loads(event_of(scene, "careless").read_text())
    forge_move(scene, event["candidate"], event["check_id"] if with_check else None)
    with pytest.raises(RegistryDamaged, match="no promote verdict"):
        ChannelModel(world.base, scene / ".gate")


def test_a_rollback_does_not_go_back_to_what_no_verdict_allowed(
    scene: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    event = json.loads(event_of(scene, "careless").read_text())
    forge_move(scene, event["candidate"], event["check_id"])
    assert gate(["promote", "careful"], capsys)[0] == 0
    code, _, err = gate(["rollback"], capsys)
    assert code != 0
    assert "no promote verdict" in err
    assert gate(["rollback", "--to", "base"], capsys)[0] == 0


def test_a_rollback_does_not_go_back_to_damaged_evidence_but_to_the_base_it_does(
    scene: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert gate(["promote", "careful"], capsys)[0] == 0
    careless = ["promote", "careless", "--force", "--reason", "the test"]
    assert gate(careless, capsys)[0] == 0
    check = json.loads(event_of(scene, "careful").read_text())["check_id"]
    (scene / ".gate" / "evidence" / check / "policy.yaml").write_text("name: lax\n")
    code, _, err = gate(["rollback"], capsys)
    assert code != 0
    assert "was changed since it was recorded" in err
    assert gate(["rollback", "--to", "base"], capsys)[0] == 0


def test_one_unreadable_evidence_stops_nobody_else(
    scene: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """As registries of 0.1.0 hold it: null where a number must be, digests and seals in order."""
    file = event_of(scene, "careless")
    event = json.loads(file.read_text())
    evidence = scene / ".gate" / "evidence" / event["check_id"] / "evidence.json"
    content = json.loads(evidence.read_text())
    content["effect"]["kl"] = None
    evidence.write_text(json.dumps(content, indent=2) + "\n")
    digest = digest_bytes(evidence.read_bytes())
    reseal(scene, file, lambda event: event["files"].update({"evidence.json": digest}))
    for command in (
        ["log"], ["status"], ["plan"], ["report", "--all", "site"], ["lineage", "careful"],
        ["policy", "replay", "builtin:default"], ["report", "careful"], ["show", "careful"],
        ["escalate", "careful"],
    ):  # fmt: skip
        code, _, err = gate(command, capsys)
        assert code in (0, 10), (command, err)
    code, _, err = gate(["registry", "verify"], capsys)
    assert code == 30
    assert event["check_id"] in err
    assert err.count("DAMAGED") == 1
    assert gate(["promote", "careful"], capsys)[0] == 0
    assert gate(["rollback"], capsys)[0] == 0
