"""The ledger: how every write of the registry is made.

Stage the files, decide on the newest state, append one event with put-if-absent, and only then
acknowledge; when another writer was faster, decide again. What is written is up to the modules
above it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, TypeVar

from pydantic import ValidationError

from gatekeeper.errors import RegistryConflict, RegistryDamaged, RegistryError
from gatekeeper.registry.by import By
from gatekeeper.registry.channel_files import ChannelFiles
from gatekeeper.registry.durable_files import filesystem_errors, staging
from gatekeeper.registry.event_log import EventLog, LostRaceError
from gatekeeper.registry.events import BASE, CheckRecorded, Event, Move
from gatekeeper.registry.evidence_store import EvidenceStore
from gatekeeper.registry.layout import Layout, create_layout, open_layout
from gatekeeper.registry.name_lookup import resolve
from gatekeeper.registry.object_store import ObjectStore
from gatekeeper.registry.state import Serving, State, fold
from gatekeeper.verdict import Decision

if TYPE_CHECKING:
    from gatekeeper.registry.signatures import Signer
    from gatekeeper.registry.standing import Redecide

__all__ = ["ChannelFileError", "Draft", "Ledger", "plain"]

E = TypeVar("E", bound=Event)
M = TypeVar("M", bound=Move)
Draft = Callable[[State, dict[str, Any]], E]
"""From the newest state and the event's stamp (number, chain, time, author) to the event.

