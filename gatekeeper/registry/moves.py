"""How a channel moves: the events of promotion and rollback, made from the newest state.

What is allowed is in `move_rules.py`; here the permission becomes an event, after the bytes of the
target have been verified.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from gatekeeper.errors import RegistryError
from gatekeeper.registry.events import ForcePromoted, Promoted, RolledBack
from gatekeeper.registry.ledger import Ledger
from gatekeeper.registry.move_rules import (
    Rules,
    permit_promotion,
    refuse_conflict,
    refuse_outsider,
    rollback_target,
)
from gatekeeper.registry.state import State

__all__ = ["MoveRequest", "promotion", "rollback"]


@dataclass(frozen=True, slots=True)
class MoveRequest:
    """Who wants to move which channel, where to, under which rules."""

    channel: str
    wanted: str | None
    """Digest, check id or `base`; None for what served before."""
    who: str
    rules: Rules
    seen: int
    """The channel's sequence on which the request was based."""
    base_digest: str | None = None
    force: bool = False
    as_recorded: bool = False
    """Accept a verdict that an earlier version decided and this one decides otherwise."""


def promotion(
    ledger: Ledger, request: MoveRequest, state: State, stamp: dict[str, Any]
) -> Promoted | ForcePromoted:
    """The event of a promotion. Raises RegistryError with the one thing that is missing."""
    channel = request.channel
    refuse_outsider(channel, request.rules, request.who)
    refuse_conflict(state.channel(channel), request.seen)
    try:
        check = permit_promotion(
            state, channel, request.wanted or "", request.rules, request.base_digest
        )
        ledger.require_signature(check)
        ledger.require_standing(check, as_recorded=request.as_recorded)
    except RegistryError as refusal:
        if not request.force:
            raise
        return _forced(ledger, request, state, stamp, refusal)
    adapter = state.adapters[check.candidate]
    ledger.require_object(adapter.digest, adapter.object_manifest, adapter.label)
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
        as_recorded=request.as_recorded,
    )


def _forced(
    ledger: Ledger,
    request: MoveRequest,
    state: State,
    stamp: dict[str, Any],
    refusal: RegistryError,
) -> ForcePromoted:
    wanted = request.wanted or ""
    check = state.checks.get(wanted)
    digest = check.candidate if check else wanted
    adapter = state.adapters.get(digest)
    served = state.channel(request.channel).serving.target
    if adapter is None or adapter.retired_at is not None or served == digest:
        raise refusal
    if not (stamp["why"] or "").strip():
        raise RegistryError(
            f"Forcing needs a reason. It would override: {refusal.message}", "Add --reason."
        )
    ledger.require_object(digest, adapter.object_manifest, adapter.label)
    last = check or adapter.last_check
    return ForcePromoted(
        **stamp,
        channel=request.channel,
        target=digest,
        target_kind=adapter.kind,
        before=served,
        base_digest=adapter.base_digest,
        check_id=last.check_id if last else None,
        policy_name=last.policy_name if last else None,
        policy_digest=last.policy_digest if last else None,
        overridden=refusal.message,
    )


def rollback(
    ledger: Ledger, request: MoveRequest, state: State, stamp: dict[str, Any]
) -> RolledBack:
    """The event of a rollback. Raises RegistryError when there is nothing to go back to."""
    channel = request.channel
    refuse_outsider(channel, request.rules, request.who)
    now_serving = state.channel(channel)
    refuse_conflict(now_serving, request.seen)
    target = rollback_target(state, now_serving, request.wanted)
    if not target.is_base:
        ledger.require_sound(state, channel, target)
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
