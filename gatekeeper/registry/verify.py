"""Verification: recompute everything, and name what is not as it was recorded.

Read-only: nothing is repaired, moved or rewritten here. An empty list means that every byte that
the log vouches for is unchanged.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gatekeeper import __version__
from gatekeeper.errors import GateError, RegistryError
from gatekeeper.evidence import Evidence
from gatekeeper.registry.event_log import Entry, chain_fault, event_file, parse_entry
from gatekeeper.registry.events import CheckRecorded, UnknownEventError
from gatekeeper.registry.layout import MARKER, open_layout
from gatekeeper.registry.ledger import Ledger
from gatekeeper.registry.sealed_json import SealError
from gatekeeper.registry.state import State, fold
from gatekeeper.verdict import PastCheck, Verdict

__all__ = ["Damage", "Redecide", "verify"]

Redecide = Callable[[Evidence, str, tuple[PastCheck, ...]], Verdict]
"""Decide again from evidence, policy text and history: `decide` behind the policy's parser."""

_RESTORE = "Restore it from git or a backup."


@dataclass(frozen=True, slots=True)
class Damage:
    """One thing that is not as it was recorded."""

    path: str
    """Relative to the registry when it is inside."""
    text: str
    """The end of a sentence that begins with the path."""
    hint: str = _RESTORE


def verify(registry: Ledger, redecide: Redecide | None = None) -> list[Damage]:
    """Check marker, log, chain, evidence, snapshots, signatures and channel files, in order."""
    found: list[tuple[Path, str, str]] = list(_marker(registry))
    entries, log_damage = _log(registry)
    found += log_damage
    state = fold(entries)
    found += _evidence(registry, state, redecide)
    found += _objects(registry, state)
    found += _signatures(registry, entries)
    if not log_damage:
        found += _channels(registry, state)
    return [Damage(_relative(path, registry.root), text, hint) for path, text, hint in found]


def _relative(path: Path, root: Path) -> str:
    return str(path.relative_to(root)) if path.is_relative_to(root) else str(path)


def _marker(registry: Ledger) -> Iterator[tuple[Path, str, str]]:
    try:
        open_layout(registry.root)
    except RegistryError as problem:
        yield registry.root / MARKER, problem.message, problem.hint or _RESTORE


def _log(registry: Ledger) -> tuple[list[Entry], list[tuple[Path, str, str]]]:
    """Every event that can be read; a damaged one does not hide the damage behind it."""
    log, found, entries = registry.log, [], []
    for path in log.strangers():
        found.append((path, "is not an event", "Move it away."))
    numbers = log.numbers()
    previous: str | None = None
    broken = False
    for sequence in range(1, (numbers[-1] if numbers else 0) + 1):
        path = log.folder / event_file(sequence)
        try:
            entry = parse_entry(path.read_bytes())
        except FileNotFoundError:
            found.append((path, "is missing", _RESTORE))
            broken = True
            continue
        except (SealError, UnknownEventError) as problem:
            found.append((path, str(problem), _RESTORE))
            broken = True
            continue
        except OSError as problem:
            found.append((path, f"cannot be read ({problem.strerror})", _RESTORE))
            broken = True
            continue
        # The link across a damaged event cannot be judged, only that across an intact one.
        link = entry.event.previous if broken else previous
        if (fault := chain_fault(entry, sequence, link)) is not None:
            found.append((path, fault, _RESTORE))
        previous, broken = entry.digest, False
        entries.append(entry)
    return entries, found


def _signatures(registry: Ledger, entries: list[Entry]) -> list[tuple[Path, str, str]]:
    """Events that no allowed signer vouches for."""
    found: list[tuple[Path, str, str]] = []
    if registry.allowed_signers is None:
        return found
    from gatekeeper.registry.signatures import signature_fault

    vouched = False
    early: list[tuple[Path, str, str]] = []
    for entry in entries:
        path = registry.log.folder / event_file(entry.event.sequence)
        fault = signature_fault(path.read_bytes(), registry.allowed_signers)
        if fault is None:
            # Through the chain it also vouches for the events before it: signing can begin late.
            vouched = True
        else:
            hint = "Ask its author; events are signed when gate.yaml has a signing_key."
            (early if not vouched and entry.event.signature is None else found).append(
                (path, fault, hint)
            )
    return found if vouched else early + found


