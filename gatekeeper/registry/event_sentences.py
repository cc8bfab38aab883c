"""One line about an event, for people. Pure; the caller makes it safe for a terminal."""

from __future__ import annotations

from gatekeeper.digests import short
from gatekeeper.registry import events
from gatekeeper.registry.state import State

__all__ = ["told"]


def told(event: events.Event, state: State) -> str:
    """What happened, in one line without time and author."""
    if isinstance(event, events.CheckRecorded):
        return f"check {event.check_id} {event.name}: {event.decision.value} ({event.policy_name})"
    if isinstance(event, events.Move):
        return _move(event, state)
    if isinstance(event, events.Refused):
        return f"refused {event.name}: {event.text}"
    if isinstance(event, events.Rescaled):
        made, source = state.label(event.result), state.label(event.source)
        return f"rescaled {source} by {event.factor:g}: {made}"
    if isinstance(event, events.Retired):
        return f"retired {state.label(event.candidate)}"
    if isinstance(event, events.PolicyChanged):
        before = f" (was {event.before_name} {short(event.before_digest or '')})"
        return (
            f"policy of {event.channel}: {event.policy_name} {short(event.policy_digest)}"
            f"{before if event.before_name else ''}"
        )
    if isinstance(event, events.Imported):
        return f"imported {state.label(event.candidate)} from {event.source}"
    if isinstance(event, events.ProofRecorded):
        held = "the base came back bit for bit" if event.proof.identical else "PROOF FAILED"
        return f"proof on {event.channel}: {held}"
    return event.type


def _move(event: events.Move, state: State) -> str:
    target, before = state.label(event.target), state.label(event.before)
    if isinstance(event, events.RolledBack):
        return f"rolled back {event.channel} -> {target} (taken out: {before})"
    what = "FORCED" if isinstance(event, events.ForcePromoted) else "promoted"
    taken = ", its verdict as it was recorded" if getattr(event, "as_recorded", False) else ""
    return f"{what} {event.channel} -> {target} (before: {before}{taken})"
