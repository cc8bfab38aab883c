"""The registry: every write of the tool goes through here, one event each.

A write stages its files, commits one event with put-if-absent, and is only then acknowledged.
Clock and user are arguments. What may be done is in `rules.py`; what the log means is in
`state.py`; verifying, collecting and lineage have files of their own.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import ValidationError

from gatekeeper.errors import RegistryConflict, RegistryDamaged, RegistryError
from gatekeeper.evidence import DetachProof, Evidence, SampleRecord
from gatekeeper.registry.channel_files import ChannelFiles
from gatekeeper.registry.events import (
    BASE,
    CheckRecorded,
    Event,
    ForcePromoted,
    Imported,
    Move,
    PolicyChanged,
    Promoted,
    ProofRecorded,
    Refused,
    Rescaled,
    Retired,
    RolledBack,
)
from gatekeeper.registry.evidence_store import EvidenceStore
from gatekeeper.registry.files import filesystem_errors, staging
from gatekeeper.registry.layout import Layout, create_layout, open_layout
from gatekeeper.registry.log import EventLog, LostRaceError
from gatekeeper.registry.names import resolve
from gatekeeper.registry.objects import Kind, ObjectStore
from gatekeeper.registry.rules import (
    ChannelRules,
    Rules,
    check_channel_name,
    permit_promotion,
    refuse_conflict,
    refuse_outsider,
    rollback_target,
)
from gatekeeper.registry.state import Adapter, State, fold
from gatekeeper.verdict import PastCheck, Verdict

if TYPE_CHECKING:
    from gatekeeper.registry.collection import Collected
    from gatekeeper.registry.lineage import LineageNode
    from gatekeeper.registry.verify import Damage, Redecide

__all__ = ["ChannelFileError", "Registry"]

E = TypeVar("E", bound=Event)
_ATTEMPTS = 10_000
_ANYBODY = ChannelRules()


class ChannelFileError(RegistryError):
    """The event is recorded, but the file that servers read could not be replaced yet."""

    def __init__(self, message: str, hint: str | None, event: Event) -> None:
        super().__init__(message, hint)
        self.event = event


class Registry:
    """One registry on disk. Cheap to open; safe to use from many processes at once."""

    def __init__(self, layout: Layout) -> None:
        self.root = layout.root
        self.objects = ObjectStore(layout.objects)
        self.evidence = EvidenceStore(layout.root / "evidence")
        self.log = EventLog(layout.root / "log")
        self.channels = ChannelFiles(layout.root / "channels", self.objects)
        self.staging = layout.root / "staging"
        self.object_staging = layout.object_staging

    @classmethod
    def open(cls, root: Path) -> Registry:
        """Open a registry. Raises RegistryError when there is none, RegistryDamaged when broken."""
        with filesystem_errors(f"The registry {root} cannot be opened"):
            return cls(open_layout(root))

    @classmethod
    def create(cls, root: Path, *, objects: str | None = None) -> Registry:
        """Create a registry, or open the one that is there.

        `objects` keeps the snapshots elsewhere (relative to the root, or absolute). Raises
        RegistryError when the folder holds something else.
        """
        with filesystem_errors(f"The registry {root} cannot be created"):
            return cls(create_layout(root, objects))

    # Reading

    def state(self) -> State:
        """Fold the log; channel files that are missing or behind are rewritten on the way.

        Raises RegistryDamaged, naming the file, when the log is not whole.
        """
        with filesystem_errors(f"The registry {self.root} cannot be read"):
            state = fold(self.log.read())
            while True:
                try:
                    stale = self.channels.stale(state)
                    break
                except RegistryDamaged:
                    # Somebody may have committed and published between our two reads.
                    newer = fold(self.log.read())
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

    def resolve(self, name: str) -> str:
        """Digest, check id or `base` that a name stands for; see `names.resolve`."""
        return resolve(self.state(), name)

    def load_check(self, check_id: str) -> tuple[Evidence, Verdict, str]:
        """Evidence, verdict and policy text of a check. Raises RegistryDamaged on any change."""
        check = self._check(check_id)
        with filesystem_errors(f"Check {check_id} cannot be read"):
            return self.evidence.load(check_id, check.files)

    def load_samples(self, check_id: str) -> tuple[SampleRecord, ...]:
        """The samples of a check as people read them. Raises RegistryDamaged on any change."""
        check = self._check(check_id)
        with filesystem_errors(f"Check {check_id} cannot be read"):
            return self.evidence.load_samples(check_id, check.files)

    def object_path(self, digest: str) -> Path:
        """Path of a snapshot, every byte verified. Raises RegistryDamaged."""
        adapter = self.state().adapters.get(digest)
        self._require_object(digest, adapter.object_manifest if adapter else None, "")
        return self.objects.path(digest).resolve()

    def past_checks(
        self,
        base_digest: str,
        task_suite_digests: Collection[str],
        dataset_digest: str | None,
    ) -> tuple[PastCheck, ...]:
        """Earlier checks of the same base, task suites and dataset, oldest first."""
        from gatekeeper.registry.history import past_checks

        checks = self.state().checks.values()
        return past_checks(checks, base_digest, task_suite_digests, dataset_digest)

    def lineage(self, name: str) -> LineageNode:
        """The tree around an adapter or check: base, dataset, run, relatives, checks, moves."""
        from gatekeeper.registry.lineage import lineage

        state = self.state()
        return lineage(state, resolve(state, name))

    def verify(self, redecide: Redecide | None = None) -> list[Damage]:
        """Recompute every digest, and with `redecide` every verdict; names what is damaged."""
        from gatekeeper.registry.verify import verify

        return verify(self, redecide)

    def gc(self, *, dry_run: bool = False, min_age: float = 3600.0) -> list[Collected]:
        """Remove what nothing needs and is older than `min_age` seconds."""
        from gatekeeper.registry.collection import collect

        with filesystem_errors("The registry could not be tidied"):
            return collect(self, dry_run=dry_run, min_age=min_age)

    # Writing

    def store_object(self, folder: Path, kind: Kind) -> str:
        """Snapshot a candidate; its digest is computed on the copy. Idempotent.

        Raises AdapterRefused for unsafe or missing files.
        """
        with (
            filesystem_errors("The snapshot could not be stored"),
            staging(self.object_staging) as staged_in,
        ):
            return self.objects.store(folder, kind, staged_in)

    def record_check(
        self,
        evidence: Evidence,
        verdict: Verdict,
        samples: Sequence[SampleRecord],
        policy_text: str,
        *,
        name: str,
        who: str,
        why: str | None = None,
        now: str,
    ) -> CheckRecorded:
        """Keep a check for good. Recording the same one again gives the event that is there.

        Raises RegistryError when the verdict is not about this evidence and policy, or when a
        promote verdict has no snapshot to promote.
        """
        from gatekeeper.registry.recording import check_event, refuse_mismatch

        refuse_mismatch(evidence, verdict, policy_text)
        with filesystem_errors("The check could not be recorded"):
            known = self.state().checks.get(evidence.check_id)
            if known is not None:
                self._refuse_other(known, evidence, verdict)
                return known
            with staging(self.staging) as staged_in:
                files = self.evidence.stage(evidence, verdict, samples, policy_text, staged_in)
                self.evidence.place(evidence.check_id, staged_in)

                def draft(state: State, stamp: dict[str, Any]) -> CheckRecorded:
                    if evidence.check_id in state.checks:
                        raise RegistryConflict(
                            f"Check {evidence.check_id} was recorded by somebody else meanwhile.",
                            f"Look at it with `gate show {evidence.check_id}`.",
                        )
                    manifest = self.objects.manifest_digest(evidence.candidate.digest)
                    return check_event(evidence, verdict, files, manifest, name, stamp)

                return self._commit(draft, staged_in, who, why, now)

    def record_refusal(
        self,
        *,
        name: str,
        source: str,
        text: str,
        candidate: str | None = None,
        who: str,
        why: str | None = None,
        now: str,
    ) -> Refused:
        """Record a candidate that was turned away before anything was scored."""
        return self._record(
            lambda state, stamp: Refused(
                **stamp,
                name=_plain(name),
                source=_plain(source),
                text=_plain(text),
                candidate=candidate,
            ),
            who,
            why,
            now,
        )

    def promote(
        self,
        channel: str,
        wanted: str,
        *,
        who: str,
        why: str | None = None,
        now: str,
        rules: Rules = _ANYBODY,
        base_digest: str | None = None,
        force: bool = False,
        expected_sequence: int | None = None,
    ) -> Promoted | ForcePromoted:
        """Put a checked candidate into service.

        `wanted` is a digest, a check id or a name; `base_digest`, when given, is the base that
        serves. `force` overrides a missing verdict, never a protected channel or damaged bytes,
        needs a reason and is recorded as what it is. Raises RegistryError with what is missing,
        RegistryConflict when the channel moved since `expected_sequence` (by default: since this
        call began).
        """
        check_channel_name(channel)
        begun = self.state()
        target = resolve(begun, wanted)
        seen = _seen(begun, channel, expected_sequence)

        def draft(state: State, stamp: dict[str, Any]) -> Promoted | ForcePromoted:
            refuse_outsider(channel, rules, who)
            refuse_conflict(state.channel(channel), seen)
            try:
                check = permit_promotion(state, channel, target, rules, base_digest)
            except RegistryError as refusal:
                if not force:
                    raise
                return self._forced(state, stamp, channel, target, refusal)
            adapter = state.adapters[check.candidate]
            self._require_object(adapter.digest, adapter.object_manifest, adapter.label)
            return Promoted(
                **stamp,
                channel=channel,
                target=adapter.digest,
                target_kind=check.candidate_kind,
                before=state.channel(channel).serving.target,
                base_digest=check.base_digest,
                check_id=check.check_id,
                policy_name=check.policy_name,
                policy_digest=check.policy_digest,
            )

        return self._move(draft, who, why, now)

    def rollback(
        self,
        channel: str,
        *,
        to: str | None = None,
        who: str,
        why: str | None = None,
        now: str,
        rules: Rules = _ANYBODY,
        expected_sequence: int | None = None,
    ) -> RolledBack:
        """Take what serves out of service: back to what served before, or to `to`.

        Verifies the target's bytes before it moves anything. Raises RegistryError when there is
        nothing to go back to, RegistryDamaged when the target's snapshot is, RegistryConflict
        when the channel moved meanwhile.
        """
        check_channel_name(channel)
        begun = self.state()
        wanted = None if to is None else resolve(begun, to)
        seen = _seen(begun, channel, expected_sequence)

        def draft(state: State, stamp: dict[str, Any]) -> RolledBack:
            refuse_outsider(channel, rules, who)
            now_serving = state.channel(channel)
            refuse_conflict(now_serving, seen)
            target = rollback_target(state, now_serving, wanted)
            if not target.is_base:
                adapter = state.adapters[target.target]
                self._require_object(adapter.digest, adapter.object_manifest, adapter.label)
            check = state.checks.get(target.check_id or "")
            return RolledBack(
                **stamp,
                channel=channel,
                target=target.target,
                target_kind=target.kind,
                before=now_serving.serving.target,
                base_digest=target.base_digest,
                check_id=target.check_id,
                policy_name=check.policy_name if check else None,
                policy_digest=check.policy_digest if check else None,
            )

        return self._move(draft, who, why, now)

    def retire(self, wanted: str, *, who: str, why: str | None = None, now: str) -> Retired:
        """Never promote a candidate again. Raises RegistryError while it serves anywhere."""
        digest = self._candidate(wanted)

        def draft(state: State, stamp: dict[str, Any]) -> Retired:
            adapter = state.adapters[digest]
            if adapter.retired_at is not None:
                raise RegistryError(f"{adapter.label} is retired already.", "Nothing to do.")
            serving = [c.name for c in state.channels.values() if c.serving.target == digest]
            if serving:
                raise RegistryError(
                    f"{adapter.label} serves on {', '.join(serving)}.",
                    f"Run `gate rollback --channel {serving[0]}` first.",
                )
            return Retired(**stamp, candidate=digest)

        return self._record(draft, who, why, now)

    def record_proof(
        self, channel: str, proof: DetachProof, *, base_digest: str, who: str, now: str
    ) -> ProofRecorded:
        """Record that what a channel serves was compared with a fresh base."""
        check_channel_name(channel)
        return self._record(
            lambda state, stamp: ProofRecorded(
                **stamp,
                channel=channel,
                target=state.channel(channel).serving.target,
                base_digest=base_digest,
                proof=proof,
            ),
            who,
            None,
            now,
        )

    def record_rescale(
        self,
        source: str,
        folder: Path,
        *,
        factor: float,
        name: str,
        who: str,
        why: str | None = None,
        now: str,
    ) -> Rescaled:
        """Store an adapter that was made from another by scaling its update, and link the two."""
        origin = self._candidate(source)
        result = self.store_object(folder, "adapter")
        return self._record(
            lambda state, stamp: Rescaled(
                **stamp,
                source=origin,
                result=result,
                object_manifest=self._manifest(result),
                factor=factor,
                name=_plain(name),
            ),
            who,
            why,
            now,
        )

    def record_import(
        self,
        folder: Path,
        kind: Kind,
        *,
        name: str,
        source: str,
        base_digest: str | None = None,
        who: str,
        why: str | None = None,
        now: str,
    ) -> Imported:
        """Store a candidate that came from elsewhere; it still needs a check of its own."""
        digest = self.store_object(folder, kind)
        return self._record(
            lambda state, stamp: Imported(
                **stamp,
                candidate=digest,
                candidate_kind=kind,
                object_manifest=self._manifest(digest),
                name=_plain(name),
                source=_plain(source),
                base_digest=base_digest,
            ),
            who,
            why,
            now,
        )

    def record_policy_change(
        self,
        channel: str,
        policy_name: str,
        policy_digest: str,
        *,
        who: str,
        why: str | None = None,
        now: str,
    ) -> PolicyChanged:
        """Record that a channel asks for another policy from now on."""
        check_channel_name(channel)

        def draft(state: State, stamp: dict[str, Any]) -> PolicyChanged:
            before = state.channel(channel).policy or (None, None)
            return PolicyChanged(
                **stamp,
                channel=channel,
                policy_name=policy_name,
                policy_digest=policy_digest,
                before_name=before[0],
                before_digest=before[1],
            )

        return self._record(draft, who, why, now)

    # How every write is made

    def _record(
        self,
        draft: Callable[[State, dict[str, Any]], E],
        who: str,
        why: str | None,
        now: str,
    ) -> E:
        with (
            filesystem_errors("The event could not be recorded"),
            staging(self.staging) as staged_in,
        ):
            return self._commit(draft, staged_in, who, why, now)

    def _commit(
        self,
        draft: Callable[[State, dict[str, Any]], E],
        staged_in: Path,
        who: str,
        why: str | None,
        now: str,
    ) -> E:
        """Decide on the newest state and append; when somebody was faster, decide again."""
        for _ in range(_ATTEMPTS):
            state = fold(self.log.read())
            stamp: dict[str, Any] = {
                "sequence": state.sequence + 1,
                "previous": state.digest,
                "at": now,
                "who": _plain(who),
                "why": None if why is None else _plain(why),
            }
            try:
                event = draft(state, stamp)
                self.log.append(event, staged_in)
            except LostRaceError:
                continue
            except ValidationError as problem:
                first = problem.errors()[0]
                where = ".".join(str(part) for part in first["loc"])
                raise RegistryError(f"{where}: {first['msg']}.", "Correct the value.") from problem
            return event
        raise RegistryConflict("Too many others are writing.", "Try again in a moment.")

    def _move(
        self, draft: Callable[[State, dict[str, Any]], E], who: str, why: str | None, now: str
    ) -> E:
        with (
            filesystem_errors("The channel was not moved"),
            staging(self.staging) as staged_in,
        ):
            event = self._commit(draft, staged_in, who, why, now)
            assert isinstance(event, Move)
            try:
                self.channels.write(fold(self.log.read()).channel(event.channel), staged_in)
            except OSError as problem:
                raise ChannelFileError(
                    f"Event {event.sequence} is recorded, but {self.channels.path(event.channel)} "
                    f"could not be replaced ({problem.strerror}): servers do not see it yet.",
                    "Mend the cause, then run any gate command, such as `gate status`.",
                    event,
                ) from problem
            return event

    def _forced(
        self,
        state: State,
        stamp: dict[str, Any],
        channel: str,
        wanted: str,
        refusal: RegistryError,
    ) -> ForcePromoted:
        check = state.checks.get(wanted)
        digest = check.candidate if check else wanted
        adapter = state.adapters.get(digest)
        served = state.channel(channel).serving.target
        if adapter is None or adapter.retired_at is not None or served == digest:
            raise refusal
        if not (stamp["why"] or "").strip():
            raise RegistryError(
                f"Forcing needs a reason. What it overrides: {refusal.message}", "Add --reason."
            )
        self._require_object(digest, adapter.object_manifest, adapter.label)
        last = check or adapter.last_check
        return ForcePromoted(
            **stamp,
            channel=channel,
            target=digest,
            target_kind=adapter.kind,
            before=served,
            base_digest=adapter.base_digest,
            check_id=last.check_id if last else None,
            policy_name=last.policy_name if last else None,
            policy_digest=last.policy_digest if last else None,
            overridden=refusal.message,
        )

    def _require_object(self, digest: str, manifest: str | None, label: str) -> None:
        if digest == BASE:
            raise RegistryError("The base has no snapshot here.", "Load the base itself.")
        if (fault := self.objects.fault(digest, manifest)) is not None:
            raise RegistryDamaged(
                f"The snapshot of {label or digest[:19]} {fault}.",
                "Restore objects/ from git or a backup, go to another target, or run "
                "`gate rollback --to base`, which needs no snapshot.",
            )

    def _manifest(self, digest: str) -> str:
        found = self.objects.manifest_digest(digest)
        if found is None:
            raise RegistryDamaged(f"The snapshot {digest[:19]} is damaged.", "Store it again.")
        return found

    def _candidate(self, wanted: str) -> str:
        state = self.state()
        found = resolve(state, wanted)
        digest = state.checks[found].candidate if found in state.checks else found
        adapter: Adapter | None = state.adapters.get(digest)
        if adapter is None:
            raise RegistryError(f"{wanted!r} is no candidate.", "Name an adapter or its check.")
        return adapter.digest

    def _check(self, check_id: str) -> CheckRecorded:
        state = self.state()
        check = state.checks.get(check_id)
        if check is None:
            raise RegistryError(f"There is no check {check_id}.", "`gate log` shows all.")
        return check

    def _refuse_other(self, known: CheckRecorded, evidence: Evidence, verdict: Verdict) -> None:
        if known.evidence_digest != evidence.digest or known.policy_digest != verdict.policy_digest:
            raise RegistryError(
                f"Check {known.check_id} is recorded already, with another policy or verdict.",
                "Recorded checks never change; use `gate policy replay` to compare policies.",
            )


def _seen(state: State, channel: str, expected_sequence: int | None) -> int:
    if expected_sequence is not None:
        return expected_sequence
    return state.channel(channel).serving.sequence


def _plain(text: str) -> str:
    """Text that can be written as UTF-8; file names may hold bytes that cannot."""
    return text.encode("utf-8", "backslashreplace").decode()
