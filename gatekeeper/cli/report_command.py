"""`gate report`: the report of a recorded check in any format, or of the whole registry."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from gatekeeper.cli.consoles import say
from gatekeeper.cli.name_arguments import CANDIDATE, check_named
from gatekeeper.cli.report_files import REPORT, takes_stdout
from gatekeeper.cli.shared_options import registry_option, settings_from
from gatekeeper.errors import ConfigError

if TYPE_CHECKING:
    from gatekeeper.registry import Registry


@click.command("report")
@click.argument("check", required=False, type=CANDIDATE)
@registry_option
@click.option("--json", "json_to", metavar="FILE|-", help="Write the report as JSON.")
@click.option("--html", "html_to", type=REPORT, metavar="FILE|-", help="Write the HTML report.")
@click.option("--md", "md_to", type=REPORT, metavar="FILE|-", help="Write it as Markdown.")
@click.option("--junit", "junit_to", type=REPORT, metavar="FILE|-", help="Write JUnit XML.")
@click.option(
    "--all",
    "all_to",
    metavar="DIR",
    type=click.Path(path_type=Path, file_okay=False),
    help="Write a small site over the whole registry: channels, checks, trends.",
)
@click.option("-q", "--quiet", is_flag=True, help="Only the verdict, in one line.")
@click.option("-v", "--verbose", is_flag=True, help="Findings, more flips and the environment.")
def command(
    check: str | None,
    registry: str | None,
    config: Path | None,
    json_to: str | None,
    html_to: Path | None,
    md_to: Path | None,
    junit_to: Path | None,
    all_to: Path | None,
    quiet: bool,
    verbose: bool,
) -> None:
    """Show a recorded CHECK (id, adapter name, digest or channel) or write it to files."""
    from gatekeeper.registry import Registry

    if (check is None) == (all_to is None):
        raise click.UsageError("Give a CHECK, or --all DIR for the whole registry.")
    silent = takes_stdout(json_to, html_to, md_to, junit_to)
    store = Registry.open(settings_from(config, registry=registry).registry)
    if all_to is not None:
        say(_write_site(store, all_to))
    elif check is not None:
        check_id = check_named(store, check)
        written = _write(store, check_id, html_to, md_to, junit_to, json_to)
        if not written and not silent:
            _show(store, check_id, quiet, verbose)
        for kind, path in written.items():
            say(f"{kind}: {path}", err=True)


def _write(
    store: Registry,
    check_id: str,
    html_to: Path | None,
    md_to: Path | None,
    junit_to: Path | None,
    json_to: str | None,
) -> dict[str, str]:
    """Write the formats that were asked for; give back format -> path."""
    from gatekeeper.cli.report_files import json_text, write_reports, write_text

    evidence, verdict, _ = store.load_check(check_id)
    written = write_reports(
        evidence, verdict, store.load_samples(check_id), check_id,
        html=html_to, md=md_to, junit=junit_to, store=store,
    )  # fmt: skip
    if json_to:
        text = json_text([(check_id, evidence, verdict)], written)
        if json_to == "-":
            click.echo(text, nl=False)
        else:
            write_text(Path(json_to), text)
            written["json"] = json_to
    return written


def _show(store: Registry, check_id: str, quiet: bool, verbose: bool) -> None:
    from gatekeeper.cli.consoles import standard_output
    from gatekeeper.report.terminal.verdict_screen import print_verdict

    evidence, verdict, _ = store.load_check(check_id)
    print_verdict(
        standard_output(), evidence, verdict, store.load_samples(check_id),
        quiet=quiet, verbose=verbose, check_id=check_id,
    )  # fmt: skip


def _write_site(store: Registry, folder: Path) -> str:
    """Write every page; give the line that says where to begin."""
    from gatekeeper.cli.report_files import write_text
    from gatekeeper.report.from_registry import recorded_site

    pages = 0
    for name, text in recorded_site(store):
        target = folder / name
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
        except OSError as problem:
            raise ConfigError(
                f"{target.parent} cannot be made ({problem.strerror}).", "Name another folder."
            ) from problem
        write_text(target, text)
        pages += 1
    return f"{pages} pages written; begin with {folder / 'index.html'}"
