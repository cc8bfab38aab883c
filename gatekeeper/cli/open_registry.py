"""Open the registry that the settings name: where snapshots are, who signs, who is trusted."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gatekeeper.registry import Registry
    from gatekeeper.registry.signatures import Signer
    from gatekeeper.settings import Settings

__all__ = ["create_store", "named", "open_store"]


def open_store(settings: Settings, *, signed: bool = True) -> Registry:
    """Open it. Raises RegistryError when there is none, or when the signing key is missing."""
    from gatekeeper.decision.decide import redecide
    from gatekeeper.registry import Registry

    return Registry.open(
        settings.registry,
        signer=_signer(settings) if signed else None,
        allowed_signers=settings.allowed_signers,
        redecide=redecide,
    )


def named(text: str) -> str:
    """What to look up in the registry: a name stays, a path becomes the digest of its content.

    Raises AdapterRefused when the folder contains no candidate.
    """
    folder = Path(text)
    if os.sep not in text or not folder.is_dir():
        return text
    from gatekeeper.candidate.folder import read_adapter

    return read_adapter(folder).digest


def create_store(settings: Settings) -> Registry:
    """Create it, or open the existing one. Raises RegistryError when objects_dir differs."""
    from gatekeeper.decision.decide import redecide
    from gatekeeper.registry import Registry

    objects = None if settings.objects_dir is None else _place(settings.objects_dir, settings)
    return Registry.create(
        settings.registry,
        objects=objects,
        signer=_signer(settings),
        allowed_signers=settings.allowed_signers,
        redecide=redecide,
    )


def _place(objects: Path, settings: Settings) -> str:
    """Relative to the registry when both are in the same project, so that a clone finds it too."""
    project = (settings.file or settings.registry).resolve().parent
    there, root = objects.resolve(), settings.registry.resolve()
    inside = there.is_relative_to(project) and root.is_relative_to(project)
    return os.path.relpath(there, root) if inside else str(there)


def _signer(settings: Settings) -> Signer | None:
    if settings.signing_key is None:
        return None
    from gatekeeper.registry.signatures import ssh_signer

    return ssh_signer(settings.signing_key)
