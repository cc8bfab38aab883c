"""What the registry writes besides moves: snapshots, checks, refusals, and links of adapters."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from gatekeeper.errors import RegistryConflict, RegistryDamaged, RegistryError
from gatekeeper.evidence import DetachProof, Evidence, SampleRecord
from gatekeeper.registry.by import By
from gatekeeper.registry.durable_files import filesystem_errors, staging
from gatekeeper.registry.events import (
    CheckRecorded,
    Imported,
    PolicyChanged,
    ProofRecorded,
    Refused,
    Rescaled,
    Retired,
)
from gatekeeper.registry.ledger import Ledger, plain
from gatekeeper.registry.move_rules import ANYBODY, Rules, check_channel_name, refuse_outsider
from gatekeeper.registry.object_store import Kind
from gatekeeper.registry.state import State
from gatekeeper.verdict import Verdict

__all__ = ["Records"]


class Records(Ledger):
    """The writing half of the registry, apart from moves."""

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
        by: By,
    ) -> CheckRecorded:
        """Keep a check permanently. Recording it again returns the existing event.

        Raises RegistryError when the verdict is not about this evidence and policy, or when a
        promote verdict has no snapshot to promote.
        """
        from gatekeeper.registry.check_event import check_event, refuse_mismatch

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
                            f"Check {evidence.check_id} was recorded by another process in the "
                            "meantime.",
                            f"Look at it with `gate show {evidence.check_id}`.",
                        )
                    manifest = self.objects.manifest_digest(evidence.candidate.digest)
                    return check_event(evidence, verdict, files, manifest, name, stamp)

                return self.commit(draft, staged_in, by)

    def record_refusal(
        self,
        *,
        name: str,
        source: str,
        text: str,
        candidate: str | None = None,
        by: By,
    ) -> Refused:
        """Record a candidate that was refused before anything was scored."""
        return self.record(
            lambda state, stamp: Refused(
                **stamp,
                name=plain(name),
                source=plain(source),
                text=plain(text),
                candidate=candidate,
            ),
            by,
        )

    def retire(self, wanted: str, *, by: By) -> Retired:
        """Never promote a candidate again. Raises RegistryError while it serves anywhere."""
        digest = self.candidate(wanted)

        def draft(state: State, stamp: dict[str, Any]) -> Retired:
            adapter = state.adapters[digest]
            if adapter.retired_at is not None:
                raise RegistryError(f"{adapter.label} is already retired.", "Nothing to do.")
            serving = [c.name for c in state.channels.values() if c.serving.target == digest]
            if serving:
                raise RegistryError(
                    f"{adapter.label} serves on {', '.join(serving)}.",
                    f"Run `gate rollback --channel {serving[0]}` first.",
                )
            return Retired(**stamp, candidate=digest)

        return self.record(draft, by)

    def record_proof(
        self, channel: str, proof: DetachProof, *, base_digest: str, by: By
    ) -> ProofRecorded:
        """Record that what a channel serves was compared with a fresh base."""
        check_channel_name(channel)
        return self.record(
            lambda state, stamp: ProofRecorded(
                **stamp,
                channel=channel,
                target=state.channel(channel).serving.target,
                base_digest=base_digest,
                proof=proof,
            ),
            by,
        )

    def record_rescale(
        self,
        source: str,
        folder: Path,
        *,
        factor: float,
        name: str,
        by: By,
    ) -> Rescaled:
        """Store an adapter that was made from another by scaling its update, and link the two."""
        origin = self.candidate(source)
        result = self.store_object(folder, "adapter")
        return self.record(
            lambda state, stamp: Rescaled(
                **stamp,
                source=origin,
                result=result,
                object_manifest=self._manifest(result),
                factor=factor,
                name=plain(name),
            ),
            by,
        )

    def record_import(
        self,
        folder: Path,
        kind: Kind,
        *,
        name: str,
        source: str,
        base_digest: str | None = None,
        by: By,
    ) -> Imported:
        """Store a candidate that came from elsewhere; it still needs its own check."""
        digest = self.store_object(folder, kind)
        return self.record(
            lambda state, stamp: Imported(
                **stamp,
                candidate=digest,
                candidate_kind=kind,
                object_manifest=self._manifest(digest),
                name=plain(name),
                source=plain(source),
                base_digest=base_digest,
            ),
            by,
        )

    def record_policy_change(
        self,
        channel: str,
        policy_name: str,
        policy_digest: str,
        *,
        rules: Rules = ANYBODY,
        by: By,
    ) -> PolicyChanged:
        """Record that only verdicts under this policy move a channel from now on.

        Raises RegistryError when the channel is protected, or already requires this policy.
        """
        check_channel_name(channel)

        def draft(state: State, stamp: dict[str, Any]) -> PolicyChanged:
            refuse_outsider(channel, rules, stamp["who"])
            before = state.channel(channel).policy or (None, None)
            if before[1] == policy_digest:
                raise RegistryError(f"{channel} already requires this policy.", "Nothing to do.")
            return PolicyChanged(
                **stamp,
                channel=channel,
                policy_name=policy_name,
                policy_digest=policy_digest,
                before_name=before[0],
                before_digest=before[1],
            )

        return self.record(draft, by)

    def _manifest(self, digest: str) -> str:
        found = self.objects.manifest_digest(digest)
        if found is None:
            raise RegistryDamaged(f"The snapshot {digest[:19]} is damaged.", "Store it again.")
        return found

    def _refuse_other(self, known: CheckRecorded, evidence: Evidence, verdict: Verdict) -> None:
        if known.evidence_digest != evidence.digest or known.policy_digest != verdict.policy_digest:
            raise RegistryError(
                f"Check {known.check_id} is already recorded, with a different policy or verdict.",
                "Recorded checks never change; use `gate policy replay` to compare policies.",
            )
