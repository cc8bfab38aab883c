"""`gate rollback`: a channel moves back, in a moment and without torch."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gatekeeper.cli.consoles import say
from gatekeeper.cli.name_arguments import CANDIDATE, CHANNEL, require_channel
from gatekeeper.cli.shared_options import registry_option, settings_from
from gatekeeper.extras import require

if TYPE_CHECKING:
    from gatekeeper.registry import Registry
    from gatekeeper.settings import Settings


@click.command("rollback")
@registry_option
@click.option("--channel", type=CHANNEL, help="Channel to move (default: production).")
@click.option(
    "--to",
    type=CANDIDATE,
    metavar="base|DIGEST|CHECK",
    help="What to go back to (default: what served before).",
)
@click.option("--reason", help="Why, for the log.")
@click.option(
    "--prove",
    is_flag=True,
    help="Afterwards, load the base, attach and detach what was rolled back, and compare bits.",
)
@click.option("--base", help="Base model for --prove (default: from gate.yaml).")
@click.option(
    "--unsigned", is_flag=True, help="Go back even when the signing key is not available."
)
def command(
    registry: str | None,
    config: Path | None,
    channel: str | None,
    to: str | None,
    reason: str | None,
    prove: bool,
    base: str | None,
    unsigned: bool,
) -> int:
    """Take what serves out of service; go back to the previous adapter or the base."""
    from gatekeeper.cli.open_registry import open_store
    from gatekeeper.cli.who_and_when import by
    from gatekeeper.settings import ChannelConfig

    if prove:
        require("score", "Nothing was moved: `gate rollback --prove`", "leave --prove out")
    started = time.perf_counter()
    settings = settings_from(config, registry=registry, channel=channel, base=base)
    store = open_store(settings, signed=not unsigned)
    require_channel(store, settings)
    event = store.rollback(
        settings.channel,
        to=to,
        by=by(reason),
        rules=settings.channels.get(settings.channel, ChannelConfig()),
    )
    state = store.state()
    took = 1000 * (time.perf_counter() - started)
    now_serving = "the base" if event.target == "base" else state.label(event.target)
    say(
        f"{settings.channel} serves {now_serving} again (event {event.sequence}, "
        f"{took:.0f} ms; taken out: {state.label(event.before)})."
    )
    if event.target != "base":
        say(f"  path: {store.objects.path(event.target).resolve()}")
    say("  An adapter that was taken out needs a new check before it can serve again.")
    return _prove(store, settings, event.before) if prove else 0


def _prove(store: Registry, settings: Settings, taken_out: str) -> int:
    """Attach what was taken out to the base, detach it, and compare with the fresh load."""
    from gatekeeper.check.prepare_request import base_of
    from gatekeeper.cli.check_progress import progress_on
    from gatekeeper.cli.consoles import standard_error
    from gatekeeper.cli.who_and_when import by
    from gatekeeper.errors import ExitCode
    from gatekeeper.scoring.model.loaded_base import load_base

    if taken_out == "base":
        say("  proof: the base was already being served; there is nothing to detach.")
        return 0
    folder, pin = base_of(settings, [store.object_path(taken_out)])
    with progress_on(standard_error(), quiet=False) as progress:
        with progress.stage("loading the base"):
            loaded = load_base(folder, pin)
        with progress.stage("attaching and detaching"):
            loaded.attach(store.object_path(taken_out), taken_out)
            effect = loaded.prove_effect(taken_out)
            proof = loaded.prove_detach()
    store.record_proof(settings.channel, proof, base_digest=pin.digest, by=by())
    say(f"  attached: logits moved by up to {effect.max_logit_difference:.3g}")
    say(f"  detached: {proof.text}")
    return 0 if proof.identical else int(ExitCode.REFUSED)
