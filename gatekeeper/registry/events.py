"""Events: what happened, who did it, when and why. One frozen type per kind of event.

They mirror the files in `log/` one to one. Each carries whatever a fold of the log needs, so that
state and lineage are computed without opening another file. The sequence orders them; the time is
only recorded.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    Field,
    SerializerFunctionWrapHandler,
    StringConstraints,
    TypeAdapter,
    ValidationError,
    model_serializer,
)

from gatekeeper.evidence import DetachProof
from gatekeeper.evidence.frozen import Frozen
from gatekeeper.verdict import Decision, PastCheck, Rung

__all__ = [
    "BASE",
    "CHANNEL_PATTERN",
    "EVENT_TYPES",
    "AnyEvent",
    "CheckId",
    "CheckRecorded",
    "ContentDigest",
    "Event",
    "ForcePromoted",
    "Imported",
    "Move",
    "PolicyChanged",
    "Promoted",
    "ProofRecorded",
    "Refused",
    "Rescaled",
    "Retired",
    "RolledBack",
    "RunRecord",
    "UnknownEventError",
    "read_event",
]

BASE = "base"
"""Target of a channel that serves the frozen base, without an adapter."""

SCHEMA: Literal["gatekeeper/event/v1"] = "gatekeeper/event/v1"

ContentDigest = Annotated[str, StringConstraints(pattern=r"^sha256:[0-9a-f]{64}$")]
CheckId = Annotated[str, StringConstraints(pattern=r"^c-[0-9a-f]{12}$")]
CHANNEL_PATTERN = r"^[a-z0-9][a-z0-9._-]{0,63}$"
"""A channel becomes a file name. In `re`, match all of it: `$` alone lets a last newline pass."""
ChannelName = Annotated[str, StringConstraints(pattern=CHANNEL_PATTERN)]
Target = Annotated[str, StringConstraints(pattern=r"^(base|sha256:[0-9a-f]{64})$")]
EVIDENCE_FILES = frozenset({"evidence.json", "verdict.json", "policy.yaml", "samples.jsonl.gz"})
CandidateKind = Literal["adapter", "checkpoint", "base"]


def _all_files(files: dict[str, str]) -> dict[str, str]:
    """These names become paths: exactly these, no others."""
    if set(files) != EVIDENCE_FILES:
        raise ValueError(f"must name {', '.join(sorted(EVIDENCE_FILES))}")
    return files


class UnknownEventError(ValueError):
    """An intact event that this version cannot read."""


class Event(Frozen):
    """What all events have. `previous` is the digest of the event before; it makes the chain."""

    schema_id: Literal["gatekeeper/event/v1"] = SCHEMA
    sequence: int = Field(ge=1)
    previous: ContentDigest | None
    type: str
    at: str
    """UTC, by the writer's clock."""
    who: str
    why: str | None = None
    signature: str | None = None
    """SSH signature over the event without this field."""


class RunRecord(Frozen):
    """The training run behind a candidate, from its manifest."""

    name: str
    digest: ContentDigest
    """Of the whole manifest."""
    method: str
    seed: int | None = None
    dataset: str | None = None
    dataset_digest: str | None = None
    parent: str | None = None
    escalated_from: str | None = None
    rescaled_from: str | None = None


class CheckRecorded(Event):
    """A check ended, whatever its verdict."""

    type: Literal["check-recorded"] = "check-recorded"
    check_id: CheckId
    name: str
    candidate_kind: CandidateKind
    candidate: ContentDigest
    object_manifest: ContentDigest | None
    """Digest of the manifest of its snapshot in `objects/`; None when there is no snapshot."""
    rung: Rung | None = None
    base_name: str
    base_digest: str
    decision: Decision
    exit_code: int
    policy_name: str
    policy_digest: str
    evidence_digest: ContentDigest
    task_suites: dict[str, str] = {}
    forgetting_suites: dict[str, str] = {}
    run: RunRecord | None = None
    files: Annotated[dict[str, ContentDigest], AfterValidator(_all_files)]
    """File in `evidence/<check id>/` -> digest of its bytes."""
    summary: PastCheck | None = None
    """What later checks of the same lineage need to know; None when nothing was scored."""


