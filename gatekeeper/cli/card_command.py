"""`gate card`: the result of a check as a section of the adapter's own model card."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from gatekeeper.cli.consoles import say
from gatekeeper.cli.name_arguments import CHECKED
from gatekeeper.cli.shared_options import registry_option, settings_from
from gatekeeper.errors import RegistryError

if TYPE_CHECKING:
    from gatekeeper.registry import Registry
    from gatekeeper.verdict.recorded_check import RecordedCheck


@click.command("card")
@click.argument("adapter", type=CHECKED)
@registry_option
@click.option(
    "--write", is_flag=True, help="Put the section and the eval results into its README.md."
)
def command(adapter: str, registry: str | None, config: Path | None, write: bool) -> None:
    """Show the model card section of ADAPTER (a folder, or a name in the registry).

    With --write the section and the eval results go into README.md in its folder; the rest of the
    file is left as it is. The adapter's digest does not cover that file.
    """
    from gatekeeper.registry import Registry
    from gatekeeper.report.model_card import card_section, write_card

    store = Registry.open(settings_from(config, registry=registry).registry)
    folder, check = _found(store, adapter)
    if not write:
        click.echo(card_section(check))
        say(f"gate card {adapter} --write puts this into its README.md.", err=True)
        return
    _require_same(folder, check)
    say(f"written: {write_card(folder, check)}")


def _found(store: Registry, adapter: str) -> tuple[Path, RecordedCheck]:
    """Folder of the adapter and its newest check. Raises RegistryError when it has none."""
    from gatekeeper.candidate.folder import read_adapter
    from gatekeeper.cli.name_arguments import check_named

    folder = Path(adapter)
    if not folder.is_dir():
        check = store.load_check(check_named(store, adapter))
        return Path(check.evidence.candidate.source), check
    digest = read_adapter(folder).digest
    known = store.state().adapters.get(digest)
    if known is None or known.last_check is None:
        raise RegistryError(
            f"{folder} ({digest[:19]}) has never been checked here.",
            f"Run `gate check {folder}` first; a changed file makes it a different adapter.",
        )
    return folder, store.load_check(known.last_check.check_id)


def _require_same(folder: Path, check: RecordedCheck) -> None:
    """Never write about other weights. Raises RegistryError."""
    from gatekeeper.candidate.folder import read_adapter

    if not folder.is_dir():
        raise RegistryError(
            f"The folder of check {check.check_id}, {folder}, does not exist.",
            "Give the adapter's folder instead of its name.",
        )
    if read_adapter(folder).digest != check.evidence.candidate.digest:
        raise RegistryError(
            f"{folder} has changed since check {check.check_id}: its digest is different.",
            f"Run `gate check {folder}` first.",
        )
