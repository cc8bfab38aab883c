"""`gate status`: what is in service, and what was checked last."""

from __future__ import annotations

from pathlib import Path

import click

from gatekeeper.cli.consoles import say
from gatekeeper.cli.shared_options import registry_option, settings_from

LATEST = 5


@click.command("status")
@registry_option
def command(registry: str | None, config: Path | None) -> None:
    """Show what each channel serves, and what was checked last."""
    from gatekeeper.registry import Registry

    settings = settings_from(config, registry=registry)
    store = Registry.open(settings.registry)
    state = store.state()
    say(f"registry {settings.registry} ({state.sequence} events)")
    for name in sorted({*state.channels, *settings.channels, settings.channel}):
        serving = state.channel(name).serving
        since = f"since event {serving.sequence}" if serving.sequence else "never moved"
        loud = "  FORCED, overriding the gate" if serving.forced else ""
        say(f"  {name:<14} {state.label(serving.target)}  ({since}){loud}")
        if not serving.is_base:
            # Bytes are verified by whatever moves or loads them; this command answers immediately.
            path = store.objects.path(serving.target).resolve()
            say(f"  {'':<14} {path if path.is_dir() else f'MISSING: {path}'}")
    checks = list(state.checks.values())[-LATEST:]
    if not checks:
        say("no checks yet: run gate check ADAPTER")
        return
    say("last checks")
    for check in reversed(checks):
        line = f"  {check.check_id}  {check.decision.value:<9} {check.name}  {check.at}"
        say(line)
