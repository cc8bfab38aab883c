"""Signed events: SSH signatures by `ssh-keygen -Y`, the way git signs commits.

Any SSH key works, including ed25519 and hardware keys; an allowed signers file says whose key
counts (`man ssh-keygen`). The name under which an event was written must be one of the principals
of the key that signed it.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from gatekeeper.errors import RegistryError
from gatekeeper.registry.sealed_json import SealError, seal, unseal

__all__ = ["NAMESPACE", "Signer", "signature_fault", "signed_bytes", "ssh_signer"]

NAMESPACE = "gatekeeper-event"
"""Keeps a signature made for another purpose from counting here."""

Signer = Callable[[bytes], str]
_UTC = re.compile(r"^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)Z$")


def signed_bytes(document: dict[str, Any]) -> bytes:
    """What is signed: the event's JSON as sealed, with `signature` null."""
    return unseal(seal({**document, "signature": None})[0])[0]


def ssh_signer(key: Path) -> Signer:
    """Sign with an SSH key; with only the `.pub` file, the ssh-agent does it.

    Raises RegistryError when there is no such key; signing raises it when ssh-keygen cannot.
    """
    if not key.is_file():
        raise RegistryError(
            f"The signing key {key} does not exist.", "Check signing_key in gate.yaml."
        )

    def sign(message: bytes) -> str:
        done = _ssh_keygen(["-Y", "sign", "-n", NAMESPACE, "-f", str(key)], message)
        if done.returncode != 0:
            raise RegistryError(
                f"The event could not be signed with {key}: {_said(done)}",
                "Nothing was written. Is it an SSH key, and is its agent running?",
            )
        return done.stdout.decode()

    return sign


def signature_fault(data: bytes, allowed: Path) -> str | None:
    """What is wrong with the signature of an event file's bytes; None when nothing is.

    Raises RegistryError when ssh-keygen or the allowed signers file is missing.
    """
    if not allowed.is_file():
        raise RegistryError(
            f"The allowed signers file {allowed} does not exist.",
            "Check allowed_signers in gate.yaml.",
        )
    try:
        body, _ = unseal(data)
    except SealError as problem:
        return str(problem)
    document = json.loads(body)
    signature, who = document.get("signature"), str(document.get("who"))
    if unseal(seal(document)[0])[0] != body:
        return "is not written the way gate writes events, so its signature means nothing"
    if not signature:
        return "is not signed"
    if "\0" in who or not who:
        return "has no author whose signature could count"
    with tempfile.NamedTemporaryFile(prefix="gate-", suffix=".sig") as file:
        file.write(str(signature).encode())
        file.flush()
        arguments = ["-Y", "verify", "-n", NAMESPACE, "-f", str(allowed), "-s", file.name]
        arguments += ["-I", who, *_at(str(document.get("at")))]
        done = _ssh_keygen(arguments, signed_bytes(document))
    if done.returncode != 0:
        return f"has no valid signature of {who} by an allowed signer ({_said(done)})"
    return None


def _at(moment: str) -> list[str]:
    """Keys may expire: what counts is whether a key was valid when the event was written."""
    found = _UTC.match(moment)
    return [f"-Overify-time={''.join(found.groups())}"] if found else []


def _ssh_keygen(arguments: list[str], message: bytes) -> subprocess.CompletedProcess[bytes]:
    try:
        return subprocess.run(
            ["ssh-keygen", *arguments],
            input=message,
            capture_output=True,
            check=False,
            env={**os.environ, "TZ": "UTC", "LC_ALL": "C"},
        )
    except FileNotFoundError:
        raise RegistryError(
            "Signed events need ssh-keygen.", "Install openssh-client, 8.2 or newer."
        ) from None


def _said(done: subprocess.CompletedProcess[bytes]) -> str:
    lines = (done.stderr or done.stdout).decode(errors="replace").split("\n")
    return next((line.strip() for line in lines if line.strip()), "no message from ssh-keygen")
