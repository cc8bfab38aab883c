"""Verification: recompute everything, and name what is not as it was recorded.

Read-only: nothing is repaired, moved or rewritten here. An empty list means that every byte that
the log vouches for is unchanged.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from gatekeeper.errors import RegistryError
from gatekeeper.registry.event_log import Entry, chain_fault, event_file, parse_entry
from gatekeeper.registry.events import UnknownEventError
from gatekeeper.registry.layout import MARKER, open_layout
from gatekeeper.registry.ledger import Ledger
from gatekeeper.registry.sealed_json import SealError
from gatekeeper.registry.standing import faults_of
from gatekeeper.registry.state import State, fold

__all__ = ["Damage", "verify"]

_RESTORE = "Restore it from git or a backup."


@dataclass(frozen=True, slots=True)
class Damage:
    """One thing that is not as it was recorded."""

    path: str
    """Relative to the registry when it is inside."""
    text: str
    """The end of a sentence that begins with the path."""
    hint: str = _RESTORE


def verify(registry: Ledger) -> list[Damage]:
    """Check marker, log, chain, evidence, snapshots, signatures and channel files, in order."""
    found: list[tuple[Path, str, str]] = list(_marker(registry))
    entries, log_damage = _log(registry)
    found += log_damage
    state = fold(entries)
    found += _evidence(registry, state)
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


def _evidence(registry: Ledger, state: State) -> Iterator[tuple[Path, str, str]]:
    for check in state.checks.values():
        faults = registry.evidence.faults(check.check_id, check.files)
        for path, text in faults:
            yield path, text, _RESTORE
        if not faults:
            for fault in faults_of(registry.evidence, check, registry.redecide):
                yield registry.evidence.path(check.check_id), fault.text, fault.hint


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