Raises RegistryError when the state does not allow it.
"""

_ATTEMPTS = 10_000


class ChannelFileError(RegistryError):
    """The event is recorded, but the file that servers read could not be replaced yet."""

    def __init__(self, message: str, hint: str | None, event: Event) -> None:
        super().__init__(message, hint)
        self.event = event


class Ledger:
    """Log, snapshots, evidence and channel files of one registry on disk.

    `signer` signs what is written here; with None, events are unsigned. `allowed_signers` says
    whose signatures count; with None, none is required. `redecide` decides a recorded check again
    before a channel moves on it; with None, only its bytes and what they say are compared.
    """

    def __init__(
        self,
        layout: Layout,
        *,
        signer: Signer | None = None,
        allowed_signers: Path | None = None,
        redecide: Redecide | None = None,
    ) -> None:
        self.root = layout.root
        self.objects = ObjectStore(layout.objects)
        self.evidence = EvidenceStore(layout.root / "evidence")
        self.log = EventLog(layout.root / "log")
        self.channels = ChannelFiles(layout.root / "channels", self.objects)
        self.staging = layout.root / "staging"
        self.object_staging = layout.object_staging
        self.signer = signer
        self.allowed_signers = allowed_signers
        self.redecide = redecide
        self._folded: State | None = None

    @classmethod
    def open(
        cls,
        root: Path,
        *,
        signer: Signer | None = None,
        allowed_signers: Path | None = None,
        redecide: Redecide | None = None,
    ) -> Self:
        """Open a registry. Raises RegistryError when there is none, RegistryDamaged when broken."""
        with filesystem_errors(f"The registry {root} cannot be opened"):
            return cls(
                open_layout(root), signer=signer, allowed_signers=allowed_signers, redecide=redecide
            )

    @classmethod
    def create(
        cls,
        root: Path,
        *,
        objects: str | None = None,
        signer: Signer | None = None,
        allowed_signers: Path | None = None,
        redecide: Redecide | None = None,
    ) -> Self:
        """Create a registry, or open the one that is there.

        `objects` keeps the snapshots elsewhere (relative to the root, or absolute). Raises
        RegistryError when the folder contains something else.
        """
        with filesystem_errors(f"The registry {root} cannot be created"):
            layout = create_layout(root, objects)
            return cls(layout, signer=signer, allowed_signers=allowed_signers, redecide=redecide)

    @contextmanager
    def workspace(self) -> Iterator[Path]:
        """A folder for copies of candidates while they are checked, on the snapshots' disk.

        Gone afterwards; after a kill the next one sweeps it. Raises RegistryError at once when
        nothing can be written there, since then nothing could be recorded either.
        """
        with filesystem_errors(f"Nothing can be written to the registry {self.root}"):
            for folder in {self.staging, self.object_staging}:
                with staging(folder):
                    pass
        with staging(self.object_staging) as folder:
            yield folder

    def state(self) -> State:
        """Fold the log; channel files that are missing or behind are rewritten on the way.

        Raises RegistryDamaged, naming the file, when the log is not intact.
        """
        with filesystem_errors(f"The registry {self.root} cannot be read"):
            state = self.folded()
            while True:
                try:
                    stale = self.channels.stale(state)
                    break
                except RegistryDamaged:
                    # Another writer may have committed and published between our two reads.
                    newer = self.folded()
                    if newer.sequence == state.sequence:
                        raise
                    state = newer
        if stale:
            try:
                with staging(self.staging) as staged_in:
                    for channel in stale:
                        self.channels.write(channel, staged_in)
            except OSError:
                pass  # reading works on a read-only disk too
        return state

    def folded(self) -> State:
        """What the log says now; nothing is repaired on the way."""
        entries = self.log.read()
        if self._folded is None or self._folded.sequence != len(entries):
            self._folded = fold(entries)
        return self._folded

    def resolve(self, name: str) -> str:
        """Digest, check id or `base` that a name refers to; see `name_lookup.resolve`."""
        return resolve(self.state(), name)

    def candidate(self, wanted: str) -> str:
        """Digest of a candidate by name, digest or check. Raises RegistryError."""
        state = self.state()
        found = resolve(state, wanted)
        digest = state.checks[found].candidate if found in state.checks else found
        if digest not in state.adapters:
            raise RegistryError(f"{wanted!r} is not a candidate.", "Name an adapter or its check.")
        return digest

    def require_object(self, digest: str, manifest: str | None, label: str = "") -> None:
        """Raise RegistryDamaged unless every byte of a snapshot is as it was stored."""
        if digest == BASE:
            raise RegistryError("The base has no snapshot here.", "Load the base itself.")
        if (fault := self.objects.fault(digest, manifest)) is not None:
            raise RegistryDamaged(
                f"The snapshot of {label or digest[:19]} {fault}.",
                "Restore objects/ from git or a backup, choose another target, or run "
                "`gate rollback --to base`, which needs no snapshot.",
            )

    def require_standing(self, check: CheckRecorded, *, as_recorded: bool = False) -> None:
        """Raise unless a check's evidence is whole and its verdict follows; see `standing.py`."""
        from gatekeeper.registry.standing import require_standing

        with filesystem_errors(f"The evidence of check {check.check_id} cannot be read"):
            require_standing(self.evidence, check, self.redecide, as_recorded=as_recorded)

    def require_sound(self, state: State, channel: str, serving: Serving) -> None:
        """Raise RegistryDamaged unless all that an adapter on a channel stands on is as recorded.

        Every byte of its snapshot, and, where it was not forced, a promote verdict that its
        evidence leads to, by today's rules or by those of the version that decided it.
        """
        adapter = state.adapters.get(serving.target)
        label = state.label(serving.target)
        self.require_object(serving.target, adapter.object_manifest if adapter else None, label)
        moments = state.channel(channel).history
        if any(moment.forced for moment in moments if moment.target == serving.target):
            return
        check = state.checks.get(serving.check_id or "")
        if (
            check is None
            or check.candidate != serving.target
            or check.decision is not Decision.PROMOTE
        ):
            raise RegistryDamaged(
                f"{channel} was moved to {label} by event {serving.sequence}, but no promote "
                "verdict of it is in the log.",
                "Run `gate registry verify`; `gate rollback --to base` needs no verdict.",
            )
        self.require_standing(check, as_recorded=True)

    def record(self, draft: Draft[E], by: By) -> E:
        """Write one event that needs no files."""
        self.state()  # refuses to write on top of a log that has lost events
        with (
            filesystem_errors("The event could not be recorded"),
            staging(self.staging) as staged_in,
        ):
            return self.commit(draft, staged_in, by)

    def commit(self, draft: Draft[E], staged_in: Path, by: By) -> E:
        """Decide on the newest state and append; when another writer was faster, decide again."""
        for _ in range(_ATTEMPTS):
            state = self.folded()
            stamp: dict[str, Any] = {
                "sequence": state.sequence + 1,
                "previous": state.digest,
                "at": by.now,
                "who": plain(by.who),
                "why": None if by.why is None else plain(by.why),
            }
            try:
                event = self._signed(draft(state, stamp))
                self.log.append(event, staged_in)
            except LostRaceError:
                continue
            except ValidationError as problem:
                first = problem.errors()[0]
                where = ".".join(str(part) for part in first["loc"])
                raise RegistryError(f"{where}: {first['msg']}.", "Correct the value.") from problem
            return event
        raise RegistryConflict("Too many concurrent writers.", "Try again in a moment.")

    def require_signature(self, event: Event) -> None:
        """Raise RegistryError unless an allowed signer signed this event, where required."""
        from gatekeeper.registry.signatures import signature_fault

        if self.allowed_signers is None:
            return
        data = self.log.read_bytes(event.sequence)
        if (fault := signature_fault(data, self.allowed_signers)) is not None:
            raise RegistryError(
                f"Event {event.sequence} ({event.type}) {fault}.",
                "Only signed checks count here: run the check again with signing_key set.",
            )

    def _signed(self, event: E) -> E:
        if self.signer is None:
            return event
        from gatekeeper.registry.signatures import signed_bytes

        signature = self.signer(signed_bytes(event.model_dump(mode="json")))
        return event.model_copy(update={"signature": signature})

    def move(self, draft: Draft[M], by: By) -> M:
        """Write one event that moves a channel, then the file that servers read.

        Raises ChannelFileError when the event is recorded but the file could not follow.
        """
        with (
            filesystem_errors("The channel was not moved"),
            staging(self.staging) as staged_in,
        ):
            event = self.commit(draft, staged_in, by)
            try:
                self.channels.write(self.folded().channel(event.channel), staged_in)
            except OSError as problem:
                raise ChannelFileError(
                    f"Event {event.sequence} is recorded, but {self.channels.path(event.channel)} "
                    f"could not be replaced ({problem.strerror}), so servers do not see it yet.",
                    "Fix the cause, then run any gate command, such as `gate status`.",
                    event,
                ) from problem
            return event


def plain(text: str) -> str:
    """Text that can be written as UTF-8; file names may contain bytes that cannot."""
    return text.encode("utf-8", "backslashreplace").decode()
