"""`gate report`: the report of a recorded check, in any format."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from gatekeeper.cli.settings_options import registry_option, settings_from
from gatekeeper.errors import RegistryError

if TYPE_CHECKING:
    from gatekeeper.registry import Registry


@click.command("report")
@click.argument("check")
@registry_option
@click.option("--json", "json_to", metavar="FILE|-", help="Write the report as JSON.")
@click.option("--html", "html_to", type=click.Path(path_type=Path), help="Write the HTML report.")
@click.option("--md", "md_to", type=click.Path(path_type=Path), help="Write it as Markdown.")
@click.option("--junit", "junit_to", type=click.Path(path_type=Path), help="Write JUnit XML.")
@click.option("-v", "--verbose", is_flag=True, help="Findings, more flips and the environment.")
def command(
    check: str,
    registry: str | None,
    config: Path | None,
    json_to: str | None,
    html_to: Path | None,
    md_to: Path | None,
    junit_to: Path | None,
    verbose: bool,
) -> None:
    """Show a recorded CHECK (id, adapter name, digest or channel) or write it to files."""
    from gatekeeper.cli.consoles import standard_error, standard_output
    from gatekeeper.cli.report_files import json_text, write_reports, write_text
    from gatekeeper.registry import Registry
    from gatekeeper.report.terminal import print_verdict

    store = Registry.open(settings_from(config, registry=registry).registry)
    check_id = _check_id(store, check)
    evidence, verdict, _ = store.load_check(check_id)
    samples = store.load_samples(check_id)
    written = write_reports(
        evidence, verdict, samples, check_id, html=html_to, md=md_to, junit=junit_to
    )
    if json_to:
        text = json_text([(check_id, evidence, verdict)], written)
        if json_to == "-":
            click.echo(text, nl=False)
        else:
            write_text(Path(json_to), text)
            written["json"] = json_to
    if written:
        for kind, path in written.items():
            click.echo(f"{kind}: {path}", err=True)
        return
    if json_to != "-":
        console = standard_output() if json_to is None else standard_error()
        print_verdict(console, evidence, verdict, samples, verbose=verbose, check_id=check_id)


def _check_id(store: Registry, name: str) -> str:
    """A check as it is named, or the newest check of a candidate or of what a channel serves."""
    found, state = store.resolve(name), store.state()
    if found in state.checks:
        return found
    adapter = state.adapters.get(found)
    if adapter is None or adapter.last_check is None:
        raise RegistryError(f"{name} was never checked here.", "Run `gate check` on it first.")
    return adapter.last_check.check_id
