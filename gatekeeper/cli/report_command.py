"""`gate report`: the report of a recorded check in any format, or of the whole registry."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from gatekeeper.cli.consoles import Screen, say, say_skipped, standard_output
from gatekeeper.cli.name_arguments import CANDIDATE, check_named
from gatekeeper.cli.report_files import (
    Outputs,
    is_stdout,
    json_text,
    output_options,
    write_out,
    write_reports,
)
from gatekeeper.cli.shared_options import registry_option, settings_from
from gatekeeper.errors import ConfigError, GateError

if TYPE_CHECKING:
    from gatekeeper.registry import Registry
    from gatekeeper.verdict.recorded_check import RecordedCheck


@click.command("report")
@click.argument("check", required=False, type=CANDIDATE)
@registry_option
@output_options
@click.option(
    "--all",
    "all_to",
    metavar="DIR",
    type=click.Path(path_type=Path, file_okay=False),
    help="Write a small site covering the whole registry: channels, checks, trends.",
)
@click.option("-q", "--quiet", is_flag=True, help="Only the verdict, in one line.")
@click.option("-v", "--verbose", is_flag=True, help="Findings, more flips and the environment.")
def command(
    check: str | None,
    registry: str | None,
    config: Path | None,
    outputs: Outputs,
    all_to: Path | None,
    quiet: bool,
    verbose: bool,
) -> None:
    """Show a recorded CHECK (id, adapter name, digest or channel) or write it to files."""
    from gatekeeper.registry import Registry

    if (check is None) == (all_to is None):
        raise click.UsageError("Give a CHECK, or --all DIR for the whole registry.")
    outputs.require_one_on_stdout()
    store = Registry.open(settings_from(config, registry=registry).registry)
    if all_to is not None:
        say(_write_site(store, all_to))
    elif check is not None:
        found = store.load_check(check_named(store, check))
        for kind, path in _write(found, outputs, store).items():
            say(f"{kind}: {path}", err=True)
        if not outputs.reports:
            Screen(standard_output(), quiet, verbose).verdict(found)


def _write(check: RecordedCheck, outputs: Outputs, store: Registry) -> dict[str, str]:
    """Write the formats that were asked for; return format -> file."""
    written = write_reports(check, outputs, store)
    if outputs.json is not None:
        write_out(outputs.json, json_text([check], written))
        if not is_stdout(outputs.json):
            written["json"] = str(outputs.json)
    return written


def _write_site(store: Registry, folder: Path) -> str:
    """Write every page; give the line that says where to begin."""
    from gatekeeper.report.from_registry import recorded_site

    pages, skipped = 0, list[GateError]()
    for name, text in recorded_site(store, skipped):
        target = folder / name
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
        except OSError as problem:
            raise ConfigError(
                f"Cannot create {target.parent} ({problem.strerror}).", "Name another folder."
            ) from problem
        write_out(target, text)
        pages += 1
    say_skipped(skipped)
    return f"{pages} pages written; start with {folder / 'index.html'}"