def _evidence(
    registry: Ledger, state: State, redecide: Redecide | None
) -> Iterator[tuple[Path, str, str]]:
    for check in state.checks.values():
        faults = registry.evidence.faults(check.check_id, check.files)
        for path, text in faults:
            yield path, text, _RESTORE
        if not faults:
            for text, hint in _meaning(registry, check, redecide):
                yield registry.evidence.path(check.check_id), text, hint


def _meaning(
    registry: Ledger, check: CheckRecorded, redecide: Redecide | None
) -> Iterator[tuple[str, str]]:
    """The bytes are those recorded: do they also agree with the event?"""
    try:
        kept = registry.evidence.load(check.check_id, check.files)
    except RegistryError as problem:
        yield f"cannot be read: {problem.message}", problem.hint or _RESTORE
        return
    evidence, verdict = kept.evidence, kept.verdict
    if (evidence.check_id, evidence.digest) != (check.check_id, check.evidence_digest):
        yield "contains the evidence of a different check", _RESTORE
    if evidence.candidate.digest != check.candidate or evidence.base.digest != check.base_digest:
        yield "is about a different candidate or base from its event", _RESTORE
    if verdict.evidence_digest != evidence.digest or verdict.decision != check.decision:
        yield "contains a different verdict from its event", _RESTORE
    if redecide is None:
        return
    try:
        again = redecide(evidence, kept.policy_text, verdict.history)
    except GateError as problem:
        yield f"cannot be decided again: {problem.message}", problem.hint or _RESTORE
        return
    if (where := _disagreement(_comparable(verdict), _comparable(again))) is not None:
        yield (
            f"no longer yields its recorded verdict ({verdict.decision.value}): it now yields "
            f"{again.decision.value}, and differs in {where}",
            _recompute(evidence.environment.gatekeeper),
        )


_WORDING = frozenset({"missing", "rule_text", "text", "what"})
"""Parameters of a reason that are sentences, or parts of them."""


def _recompute(version: str) -> str:
    if version == __version__:
        return "Do not rely on it: check the candidate again."
    return f"gatekeeper {version} decided it and this is {__version__}: recompute it with that one."


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


def _objects(registry: Ledger, state: State) -> Iterator[tuple[Path, str, str]]:
    objects = registry.objects
    there = set(objects.digests())
    for adapter in state.adapters.values():
        if adapter.object_manifest is None:
            continue
        if adapter.digest not in there:
            needed = any(c.has_served(adapter.digest) for c in state.channels.values())
            if adapter.retired_at is None or needed:
                yield objects.path(adapter.digest), "is missing", _RESTORE
            continue
        fault = objects.fault(adapter.digest, adapter.object_manifest)
        fault = fault or objects.content_fault(adapter.digest)
        if fault is not None:
            yield objects.path(adapter.digest), fault, f"{_RESTORE} Or check {adapter.label} again."
    for digest in sorted(there - set(state.adapters)):
        if (fault := objects.fault(digest)) is not None:
            yield objects.path(digest), fault, "Nothing names it: `gate registry gc` removes it."


def _channels(registry: Ledger, state: State) -> Iterator[tuple[Path, str, str]]:
    files = registry.channels
    fix = "Any gate command that reads the registry rewrites it, such as `gate status`."
    for name, channel in state.channels.items():
        fault = files.fault(channel)
        if fault is not None:
            # Another process may have moved it since the log was read.
            newest = fold(registry.log.read()).channel(name)
            fault = files.fault(newest)
        if fault is not None:
            yield files.path(name), fault, fix
    for path in files.strangers(set(state.channels)):
        yield path, "belongs to a channel that is not in the log", "Move it away."
