"""`gate diff`: what differs between two checks, in and out."""

from __future__ import annotations

from pathlib import Path

import click

from gatekeeper.cli.name_arguments import CANDIDATE
from gatekeeper.cli.shared_options import registry_option, settings_from


@click.command("diff")
@click.argument("before", metavar="CHECK1", type=CANDIDATE)
@click.argument("after", metavar="CHECK2", type=CANDIDATE)
@registry_option
@click.option("--json", "as_json", is_flag=True, help="As JSON on stdout.")
def command(
    before: str, after: str, registry: str | None, config: Path | None, as_json: bool
) -> None:
    """What differs between two checks: pins, policy, outcomes, and every rule that changed.

    Each is a check id, or a candidate or channel, of which the newest check counts. Whether one
    candidate is better than another is what `gate compare` says.
    """
    from gatekeeper.cli.consoles import standard_output
    from gatekeeper.cli.name_arguments import check_named
    from gatekeeper.comparison.checks import difference
    from gatekeeper.registry import Registry
    from gatekeeper.report.terminal.difference_screen import print_difference

    store = Registry.open(settings_from(config, registry=registry).registry)
    first, second = (store.load_check(check_named(store, name)) for name in (before, after))
    found = difference(first, second)
    if as_json:
        click.echo(found.model_dump_json(indent=2))
    else:
        print_difference(standard_output(), found)
