"""What a move stands on: evidence that is there and whole, and a verdict that follows from it.

Events, verdicts and evidence name one another by digest, but whoever can write to the folder can
write new digests too. What cannot be written is a hold that decides to promote: so the verdict is
decided again before a channel moves. Milliseconds; nothing is scored and nothing heavy imported.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from gatekeeper import __version__
from gatekeeper.errors import GateError, RegistryDamaged, RegistryError
from gatekeeper.evidence import Evidence
from gatekeeper.registry.check_event import check_event
from gatekeeper.registry.events import CheckRecorded, Event
from gatekeeper.registry.evidence_store import EvidenceStore
from gatekeeper.verdict import PastCheck, Verdict

__all__ = ["Fault", "Redecide", "faults_of", "require_standing"]

Redecide = Callable[[Evidence, str, tuple[PastCheck, ...]], Verdict]
"""Decide again from evidence, policy text and history: `decide` behind the policy's parser."""

_RESTORE = "Restore it from git or a backup."
_SAID_TWICE = (
    "candidate_kind",
    "candidate",
    "base_digest",
    "decision",
    "exit_code",
    "policy_name",
    "policy_digest",
    "evidence_digest",
    "task_suites",
    "forgetting_suites",
    "rung",
)
"""Fields of a check's event that evidence and verdict say as well."""


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a check's evidence does not bear out its event."""

    text: str
    """The end of a sentence that begins with the evidence."""
    hint: str
    by_version: bool = False
    """Only the rules differ: another version of gatekeeper decided it."""


def require_standing(
    store: EvidenceStore, check: CheckRecorded, redecide: Redecide | None, *, as_recorded: bool
) -> None:
    """Raise unless the evidence of a check is whole and leads to the verdict of its event.

    `as_recorded` accepts a verdict that another version decided and this one decides otherwise.
    Raises RegistryDamaged when something was changed or is gone, RegistryError for such a verdict.
    """
    for fault in faults_of(store, check, redecide):
        message = f"The evidence of check {check.check_id} {fault.text}."
        if not fault.by_version:
            raise RegistryDamaged(message, f"Nothing was moved. {fault.hint}")
        if not as_recorded:
            raise RegistryError(
                message,
                "Nothing was moved. Check it again, or take the verdict as it is: --as-recorded.",
            )


def faults_of(
    store: EvidenceStore, check: CheckRecorded, redecide: Redecide | None
) -> Iterator[Fault]:
    """What is wrong with a check's evidence; nothing when it bears out the event."""
    try:
        kept = store.load(check.check_id, check.files)
        evidence, verdict, policy_text = kept.evidence, kept.verdict, kept.policy_text
    except RegistryError as problem:
        yield Fault(f"cannot be used: {problem.message}", problem.hint or _RESTORE)
        return
    if evidence.check_id != check.check_id:
        yield Fault("is that of a different check", _RESTORE)
        return
    if verdict.evidence_digest != evidence.digest:
        yield Fault("is not what its verdict is about", _RESTORE)
        return
    if (field := _said_otherwise(check, evidence, verdict)) is not None:
        yield Fault(f"has a different {field} from its event", _RESTORE)
        return
    if redecide is None:
        return
    try:
        again = redecide(evidence, policy_text, verdict.history)
    except GateError as problem:
        yield Fault(f"cannot be decided again: {problem.message}", problem.hint or _RESTORE)
        return
    if (where := _disagreement(_comparable(verdict), _comparable(again))) is not None:
        version = evidence.environment.gatekeeper
        yield Fault(
            f"no longer yields its recorded verdict ({verdict.decision.value}): it now yields "
            f"{again.decision.value}, and differs in {where}",
            "Do not rely on it: check the candidate again."
            if version == __version__
            else f"gatekeeper {version} decided it and this is {__version__}: recompute it with "
            "that one.",
            by_version=version != __version__,
        )


def _said_otherwise(check: CheckRecorded, evidence: Evidence, verdict: Verdict) -> str | None:
    """The first field that the event says otherwise, in words."""
    stamp = check.model_dump(include=set(Event.model_fields) - {"type"})
    manifest = check.object_manifest
    try:
        again = check_event(evidence, verdict, check.files, manifest, check.name, stamp)
    except RegistryError:
        return "decision"  # a promote without a snapshot, which no check records
    for field in _SAID_TWICE:
        if getattr(again, field) != getattr(check, field):
            return field.replace("_", " ")
    return None


_WORDING = frozenset({"missing", "rule_text", "text", "what"})
"""Parameters of a reason that are sentences, or parts of them."""


def _comparable(verdict: Verdict) -> Any:
    """What a verdict means, without what may differ between two versions that decide alike.

    Sentences may be worded better one day; codes and numbers may not change. The lines of the
    user's file are left out because what is kept is the policy with `extends` resolved.
    """
    document = verdict.model_dump(mode="json")
    for rule in document["rules"]:
        del rule["policy_line"]
    for reason in document["reasons"]:
        reason["params"] = {k: v for k, v in reason["params"].items() if k not in _WORDING}
    del document["next_step"]["text"], document["notes"]
    return document


def _disagreement(one: Any, other: Any, where: str = "the verdict") -> str | None:
    """Where two documents differ; numerical libraries may differ in the last bits."""
    if isinstance(one, float) and isinstance(other, float):
        return None if math.isclose(one, other, rel_tol=1e-9, abs_tol=1e-12) else where
    if isinstance(one, dict) and isinstance(other, dict) and one.keys() == other.keys():
        pairs = [(one[key], other[key], key) for key in one]
    elif isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        pairs = [(a, b, where) for a, b in zip(one, other, strict=True)]
    else:
        return None if one == other else where
    return next((found for a, b, key in pairs if (found := _disagreement(a, b, key))), None)
