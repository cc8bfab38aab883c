"""The evidence of each check, as files: written once, never changed.

`evidence/<check id>/` contains `evidence.json`, `verdict.json`, `policy.yaml` and, compressed, the
samples as people read them. The log names the digest of each file.
"""

from __future__ import annotations

import gzip
import re
import zlib
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path

from pydantic import ValidationError

from gatekeeper.digests import digest_bytes, digest_file
from gatekeeper.errors import RegistryDamaged, RegistryError
from gatekeeper.evidence import Evidence, SampleRecord
from gatekeeper.phrases import count
from gatekeeper.registry.durable_files import (
    filesystem_errors,
    remove_tree,
    sync_folder,
    write_durably,
)
from gatekeeper.verdict import Verdict
from gatekeeper.verdict.recorded_check import RecordedCheck

__all__ = ["EvidenceStore"]

EVIDENCE, VERDICT, POLICY, SAMPLES = (
    "evidence.json",
    "verdict.json",
    "policy.yaml",
    "samples.jsonl.gz",
)
_CHECK_ID = re.compile(r"^c-[0-9a-f]{12}$")


class EvidenceStore:
    """The folder `evidence/`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, check_id: str) -> Path:
        """Where a check's files are. Raises RegistryError for what is not a check id."""
        if not _CHECK_ID.match(check_id):
            raise RegistryError(
                f"{check_id!r} is not a check id.", "One looks like c-0123456789ab."
            )
        return self.folder / check_id

    def check_ids(self) -> list[str]:
        """Every check that has a folder."""
        if not self.folder.is_dir():
            return []
        return sorted(p.name for p in self.folder.iterdir() if _CHECK_ID.match(p.name))

    def stage(
        self,
        evidence: Evidence,
        verdict: Verdict,
        samples: Sequence[SampleRecord],
        policy_text: str,
        staged_in: Path,
    ) -> dict[str, str]:
        """Write the files to staging; returns file name -> digest."""
        copy = staged_in / "evidence"
        remove_tree(copy)
        copy.mkdir()
        lines = "".join(sample.model_dump_json() + "\n" for sample in samples)
        contents = {
            EVIDENCE: evidence.model_dump_json(indent=2).encode() + b"\n",
            VERDICT: verdict.model_dump_json(indent=2).encode() + b"\n",
            POLICY: policy_text.encode(),
            SAMPLES: gzip.compress(lines.encode(), mtime=0),
        }
        # What cannot be read again is not evidence, and would stand in the way of all the rest.
        if _read_back(contents) != (evidence, verdict):
            raise RegistryError(
                f"The evidence of check {evidence.check_id} would not be read back as it is.",
                "Nothing was recorded. This is a bug; report it with the adapter's configuration.",
            )
        for name, data in contents.items():
            write_durably(copy / name, data)
        sync_folder(copy)
        return {name: digest_bytes(data) for name, data in contents.items()}

    def place(self, check_id: str, staged_in: Path) -> None:
        """Move staged files into place; a leftover that no event names is removed."""
        final = self.path(check_id)
        self.folder.mkdir(parents=True, exist_ok=True)
        if final.exists():
            final.rename(staged_in / "leftover")
        (staged_in / "evidence").rename(final)
        sync_folder(self.folder)

    def read(self, check_id: str, name: str, digest: str) -> bytes:
        """Read one file. Raises RegistryDamaged unless its bytes are those that the log names."""
        path = self.path(check_id) / name
        try:
            data = path.read_bytes()
        except FileNotFoundError:
            raise RegistryDamaged(f"{path} is missing.", _RESTORE) from None
        if digest_bytes(data) != digest:
            raise RegistryDamaged(f"{path} was changed since it was recorded.", _RESTORE)
        return data

    def load(self, check_id: str, files: Mapping[str, str]) -> RecordedCheck:
        """Read one check; its samples are read when they are asked for. Raises RegistryDamaged."""
        try:
            return RecordedCheck(
                check_id=check_id,
                evidence=Evidence.model_validate_json(
                    self.read(check_id, EVIDENCE, files[EVIDENCE])
                ),
                verdict=Verdict.model_validate_json(self.read(check_id, VERDICT, files[VERDICT])),
                policy_text=self.read(check_id, POLICY, files[POLICY]).decode(),
                read_samples=partial(self._samples, check_id, files[SAMPLES]),
            )
        except ValidationError as problem:
            raise RegistryError(
                f"Check {check_id} is intact, but this version cannot read "
                f"{count(problem.error_count(), 'field')} of it.",
                "It was written by a different version of gatekeeper; use that one.",
            ) from problem

    def _samples(self, check_id: str, digest: str) -> Iterator[SampleRecord]:
        with filesystem_errors(f"Check {check_id} cannot be read"):
            data = self.read(check_id, SAMPLES, digest)
        try:
            lines = gzip.decompress(data).splitlines()
        except (OSError, EOFError, zlib.error) as problem:
            raise RegistryDamaged(
                f"{self.path(check_id) / SAMPLES} is not a gzip file.", _RESTORE
            ) from problem
        yield from map(SampleRecord.model_validate_json, lines)

    def faults(self, check_id: str, files: Mapping[str, str]) -> list[tuple[Path, str]]:
        """Every file of a check that is not as it was recorded."""
        folder = self.path(check_id)
        if not folder.is_dir():
            return [(folder, "is missing")]
        found = {path.name for path in folder.iterdir()}
        wrong = [(folder / name, "was not recorded") for name in sorted(found - set(files))]
        for name, digest in files.items():
            if name not in found:
                wrong.append((folder / name, "is missing"))
                continue
            try:
                if digest_file(folder / name) != digest:
                    wrong.append((folder / name, "was changed since it was recorded"))
            except OSError as problem:
                wrong.append((folder / name, f"cannot be read ({problem.strerror})"))
        return wrong

    def remove(self, check_id: str, staged_in: Path) -> None:
        """Remove a check's files; readers see all of them or nothing."""
        self.path(check_id).rename(staged_in / f"gone-{check_id}")


def _read_back(contents: Mapping[str, bytes]) -> tuple[Evidence, Verdict] | None:
    try:
        return (
            Evidence.model_validate_json(contents[EVIDENCE]),
            Verdict.model_validate_json(contents[VERDICT]),
        )
    except ValidationError:
        return None


_RESTORE = "Restore it from git or a backup; `gate registry verify` lists all damage."
