"""`gate diff`: what differs between two checks, in their inputs and outcomes."""

from __future__ import annotations

from pathlib import Path

import click

from gatekeeper.cli.name_arguments import CANDIDATE
from gatekeeper.cli.shared_options import registry_option, settings_from


@click.command("diff")
@click.argument("before", metavar="CHECK1", type=CANDIDATE)
@click.argument("after", metavar="CHECK2", type=CANDIDATE)
@registry_option
@click.option("--json", "as_json", is_flag=True, help="Print JSON on stdout.")
def command(
    before: str, after: str, registry: str | None, config: Path | None, as_json: bool
) -> None:
    """Show what differs between two checks: pins, policy, outcomes, and every changed rule.

    Each is a check id, or a candidate or channel, of which the newest check counts. To find out
    whether one candidate is better than another, use `gate compare`.
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
