"""`channels/<name>.json`: what a server reads. Derived from the log, never the truth itself.

Replaced atomically after every move, and rewritten by any command that finds one missing or
behind. A file that is ahead of the log means that the log has lost events.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import json
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from gatekeeper.errors import RegistryDamaged
from gatekeeper.registry.durable_files import replace_durably, write_durably
from gatekeeper.registry.object_store import ObjectStore
from gatekeeper.registry.sealed_json import SealError, seal, unseal
from gatekeeper.registry.state import Channel, Serving, State

__all__ = ["ChannelFiles"]

SCHEMA = "gatekeeper/channel/v1"
_PATIENCE = 2.0
"""Seconds to wait for another writer; after that, the last one to look again decides."""


class ChannelFiles:
    """The folder `channels/`."""

    def __init__(self, folder: Path, objects: ObjectStore) -> None:
        self.folder = folder
        self.objects = objects

    def path(self, channel: str) -> Path:
        """The file of a channel."""
        return self.folder / f"{channel}.json"

    def stale(self, state: State) -> list[Channel]:
        """Channels whose file differs from the log.

        Raises RegistryDamaged when a file names an event that the log does not have.
        """
        for path in self.strangers(set(state.channels)):
            with contextlib.suppress(OSError):
                self._refuse_lost_event(path, path.read_bytes(), state)
        return [
            channel
            for channel in state.channels.values()
            if channel.history and not self._is_current(channel, state)
        ]

    def write(self, channel: Channel, staged_in: Path) -> None:
        """Replace a channel's file, unless there is already a newer one."""
        self.folder.mkdir(parents=True, exist_ok=True)
        staged = staged_in / f"channel-{channel.name}.json"
        staged.unlink(missing_ok=True)
        write_durably(staged, self._content(channel.name, channel.serving)[0], 0o644)
        with self._lock(staged_in.parent):
            try:
                there = self._moment(self.path(channel.name).read_bytes())
            except FileNotFoundError:
                there = None
            if there is None or there[0] <= channel.serving.sequence:
                replace_durably(staged, self.path(channel.name))

    def fault(self, channel: Channel) -> str | None:
        """What is wrong with a channel's file. Being behind is not: the next command fixes that."""
        path = self.path(channel.name)
        try:
            body, _ = unseal(path.read_bytes())
        except FileNotFoundError:
            return None
        except SealError as problem:
            return str(problem)
        except OSError as problem:
            return f"cannot be read ({problem.strerror})"
        found = json.loads(body)
        moments = [self._content(channel.name, moment)[1] for moment in channel.history]
        if any(_same_but_place(found, moment) for moment in moments):
            return None
        return "differs from every state in the log"

    def strangers(self, channels: set[str]) -> list[Path]:
        """Channel files of channels that are not in the log."""
        if not self.folder.is_dir():
            return []
        known = {f"{name}.json" for name in channels}
        return [path for path in sorted(self.folder.iterdir()) if path.name not in known]

    def _is_current(self, channel: Channel, state: State) -> bool:
        try:
            data = self.path(channel.name).read_bytes()
        except FileNotFoundError:
            return False
        if data == self._content(channel.name, channel.serving)[0]:
            return True
        self._refuse_lost_event(self.path(channel.name), data, state)
        return False

    def _refuse_lost_event(self, path: Path, data: bytes, state: State) -> None:
        moment = self._moment(data)
        if moment is None:
            return  # torn or foreign: the log decides, and `verify` reports it
        sequence, event = moment
        if not 0 < sequence <= state.sequence or state.digests[sequence - 1] != event:
            raise RegistryDamaged(
                f"{path} follows event {sequence}, but the log has only {state.sequence} events.",
                "Events have been lost: restore log/ from git or a backup. If the log is right, "
                "delete the channel file.",
            )

    def _moment(self, data: bytes) -> tuple[int, str] | None:
        """(sequence, event digest) that an intact channel file names."""
        try:
            found = json.loads(unseal(data)[0])
            return int(found["sequence"]), str(found["event"])
        except (KeyError, TypeError, ValueError):
            return None

    def _content(self, name: str, serving: Serving) -> tuple[bytes, dict[str, Any]]:
        place = None if serving.is_base else self.objects.path(serving.target)
        document = {
            "schema_id": SCHEMA,
            "channel": name,
            "target": serving.target,
            "kind": serving.kind,
            "path": None if place is None else str(place.resolve()),
            # From the registry's root, for readers that see it at another mount point.
            "relative_path": None
            if place is None
            else os.path.relpath(place.resolve(), self.folder.parent.resolve()),
            "base_digest": serving.base_digest,
            "check_id": serving.check_id,
            "sequence": serving.sequence,
            "event": serving.event_digest,
        }
        return seal(document)[0], document

    @contextlib.contextmanager
    def _lock(self, folder: Path) -> Iterator[None]:
        """Hold other writers back while this one looks and replaces. A kill releases it.

        The lock is on the staging folder itself, so it needs no separate file.
        """
        lock = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            deadline = time.monotonic() + _PATIENCE
            while True:
                try:
                    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except OSError as problem:
                    if problem.errno not in (errno.EAGAIN, errno.EWOULDBLOCK):
                        break  # this file system has no locks
                    if time.monotonic() > deadline:
                        break
                    time.sleep(0.002)
            yield
        finally:
            os.close(lock)


def _same_but_place(found: dict[str, Any], expected: dict[str, Any]) -> bool:
    """When a registry has moved, the absolute path is outdated, and the next command fixes it."""
    places = {"path": None, "relative_path": None}
    return {**found, **places} == {**expected, **places}
