"""The state: what the events add up to. A pure fold; no file is opened here.

A channel keeps a stack of what served, so that "what served before" has one meaning: promotions
push, rollbacks pop, and what was rolled back never comes back by itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from gatekeeper.registry.event_log import Entry
from gatekeeper.registry.events import (
    BASE,
    CheckRecorded,
    Event,
    ForcePromoted,
    Imported,
    Move,
    PolicyChanged,
    ProofRecorded,
    Refused,
    Rescaled,
    Retired,
    RolledBack,
)

__all__ = ["Adapter", "Channel", "Serving", "State", "fold"]


@dataclass(frozen=True, slots=True)
class Serving:
    """One moment of a channel: what it serves, and since which event."""

    target: str
    """Digest, or `base`."""
    kind: str
    base_digest: str | None
    check_id: str | None
    sequence: int
    """Of the event that moved the channel here; 0 before any."""
    event_digest: str | None
    forced: bool = False

    @property
    def is_base(self) -> bool:
        """The frozen base serves, without an adapter."""
        return self.target == BASE


NOTHING_YET = Serving(BASE, "base", None, None, 0, None)


@dataclass(frozen=True, slots=True)
class Channel:
    """A named pointer to what serves, with everything that it ever pointed to."""

    name: str
    serving: Serving = NOTHING_YET
    stack: tuple[Serving, ...] = (NOTHING_YET,)
    """Oldest first; the last one serves."""
    history: tuple[Serving, ...] = ()
    """Every moment, oldest first, rollbacks included."""
    moves: tuple[Move, ...] = ()
    policy: tuple[str, str] | None = None
    """(name, digest) of the policy last set for it, if any."""
    proofs: tuple[ProofRecorded, ...] = ()

    def has_served(self, digest: str) -> bool:
        """Did this channel ever point there?"""
        return digest == BASE or any(moment.target == digest for moment in self.history)


@dataclass(slots=True)
class Adapter:
    """A candidate that the registry knows, by digest."""

    digest: str
    kind: str
    name: str
    version: int
    """`name@version`: counts the digests that were recorded under the name."""
    base_digest: str | None = None
    checks: list[CheckRecorded] = field(default_factory=list)
    object_manifest: str | None = None
    """Digest of the manifest of its snapshot; None when no snapshot was kept."""
    retired_at: int | None = None
    rolled_back_at: int | None = None
    """Sequence of the latest rollback away from it, on any channel."""
    rescaled_from: str | None = None
    rescaled_by: float | None = None

    @property
    def label(self) -> str:
        """For people: `triage-r8@2`."""
        return f"{self.name}@{self.version}"

    @property
    def last_check(self) -> CheckRecorded | None:
        """The newest check."""
        return self.checks[-1] if self.checks else None

    @property
    def needs_new_check(self) -> bool:
        """It was rolled back and has not been checked since."""
        if self.rolled_back_at is None:
            return False
        last = self.last_check
        return last is None or last.sequence < self.rolled_back_at


@dataclass(frozen=True, slots=True)
class State:
    """Everything that the log says, as of `sequence`."""

    sequence: int
    digest: str | None
    """Of the newest event; the next one names it."""
    events: tuple[Event, ...]
    digests: tuple[str, ...]
    """Of the events, in the same order."""
    checks: Mapping[str, CheckRecorded]
    adapters: Mapping[str, Adapter]
    names: Mapping[str, tuple[str, ...]]
    """Adapter name -> digests, oldest first."""
    channels: Mapping[str, Channel]
    refusals: tuple[Refused, ...]

    def channel(self, name: str) -> Channel:
        """A channel; one that never moved serves the base."""
        return self.channels.get(name) or Channel(name)

    def label(self, target: str) -> str:
        """For people: `name@2`, `base`, or the start of a digest."""
        if target in self.adapters:
            return self.adapters[target].label
        return target if target == BASE else target.removeprefix("sha256:")[:12]


def fold(entries: Iterable[Entry]) -> State:
    """Add up a whole log."""
    builder = _Builder()
    for entry in entries:
        builder.add(entry)
    return builder.state()


class _Builder:
    def __init__(self) -> None:
        self.events: list[Event] = []
        self.digests: list[str] = []
        self.checks: dict[str, CheckRecorded] = {}
        self.adapters: dict[str, Adapter] = {}
        self.names: dict[str, list[str]] = {}
        self.channels: dict[str, _ChannelBuilder] = {}
        self.refusals: list[Refused] = []

    def add(self, entry: Entry) -> None:
        event = entry.event
        self.events.append(event)
        self.digests.append(entry.digest)
        if isinstance(event, CheckRecorded):
            self._check(event)
        elif isinstance(event, Move):
            self._channel(event.channel).move(event, entry.digest)
            if isinstance(event, RolledBack) and event.before in self.adapters:
                self.adapters[event.before].rolled_back_at = event.sequence
        elif isinstance(event, Refused):
            self.refusals.append(event)
        elif isinstance(event, Rescaled):
            made = self._adapter(event.result, "adapter", event.name)
            made.rescaled_from = event.source
            made.rescaled_by = event.factor
            made.object_manifest = event.object_manifest
        elif isinstance(event, Retired):
            if event.candidate in self.adapters:
                self.adapters[event.candidate].retired_at = event.sequence
        elif isinstance(event, PolicyChanged):
            self._channel(event.channel).policy = (event.policy_name, event.policy_digest)
        elif isinstance(event, Imported):
            made = self._adapter(event.candidate, event.candidate_kind, event.name)
            made.base_digest = made.base_digest or event.base_digest
            made.object_manifest = event.object_manifest
        elif isinstance(event, ProofRecorded):
            self._channel(event.channel).proofs.append(event)

    def _check(self, event: CheckRecorded) -> None:
        self.checks[event.check_id] = event
        if event.candidate_kind == "base":
            return
        adapter = self._adapter(event.candidate, event.candidate_kind, event.name)
        adapter.checks.append(event)
        adapter.base_digest = event.base_digest
        adapter.object_manifest = event.object_manifest or adapter.object_manifest
        if event.run is not None and event.run.rescaled_from is not None:
            adapter.rescaled_from = adapter.rescaled_from or event.run.rescaled_from

    def _adapter(self, digest: str, kind: str, name: str) -> Adapter:
        if digest not in self.adapters:
            versions = self.names.setdefault(name, [])
            versions.append(digest)
            self.adapters[digest] = Adapter(digest, kind, name, len(versions))
        return self.adapters[digest]

    def _channel(self, name: str) -> _ChannelBuilder:
        return self.channels.setdefault(name, _ChannelBuilder(name))

    def state(self) -> State:
        return State(
            sequence=len(self.events),
            digest=self.digests[-1] if self.digests else None,
            events=tuple(self.events),
            digests=tuple(self.digests),
            checks=self.checks,
            adapters=self.adapters,
            names={name: tuple(digests) for name, digests in self.names.items()},
            channels={name: channel.done() for name, channel in self.channels.items()},
            refusals=tuple(self.refusals),
        )


class _ChannelBuilder:
    def __init__(self, name: str) -> None:
        self.name = name
        self.stack = [NOTHING_YET]
        self.history: list[Serving] = []
        self.moves: list[Move] = []
        self.policy: tuple[str, str] | None = None
        self.proofs: list[ProofRecorded] = []

    def move(self, event: Move, digest: str) -> None:
        now = Serving(
            target=event.target,
            kind=event.target_kind,
            base_digest=event.base_digest,
            check_id=event.check_id,
            sequence=event.sequence,
            event_digest=digest,
            forced=isinstance(event, ForcePromoted),
        )
        self.moves.append(event)
        self.history.append(now)
        if not isinstance(event, RolledBack):
            self.stack.append(now)
            return
        lower = self.stack[:-1]
        while lower and lower[-1].target != event.target:
            lower.pop()
        # Not further down the stack: it takes the place of what was rolled back.
        self.stack = [*(lower[:-1] if lower else self.stack[:-1]), now]

    def done(self) -> Channel:
        return Channel(
            name=self.name,
            serving=self.stack[-1],
            stack=tuple(self.stack),
            history=tuple(self.history),
            moves=tuple(self.moves),
            policy=self.policy,
            proofs=tuple(self.proofs),
        )
