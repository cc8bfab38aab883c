"""Where things are in a registry: `registry.json` marks its root and says where objects are."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from gatekeeper.errors import RegistryDamaged, RegistryError
from gatekeeper.registry.durable_files import put_if_absent, staging, sync_folder, write_durably
from gatekeeper.registry.sealed_json import SealError, seal, unseal

__all__ = ["MARKER", "Layout", "create_layout", "open_layout"]

MARKER = "registry.json"
SCHEMA = "gatekeeper/registry/v1"
_FOLDERS = ("log", "evidence", "channels")


@dataclass(frozen=True, slots=True)
class Layout:
    """The folders of one registry."""

    root: Path
    objects: Path

    @property
    def object_staging(self) -> Path:
        """Staging on the file system of the objects, so that a rename is atomic."""
        inside = self.root in (self.objects.parent, self.objects)
        return self.root / "staging" if inside else self.objects / ".staging"


def open_layout(root: Path) -> Layout:
    """Find a registry. Raises RegistryError when there is none, RegistryDamaged when broken."""
    try:
        data = (root / MARKER).read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        raise RegistryError(
            f"There is no registry in {root}.",
            "`gate init` creates one; --registry, GATE_REGISTRY or gate.yaml can name another.",
        ) from None
    try:
        document = json.loads(unseal(data)[0])
    except SealError as problem:
        raise RegistryDamaged(
            f"{root / MARKER} {problem}.", "Restore it from git or a backup."
        ) from problem
    if document.get("schema_id") != SCHEMA:
        raise RegistryError(
            f"{root} is a registry of a different version ({document.get('schema_id')}).",
            "It was created by a newer gatekeeper; upgrade.",
        )
    return Layout(root, root / document["objects"])


def create_layout(root: Path, objects: str | None) -> Layout:
    """Create a registry, or find the existing one.

    Raises RegistryError when the folder contains something else, or keeps its objects elsewhere.
    """
    if not (root / MARKER).exists():
        if root.is_dir() and (stranger := _stranger(root)):
            raise RegistryError(
                f"{root} is neither empty nor a registry: it contains {stranger}.",
                "Choose another folder.",
            )
        root.mkdir(parents=True, exist_ok=True)
        for name in _FOLDERS:
            (root / name).mkdir(exist_ok=True)
        with staging(root / "staging") as staged_in:
            data, _ = seal({"schema_id": SCHEMA, "objects": objects or "objects"})
            write_durably(staged_in / MARKER, data)
            put_if_absent(staged_in / MARKER, root / MARKER)
        sync_folder(root)
    layout = open_layout(root)
    if objects is not None and (root / objects).resolve() != layout.objects.resolve():
        raise RegistryError(
            f"{root} keeps its objects in {layout.objects}, not in {objects}.",
            "The location is fixed when a registry is created.",
        )
    return layout


def _stranger(root: Path) -> str | None:
    """A name that no half-created registry would contain. A README and dot files are allowed."""
    ours = {*_FOLDERS, "staging", "objects", "README.md"}
    return next(
        (p.name for p in sorted(root.iterdir()) if p.name not in ours and p.name[0] != "."), None
    )
