"""The event log: numbered files, each naming the digest of the one before.

Append is put-if-absent: of two writers of the same number one wins, and the other is notified.
Reading checks seal, number and chain of every event; what the events mean is in `state.py`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from gatekeeper.errors import RegistryDamaged, RegistryError
from gatekeeper.registry.durable_files import put_if_absent, sync_folder, write_durably
from gatekeeper.registry.events import Event, UnknownEventError, read_event
from gatekeeper.registry.sealed_json import SealError, seal, unseal

__all__ = ["Entry", "EventLog", "LostRaceError", "event_file"]

_NAME = re.compile(r"^(\d{12})\.json$")


def event_file(sequence: int) -> str:
    """File name of an event."""
    return f"{sequence:012d}.json"


class LostRaceError(Exception):
    """Another writer took the number first; read again and decide again."""


@dataclass(frozen=True, slots=True)
class Entry:
    """An event and its digest."""

    event: Event
    digest: str


class EventLog:
    """The folder `log/`. Keeps what it has read; later reads only look for new events."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._entries: list[Entry] = []
        self._listed = False

    def read(self) -> tuple[Entry, ...]:
        """All events in order.

        Raises RegistryDamaged for a gap, a changed byte or a broken chain, RegistryError for an
        event of a newer version.
        """
        if not self._listed:
            self._refuse_gaps()
            self._listed = True
        while True:
            sequence = len(self._entries) + 1
            try:
                data = (self.folder / event_file(sequence)).read_bytes()
            except FileNotFoundError:
                return tuple(self._entries)
            previous = self._entries[-1].digest if self._entries else None
            self._entries.append(self._parse(data, sequence, previous))

    def read_bytes(self, sequence: int) -> bytes:
        """The bytes of one event's file. Raises RegistryDamaged when it is missing."""
        path = self.folder / event_file(sequence)
        try:
            return path.read_bytes()
        except FileNotFoundError:
            raise RegistryDamaged(
                f"{path} is missing.", "Restore it from git or a backup."
            ) from None

    def numbers(self) -> list[int]:
        """Numbers of the existing event files, in order."""
        try:
            names = [path.name for path in self.folder.iterdir()]
        except FileNotFoundError:
            return []
        return sorted(int(found[1]) for name in names if (found := _NAME.match(name)))

    def strangers(self) -> Iterator[Path]:
        """Files in the folder that are not events."""
        if self.folder.is_dir():
            yield from (p for p in sorted(self.folder.iterdir()) if not _NAME.match(p.name))

    def append(self, event: Event, staged_in: Path) -> Entry:
        """Commit one event: write, sync, link to its number, sync the folder.

        Raises LostRaceError when the number is taken: nothing was written then.
        """
        try:
            data, digest = seal(event.model_dump(mode="json"))
        except ValueError as problem:
            raise RegistryError(
                f"The event cannot be written as JSON ({problem}).",
                "It contains a number that is not finite; measure again.",
            ) from problem
        name = event_file(event.sequence)
        staged = staged_in / name
        staged.unlink(missing_ok=True)
        write_durably(staged, data)
        self.folder.mkdir(exist_ok=True)  # git keeps no empty folders
        if not put_if_absent(staged, self.folder / name):
            raise LostRaceError
        try:
            sync_folder(self.folder)
        except OSError as problem:
            raise RegistryError(
                f"Event {event.sequence} was written, but the disk did not confirm it "
                f"({problem.strerror}).",
                "Look at the disk, then at `gate log`: the event may or may not have survived.",
            ) from problem
        return Entry(event, digest)

    def _refuse_gaps(self) -> None:
        numbers = self.numbers()
        if numbers and numbers[-1] != len(numbers):
            missing = next(n for n, found in enumerate(numbers, 1) if n != found)
            raise RegistryDamaged(
                f"{self.folder / event_file(missing)} is missing, but later events exist.",
                "Restore it from git or a backup; `gate registry verify` lists all damage.",
            )

    def _parse(self, data: bytes, sequence: int, previous: str | None) -> Entry:
        path = self.folder / event_file(sequence)
        try:
            entry = parse_entry(data)
        except SealError as problem:
            raise RegistryDamaged(
                f"{path} {problem}.",
                "Restore it from git or a backup; `gate registry verify` lists all damage.",
            ) from problem
        except UnknownEventError as problem:
            raise RegistryError(
                f"{path} is intact, but this version cannot read it ({problem}).",
                "It was written by a newer gatekeeper; upgrade.",
            ) from problem
        if (fault := chain_fault(entry, sequence, previous)) is not None:
            raise RegistryDamaged(
                f"{path} {fault}.",
                "The log was edited or merged by hand; restore it from git or a backup.",
            )
        return entry


def parse_entry(data: bytes) -> Entry:
    """Read one event file's bytes. Raises SealError or UnknownEventError."""
    body, digest = unseal(data)
    return Entry(read_event(body), digest)


def chain_fault(entry: Entry, sequence: int, previous: str | None) -> str | None:
    """What is wrong with an event's place in the chain; None when nothing is."""
    if entry.event.sequence != sequence:
        return f"contains event {entry.event.sequence}"
    if entry.event.previous != previous:
        return "does not follow from the event before it"
    return None
