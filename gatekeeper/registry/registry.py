"""The registry: everything that can be read from it and written to it, one event per write.

Clock and user are arguments. How a write is made is in `ledger.py`, when a channel may move in
`move_rules.py`, what the log means in `state.py`; verify, gc and lineage have their own files.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from gatekeeper.errors import GateError, RegistryError
from gatekeeper.registry.by import By
from gatekeeper.registry.durable_files import filesystem_errors
from gatekeeper.registry.events import (
    CheckRecorded,
    ForcePromoted,
    Promoted,
    RolledBack,
)
from gatekeeper.registry.move_rules import ANYBODY, Rules, check_channel_name
from gatekeeper.registry.moves import MoveRequest, promotion, rollback
from gatekeeper.registry.name_lookup import resolve
from gatekeeper.registry.records import Records
from gatekeeper.registry.state import State
from gatekeeper.verdict import PastCheck
from gatekeeper.verdict.recorded_check import RecordedCheck

if TYPE_CHECKING:
    from gatekeeper.registry.lineage import LineageNode
    from gatekeeper.registry.unneeded import Collected
    from gatekeeper.registry.verify import Damage

__all__ = ["Registry"]


class Registry(Records):
    """One registry on disk. Cheap to open; safe to use from many processes at once."""

    # Reading

    def load_check(self, check_id: str) -> RecordedCheck:
        """A check as it was recorded.

        Raises RegistryError when there is none, RegistryDamaged on any change to it; for its
        samples, when they are first asked for.
        """
        check = self._check(check_id)
        with filesystem_errors(f"Check {check_id} cannot be read"):
            return self.evidence.load(check_id, check.files)

    def load_checks(
        self, check_ids: Iterable[str], skipped: list[GateError]
    ) -> Iterator[RecordedCheck]:
        """Checks one after another. One that cannot be read goes into `skipped`, and the rest on:
        a single damaged or unknown file must not take the whole registry's reports with it."""
        for check_id in check_ids:
            try:
                yield self.load_check(check_id)
            except GateError as problem:
                skipped.append(problem)

    def object_path(self, digest: str) -> Path:
        """Path of a snapshot, every byte verified. Raises RegistryDamaged."""
        adapter = self.state().adapters.get(digest)
        self.require_object(digest, adapter.object_manifest if adapter else None, "")
        return self.objects.path(digest).resolve()

    def past_checks(
        self,
        base_digest: str,
        task_suite_digests: Collection[str],
        dataset_digest: str | None,
    ) -> tuple[PastCheck, ...]:
        """Earlier checks of the same base, task suites and dataset, oldest first."""
        from gatekeeper.registry.check_summaries import past_checks

        checks = self.state().checks.values()
        return past_checks(checks, base_digest, task_suite_digests, dataset_digest)

    def lineage(self, name: str) -> LineageNode:
        """The tree around an adapter or check: base, dataset, run, relatives, checks, moves."""
        from gatekeeper.registry.lineage import lineage

        state = self.state()
        return lineage(state, resolve(state, name))

    def verify(self) -> list[Damage]:
        """Recompute every digest, and every verdict where possible; name what is damaged."""
        from gatekeeper.registry.verify import verify

        return verify(self)

    def gc(self, *, dry_run: bool = False, min_age: float = 3600.0) -> list[Collected]:
        """Remove what nothing needs and what is older than `min_age` seconds."""
        from gatekeeper.registry.unneeded import collect

        with filesystem_errors("The registry could not be tidied"):
            return collect(self, dry_run=dry_run, min_age=min_age)

    # Moving

    def promote(
        self,
        channel: str,
        wanted: str,
        *,
        by: By,
        rules: Rules = ANYBODY,
        base_digest: str | None = None,
        force: bool = False,
        as_recorded: bool = False,
        expected_sequence: int | None = None,
    ) -> Promoted | ForcePromoted:
        """Put a checked candidate into service.

        `wanted` is a digest, a check id or a name; `base_digest`, when given, is the base that
        serves. `force` overrides a missing verdict, never a protected channel or damaged bytes,
        needs a reason and is recorded as such. `as_recorded` accepts a verdict that an earlier
        version decided and this one would not give. Raises RegistryError with what is missing,
        RegistryDamaged when evidence or snapshot are not what the log says,
        RegistryConflict when the channel moved since `expected_sequence` (by default: since this
        call began).
        """
        check_channel_name(channel)
        begun = self.state()
        seen = _seen(begun, channel, expected_sequence)
        target = resolve(begun, wanted)
        request = MoveRequest(channel, target, by.who, rules, seen, base_digest, force, as_recorded)
        return self.move(partial(promotion, self, request), by)

    def rollback(
        self,
        channel: str,
        *,
        to: str | None = None,
        by: By,
        rules: Rules = ANYBODY,
        expected_sequence: int | None = None,
    ) -> RolledBack:
        """Take what serves out of service: back to what served before, or to `to`.

        Verifies the target's bytes before it moves anything. Raises RegistryError when there is
        nothing to go back to, RegistryDamaged when the target's snapshot is damaged,
        RegistryConflict when the channel moved in the meantime.
        """
        check_channel_name(channel)
        begun = self.state()
        seen = _seen(begun, channel, expected_sequence)
        target = None if to is None else resolve(begun, to)
        request = MoveRequest(channel, target, by.who, rules, seen)
        return self.move(partial(rollback, self, request), by)

    def _check(self, check_id: str) -> CheckRecorded:
        state = self.state()
        check = state.checks.get(check_id)
        if check is None:
            raise RegistryError(f"There is no check {check_id}.", "`gate log` lists all checks.")
        return check


def _seen(state: State, channel: str, expected_sequence: int | None) -> int:
    if expected_sequence is not None:
        return expected_sequence
    return state.channel(channel).serving.sequence