class Refused(Event):
    """A candidate that was refused before anything was scored."""

    type: Literal["refused"] = "refused"
    name: str
    source: str
    candidate: ContentDigest | None = None
    """None when the files could not even be read."""
    text: str


class Move(Event):
    """A channel moved."""

    channel: ChannelName
    target: Target
    target_kind: CandidateKind
    before: Target
    """What served until now."""
    base_digest: str | None = None
    check_id: CheckId | None = None
    policy_name: str | None = None
    policy_digest: str | None = None


class Promoted(Move):
    """Moved by a promote verdict."""

    type: Literal["promoted"] = "promoted"
    as_recorded: bool = False
    """The verdict is an earlier version's, and was taken as it was recorded."""

    @model_serializer(mode="wrap")
    def _only_when_taken(self, serialize: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Left out when it is not so: earlier versions read these events too."""
        said: dict[str, Any] = serialize(self)
        if not self.as_recorded:
            said.pop("as_recorded")
        return said


class ForcePromoted(Move):
    """Moved against the rules, with a name and a reason."""

    type: Literal["force-promoted"] = "force-promoted"
    overridden: str
    """The refusal that was overridden."""


class RolledBack(Move):
    """Taken out of service; `before` needs a new check to come back."""

    type: Literal["rolled-back"] = "rolled-back"


class Rescaled(Event):
    """A new adapter made from another by scaling its update."""

    type: Literal["rescaled"] = "rescaled"
    source: ContentDigest
    result: ContentDigest
    object_manifest: ContentDigest
    factor: float = Field(allow_inf_nan=False)
    name: str


class Retired(Event):
    """Never to be promoted again; its bytes may be collected once no channel history names it."""

    type: Literal["retired"] = "retired"
    candidate: ContentDigest


class PolicyChanged(Event):
    """From now on a channel requires a different policy."""

    type: Literal["policy-changed"] = "policy-changed"
    channel: ChannelName
    policy_name: str
    policy_digest: str
    before_name: str | None = None
    before_digest: str | None = None


class Imported(Event):
    """A candidate came from elsewhere; it has no check here yet."""

    type: Literal["imported"] = "imported"
    candidate: ContentDigest
    candidate_kind: Literal["adapter", "checkpoint"]
    object_manifest: ContentDigest
    name: str
    source: str
    base_digest: str | None = None


class ProofRecorded(Event):
    """What a channel serves was loaded, detached and compared with a fresh base, bit for bit."""

    type: Literal["proof-recorded"] = "proof-recorded"
    channel: ChannelName
    target: Target
    base_digest: str
    proof: DetachProof


AnyEvent = Annotated[
    CheckRecorded
    | Refused
    | Promoted
    | ForcePromoted
    | RolledBack
    | Rescaled
    | Retired
    | PolicyChanged
    | Imported
    | ProofRecorded,
    Field(discriminator="type"),
]
_READER: TypeAdapter[Any] = TypeAdapter(AnyEvent)
EVENT_TYPES = frozenset(
    {
        "check-recorded",
        "refused",
        "promoted",
        "force-promoted",
        "rolled-back",
        "rescaled",
        "retired",
        "policy-changed",
        "imported",
        "proof-recorded",
    }
)


def read_event(body: bytes) -> Event:
    """Parse one event from its JSON.

    Raises UnknownEventError, in one line, when it is not an event or one of a newer version.
    """
    try:
        event: Event = _READER.validate_json(body)
    except ValidationError as problem:
        first = problem.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"] if part not in EVENT_TYPES)
        raise UnknownEventError(f"{where}: {first['msg']}" if where else first["msg"]) from problem
    return event
