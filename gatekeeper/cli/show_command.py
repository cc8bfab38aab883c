"""`gate show`: one check, adapter or channel."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gatekeeper.cli.consoles import say
from gatekeeper.cli.name_arguments import CANDIDATE
from gatekeeper.cli.shared_options import registry_option, settings_from

if TYPE_CHECKING:
    from gatekeeper.registry import State
    from gatekeeper.settings import ChannelConfig


@click.command("show")
@click.argument("name", type=CANDIDATE)
@registry_option
def command(name: str, registry: str | None, config: Path | None) -> None:
    """Show NAME: a check, an adapter (name, name@2, digest, folder) or a channel."""
    from gatekeeper.cli.open_registry import named
    from gatekeeper.registry import Registry

    name = named(name)
    settings = settings_from(config, registry=registry)
    store = Registry.open(settings.registry)
    state = store.state()
    if name in state.channels or name in settings.channels:
        lines = _channel(state, name, settings.channels)
        if name in state.names:
            lines.append(f"(an adapter has the same name: gate show {name}@1)")
    elif (found := store.resolve(name)) in state.checks:
        lines = _check(state, found)
    elif found in state.adapters:
        place = store.objects.path(found).resolve()
        lines = _adapter(state, found, place)
    else:
        lines = [f"{name}: the frozen base"]
    for line in lines:
        say(line)


def _check(state: State, check_id: str) -> list[str]:
    from gatekeeper.digests import short

    check = state.checks[check_id]
    rows = [
        ("check", check.check_id),
        ("candidate", f"{check.name}  {check.candidate}"),
        ("verdict", f"{check.decision.value} (exit code {check.exit_code})"),
        ("policy", f"{check.policy_name}  {short(check.policy_digest)}"),
        ("base", f"{check.base_name}  {short(check.base_digest)}"),
        ("suites", ", ".join([*check.task_suites, *check.forgetting_suites])),
        ("recorded", f"{check.at} by {check.who}, event {check.sequence}"),
    ]
    if check.signature:
        rows.append(("signed", f"as {check.who}; `gate registry verify` shows whether it counts"))
    told = [f"{key + ':':<11}{value}" for key, value in rows]
    return [*told, f"report:    gate report {check.check_id}"]


def _adapter(state: State, digest: str, path: Path) -> list[str]:
    adapter = state.adapters[digest]
    lines = [f"{adapter.label}  {adapter.kind}  {digest}", f"  path: {path}"]
    lines += [
        f"  {check.check_id}  {check.decision.value}  {check.policy_name}  {check.at}"
        for check in adapter.checks
    ]
    lines += [
        f"  serves on {name} since event {channel.serving.sequence}"
        for name, channel in state.channels.items()
        if channel.serving.target == digest
    ]
    if adapter.rescaled_from is not None:
        lines.append(f"  rescaled from {state.label(adapter.rescaled_from)}")
    if not adapter.checks:
        lines.append("  has never been checked here")
    if adapter.needs_new_check:
        lines.append("  was rolled back: needs a new check before it can serve again")
    if adapter.retired_at is not None:
        lines.append(f"  retired (event {adapter.retired_at})")
    return lines


def _channel(state: State, name: str, configured: Mapping[str, ChannelConfig]) -> list[str]:
    from gatekeeper.digests import short
    from gatekeeper.registry.event_sentences import told

    channel = state.channel(name)
    serving = channel.serving
    target = (
        "the frozen base" if serving.is_base else f"{state.label(serving.target)}  {serving.target}"
    )
    lines = [f"channel {name} serves {target}"]
    if serving.check_id is not None:
        lines.append(f"  by check {serving.check_id}{'  FORCED' if serving.forced else ''}")
    rules = configured.get(name)
    if channel.policy is not None:
        lines.append(f"  only verdicts under {channel.policy[0]} ({short(channel.policy[1])})")
    elif rules is not None and rules.policy is not None:
        lines.append(f"  only verdicts under the policy named {rules.policy}")
    if rules is not None and rules.source is not None:
        lines.append(f"  only accepts what {rules.source} serves")
    if rules is not None and rules.protected:
        lines.append(f"  can only be moved by {', '.join(rules.protected)}")
    if channel.proofs:
        proof = channel.proofs[-1]
        lines.append(f"  last proof (event {proof.sequence}): {proof.proof.text}")
    lines += [
        f"  {move.sequence:>5}  {move.at}  {move.who}  {told(move, state)}"
        for move in reversed(channel.moves)
    ]
    return lines
