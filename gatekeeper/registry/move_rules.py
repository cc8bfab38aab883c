"""May this channel move there? Pure: state and request in, permission or a typed refusal out.

These rules are applied again to the newest state whenever another writer was faster, so a move is
never based on what was true a moment ago.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from gatekeeper.digests import short
from gatekeeper.errors import RegistryConflict, RegistryError
from gatekeeper.registry.events import BASE, CHANNEL_PATTERN, CheckRecorded
from gatekeeper.registry.state import Adapter, Channel, Serving, State
from gatekeeper.verdict import Decision

__all__ = [
    "ANYBODY",
    "ChannelRules",
    "Rules",
    "check_channel_name",
    "permit_promotion",
    "refuse_conflict",
    "refuse_outsider",
    "rollback_target",
]

_CHANNEL = re.compile(CHANNEL_PATTERN)


class Rules(Protocol):
    """Who and what may move a channel; `gate.yaml`'s channels have this shape."""

    @property
    def policy(self) -> str | None:
        """Only verdicts under this policy, by name, count."""

    @property
    def source(self) -> str | None:
        """Only what that channel currently serves is accepted."""

    @property
    def protected(self) -> tuple[str, ...]:
        """Only these users may move it; an empty list allows everyone."""


@dataclass(frozen=True, slots=True)
class ChannelRules:
    """Rules as plain values."""

    policy: str | None = None
    source: str | None = None
    protected: tuple[str, ...] = ()


ANYBODY = ChannelRules()


def check_channel_name(name: str) -> None:
    """Raise RegistryError for an invalid channel name: it becomes a file name."""
    if not _CHANNEL.fullmatch(name) or name == BASE:
        raise RegistryError(
            f"{name!r} is not a valid channel name.",
            "Use lower-case letters, digits, dots and dashes, at most 64; not `base`.",
        )


def refuse_outsider(channel: str, rules: Rules, who: str) -> None:
    """Raise RegistryError when the channel is protected and this is not one of its users."""
    if rules.protected and who not in rules.protected:
        raise RegistryError(
            f"Channel {channel} is protected: {who} may not move it.",
            f"Ask one of: {', '.join(rules.protected)}.",
        )


def refuse_conflict(channel: Channel, expected_sequence: int) -> None:
    """Raise RegistryConflict when the channel moved since it was looked at."""
    if channel.serving.sequence != expected_sequence:
        last = channel.moves[-1] if channel.moves else None
        moved = f": {last.who} moved it to {last.target[:19]}" if last else ""
        raise RegistryConflict(
            f"Channel {channel.name} has moved in the meantime (event {channel.serving.sequence})"
            f"{moved}.",
            "Nothing was written. Look at `gate status`, then decide again.",
        )


def permit_promotion(
    state: State,
    channel: str,
    wanted: str,
    rules: Rules,
    base_digest: str | None = None,
) -> CheckRecorded:
    """The check that allows `wanted` (a digest or a check id) to serve on the channel.

    Raises RegistryError with the one thing that is missing.
    """
    check = _deciding_check(state, wanted, rules, state.channel(channel).policy)
    adapter = state.adapters[check.candidate]
    _refuse_other_policy(check, state.channel(channel), adapter)
    _refuse_unfit(adapter, state)
    if check.decision is not Decision.PROMOTE:
        raise RegistryError(
            f"{adapter.label} has no promote verdict: check {check.check_id} ended in "
            f"{check.decision.value}.",
            f"See why with `gate report {check.check_id}`; --force --reason overrides it, on the "
            "record.",
        )
    if adapter.rolled_back_at is not None and check.sequence < adapter.rolled_back_at:
        raise RegistryError(
            f"{adapter.label} was rolled back (event {adapter.rolled_back_at}) after its check "
            f"{check.check_id}.",
            "Check it again: only a newer verdict can bring it back.",
        )
    served = state.channel(channel)
    for expected, what in ((base_digest, "this base is"), (_base(served), f"{channel} runs on")):
        if expected is not None and check.base_digest != expected:
            raise RegistryError(
                f"{adapter.label} was checked against base {short(check.base_digest)}, but {what} "
                f"{short(expected)}.",
                "Check it against this base, or give the other base its own channel.",
            )
    if rules.source is not None and state.channel(rules.source).serving.target != adapter.digest:
        raise RegistryError(
            f"{channel} only accepts what {rules.source} serves, which is "
            f"{state.label(state.channel(rules.source).serving.target)}.",
            f"Run `gate promote {adapter.label} --channel {rules.source}` first.",
        )
    if served.serving.target == adapter.digest:
        raise RegistryError(f"{adapter.label} already serves on {channel}.", "Nothing to do.")
    return check


