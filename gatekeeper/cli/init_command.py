"""`gate init`: the first minute in a new folder. Run again, it overwrites nothing."""

from __future__ import annotations

from pathlib import Path

import click

from gatekeeper.cli.consoles import say
from gatekeeper.errors import ConfigError

SETTINGS = """\
# Settings for this folder. Flags and GATE_* variables override them.
{base}
policy: policies/gate.yaml
suites: [suites]           # folders with your own suites
registry: .gate            # every check, promotion and rollback; commit it or share it
channel: production
"""

POLICY = """\
# When is an adapter good enough to serve?
# `gate policy explain` puts this file into plain sentences.
extends: builtin:default   # also built in: strict, quick, report-only
name: {name}
{task}
forgetting:
  suite: general
  margin: 0.05             # tolerated loss in each capability
"""

TASK = """\
task:
  suite: {suite}
  bar: 0.80                # the adapter must be shown to reach this score
  min_gain: 0.05           # and to beat the base by this much
"""

NO_TASK = """\
# Name your task suite here; without one, nothing can be promoted.
# `gate suite new NAME --from held-out.jsonl ...` creates it from your held-out data.
# task: {suite: NAME, bar: 0.80, min_gain: 0.05}
"""


@click.command("init")
@click.argument("folder", type=click.Path(path_type=Path), default=".")
@click.option("--base", help="Base model: folder, hub id, or embedded name.")
@click.option("--task", "suite", help="Name of your task suite, if you already have one.")
def command(folder: Path, base: str | None, suite: str | None) -> None:
    """Set up gate.yaml, a policy and a registry in FOLDER (default: here)."""
    from gatekeeper.cli.open_registry import create_store
    from gatekeeper.cli.shared_options import settings_from

    try:
        folder.mkdir(parents=True, exist_ok=True)
        base_line = (
            f"base: {base}" if base else "# base: the one in the adapter's config, or name it here"
        )
        task = TASK.format(suite=suite) if suite else NO_TASK
        name = folder.resolve().name or "gate"
        _write(folder / "gate.yaml", SETTINGS.format(base=base_line))
        _write(folder / "policies" / "gate.yaml", POLICY.format(name=name, task=task))
        (folder / "suites").mkdir(exist_ok=True)
    except OSError as problem:
        raise ConfigError(
            f"Cannot set up {folder} ({problem.strerror or problem}).",
            "Check that the folder is writable.",
        ) from problem
    store = create_store(settings_from(folder / "gate.yaml"))
    say(f"ready  {store.root}")
    say()
    say("Next:")
    if not suite:
        say("  gate suite new my-task --from held-out.jsonl --question 'Text: {text}' \\")
        say("      --answer label --train train.jsonl    # ask exactly as you trained")
    say("  gate check path/to/adapter")


def _write(path: Path, text: str) -> None:
    if path.exists():
        say(f"kept   {path}")
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    say(f"wrote  {path}")
