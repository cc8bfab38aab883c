"""Signed events, with the real ssh-keygen: whose word counts, and what a signature covers."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest
from registry_factory import NOW, adapter_folder, record

from gatekeeper.errors import RegistryError
from gatekeeper.registry import By, Registry
from gatekeeper.registry.event_log import event_file
from gatekeeper.registry.sealed_json import seal, unseal
from gatekeeper.registry.signatures import NAMESPACE, Signer, ssh_signer

pytestmark = pytest.mark.skipif(
    shutil.which("ssh-keygen") is None, reason="NO SIGNATURES TRIED: ssh-keygen is missing"
)
BY = By("ana", NOW)


def key(folder: Path, name: str) -> Path:
    subprocess.run(
        ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", str(folder / name)],
        check=True,
    )
    return folder / name


def allow(folder: Path, *keys: Path, options: str = "") -> Path:
    lines = [f"{k.name} {options} {k.with_suffix('.pub').read_text()}".strip() for k in keys]
    file = folder / "allowed_signers"
    file.write_text("\n".join(lines) + "\n")
    return file


def reopened(
    registry: Registry, *, signer: Signer | None = None, allowed: Path | None = None
) -> Registry:
    return Registry.open(registry.root, signer=signer, allowed_signers=allowed)


@pytest.fixture
def ana(tmp_path: Path) -> Path:
    return key(tmp_path, "ana")


def test_what_an_allowed_signer_recorded_is_promoted(
    registry: Registry, tmp_path: Path, ana: Path
) -> None:
    registry = reopened(registry, signer=ssh_signer(ana), allowed=allow(tmp_path, ana))
    check = record(registry, adapter_folder(tmp_path / "a"))
    assert check.signature
    assert check.signature.startswith("-----BEGIN SSH SIGNATURE-----")
    registry.promote("production", check.check_id, by=BY)
    assert registry.verify() == []


def test_an_unsigned_check_promotes_nothing(registry: Registry, tmp_path: Path, ana: Path) -> None:
    check = record(registry, adapter_folder(tmp_path / "a"))
    registry = reopened(registry, allowed=allow(tmp_path, ana))
    with pytest.raises(RegistryError, match="is not signed"):
        registry.promote("production", check.check_id, by=BY)
    (damage,) = registry.verify()
    assert damage.path == "log/000000000001.json"
    assert "is not signed" in damage.text


def test_a_stranger_cannot_sign_for_somebody_else(
    registry: Registry, tmp_path: Path, ana: Path
) -> None:
    mallory = key(tmp_path, "mallory")
    signers = allow(tmp_path, ana, mallory)
    registry = reopened(registry, signer=ssh_signer(mallory), allowed=signers)
    check = record(registry, adapter_folder(tmp_path / "a"), who="ana")
    with pytest.raises(RegistryError, match="no valid signature of ana"):
        registry.promote("production", check.check_id, by=BY)
    honest = record(registry, adapter_folder(tmp_path / "b", 1), who="mallory")
    registry.promote("production", honest.check_id, by=BY)


def test_rewriting_the_whole_log_is_found_when_it_was_signed(
    registry: Registry, tmp_path: Path, ana: Path
) -> None:
    """Hashes alone cannot tell: here every seal and every link is right again."""
    registry = reopened(registry, signer=ssh_signer(ana))
    for text in ("first", "second"):
        registry.record_refusal(name="a", source="/a", text=text, by=BY)
    previous = None
    for sequence in (1, 2):
        path = registry.root / "log" / event_file(sequence)
        document = json.loads(unseal(path.read_bytes())[0])
        path.unlink()
        document |= {"previous": previous, "text": document["text"].replace("first", "other")}
        data, previous = seal(document)
        path.write_bytes(data)
    assert Registry.open(registry.root).verify() == []
    forged = reopened(registry, allowed=allow(tmp_path, ana))
    assert [damage.path for damage in forged.verify()] == [
        "log/000000000001.json",
        "log/000000000002.json",
    ]


def test_a_key_counts_only_while_it_is_valid(registry: Registry, tmp_path: Path, ana: Path) -> None:
    registry = reopened(registry, signer=ssh_signer(ana))
    registry.record_refusal(name="a", source="/a", text="x", by=By("ana", "2026-03-01T12:00:00Z"))
    valid = allow(tmp_path, ana, options='valid-before="20260401"')
    assert reopened(registry, allowed=valid).verify() == []
    expired = allow(tmp_path, ana, options='valid-before="20260201"')
    assert len(reopened(registry, allowed=expired).verify()) == 1


def test_a_signature_for_something_else_does_not_count(
    registry: Registry, tmp_path: Path, ana: Path
) -> None:
    registry = reopened(registry, signer=ssh_signer(ana))
    registry.record_refusal(name="a", source="/a", text="x", by=BY)
    for_git = allow(tmp_path, ana, options='namespaces="git"')
    assert len(reopened(registry, allowed=for_git).verify()) == 1
    ours = allow(tmp_path, ana, options=f'namespaces="{NAMESPACE}"')
    assert reopened(registry, allowed=ours).verify() == []


def test_a_signature_can_be_verified_by_hand(registry: Registry, tmp_path: Path, ana: Path) -> None:
    """As registry/README.md says: python for the bytes, ssh-keygen for the signature."""
    registry = reopened(registry, signer=ssh_signer(ana))
    registry.record_refusal(name="ü", source="/a", text="x", by=BY)
    event = json.loads((registry.root / "log" / event_file(1)).read_text())
    (tmp_path / "sig").write_text(event["signature"])
    del event["digest"]
    event["signature"] = None
    signed = json.dumps(event, indent=2, ensure_ascii=False) + "\n"
    done = subprocess.run(
        ["ssh-keygen", "-Y", "verify", "-n", NAMESPACE, "-I", "ana", "-s", tmp_path / "sig",
         "-f", allow(tmp_path, ana)],
        input=signed.encode(), capture_output=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("mishap", ["no key", "no ssh key"])
def test_a_key_that_cannot_sign_writes_nothing(
    registry: Registry, tmp_path: Path, mishap: str
) -> None:
    file = tmp_path / "key"
    if mishap == "no key":
        with pytest.raises(RegistryError, match="does not exist"):
            ssh_signer(file)
        return
    file.write_text("hello")
    registry = reopened(registry, signer=ssh_signer(file))
    with pytest.raises(RegistryError, match="could not be signed"):
        registry.record_refusal(name="a", source="/a", text="x", by=BY)
    assert registry.state().sequence == 0