def _refuse_other_policy(check: CheckRecorded, channel: Channel, adapter: Adapter) -> None:
    """Once a channel has a policy on record, a name is not enough: the content counts."""
    if channel.policy is None or check.policy_digest == channel.policy[1]:
        return
    name, digest = channel.policy
    raise RegistryError(
        f"{adapter.label} was checked under {check.policy_name} ({short(check.policy_digest)}); "
        f"{channel.name} requires {name} ({short(digest)}).",
        "Check it under that policy, or accept another one with `gate registry policy`.",
    )


def _base(channel: Channel) -> str | None:
    return next((m.base_digest for m in reversed(channel.history) if m.base_digest), None)


def _deciding_check(
    state: State, wanted: str, rules: Rules, asked: tuple[str, str] | None
) -> CheckRecorded:
    """A named check, unless a newer one supersedes it; else the newest that counts.

    `asked` is the policy (name, digest) that the channel has on record.
    """
    named = state.checks.get(wanted)
    digest = named.candidate if named else wanted
    if named is not None and named.candidate_kind == "base":
        raise RegistryError(
            f"Check {wanted} compared the base with itself; there is nothing to promote.",
            "To serve the base, use `gate rollback --to base`.",
        )
    adapter = state.adapters.get(digest)
    if adapter is None or not adapter.checks:
        raise RegistryError(
            f"{state.label(digest)} has never been checked here.", "Run `gate check` on it first."
        )
    counting = _under(adapter.checks, rules.policy)
    if not counting:
        raise RegistryError(
            f"{adapter.label} has never been checked under policy {rules.policy!r}.",
            f"Run `gate check --policy {rules.policy}` on it.",
        )
    if named is None:
        under_it = [check for check in counting if asked and check.policy_digest == asked[1]]
        return (under_it or counting)[-1]
    if named not in counting:
        raise RegistryError(
            f"Check {named.check_id} was made under policy {named.policy_name!r}; this channel "
            f"requires {rules.policy!r}.",
            f"Run `gate check --policy {rules.policy}` on it.",
        )
    newest = _under(adapter.checks, named.policy_name)[-1]
    if newest is not named and newest.decision is not Decision.PROMOTE:
        raise RegistryError(
            f"Check {named.check_id} is superseded: {newest.check_id} says "
            f"{newest.decision.value}.",
            f"See why with `gate report {newest.check_id}`.",
        )
    return named


def _under(checks: Iterable[CheckRecorded], policy: str | None) -> list[CheckRecorded]:
    return [check for check in checks if policy is None or check.policy_name == policy]


def _refuse_unfit(adapter: Adapter, state: State) -> None:
    if adapter.retired_at is not None:
        raise RegistryError(
            f"{adapter.label} is retired (event {adapter.retired_at}).",
            "Promote another adapter.",
        )


def rollback_target(state: State, channel: Channel, to: str | None) -> Serving:
    """What a rollback goes back to: the named target, else what served before.

    `to` is `base`, a digest or a check id. Raises RegistryError when the channel never served it,
    when it was itself rolled back, or when there is nothing to go back to.
    """
    if to is None:
        if channel.serving.is_base:
            raise RegistryError(
                f"{channel.name} already serves the base; there is nothing to roll back.",
                "`gate log` shows how it got there.",
            )
        below = (moment for moment in reversed(channel.stack[:-1]) if _fit(state, moment.target))
        return _as_base(channel) if (found := next(below, None)) is None else found
    digest = state.checks[to].candidate if to in state.checks else to
    if digest == channel.serving.target:
        raise RegistryError(
            f"{state.label(digest)} is what {channel.name} serves now.", "Nothing to do."
        )
    if digest == BASE:
        return _as_base(channel)
    if not channel.has_served(digest):
        raise RegistryError(
            f"{channel.name} never served {state.label(digest)}; a rollback only goes back.",
            "To put something new into service, use `gate promote`.",
        )
    if not _fit(state, digest):
        raise RegistryError(
            f"{state.label(digest)} was itself rolled back or retired.",
            "Check it again and promote it, or roll back to the base.",
        )
    return next(moment for moment in reversed(channel.history) if moment.target == digest)


def _fit(state: State, target: str) -> bool:
    if target == BASE:
        return True
    adapter = state.adapters.get(target)
    return adapter is None or not (adapter.retired_at is not None or adapter.needs_new_check)


def _as_base(channel: Channel) -> Serving:
    return Serving(BASE, "base", _base(channel), None, 0, None)
