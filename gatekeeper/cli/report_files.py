"""Reports as files: the formats that a command was asked for, and where each of them goes."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gatekeeper.cli.shared_options import gathered
from gatekeeper.errors import ConfigError
from gatekeeper.files.plain_values import text_fault
from gatekeeper.files.write_whole import write_whole

if TYPE_CHECKING:
    from gatekeeper.registry import Registry
    from gatekeeper.verdict.recorded_check import RecordedCheck

__all__ = [
    "FILE",
    "Outputs",
    "is_stdout",
    "json_text",
    "output_options",
    "write_out",
    "write_reports",
]

FILE = click.Path(path_type=Path, allow_dash=True)


@dataclass(frozen=True, slots=True)
class Outputs:
    """A path for each format that was asked for; "-" is standard output."""

    json: Path | None = None
    html: Path | None = None
    md: Path | None = None
    junit: Path | None = None
    next_run: Path | None = None
    """Not a report: the training run that the verdict asks for."""

    @property
    def reports(self) -> tuple[Path, ...]:
        """Every path that was given for a report."""
        given = (self.html, self.md, self.junit, self.json)
        return tuple(path for path in given if path is not None)

    @property
    def takes_stdout(self) -> bool:
        """Whether a report goes to standard output, where then nothing else may go."""
        return any(map(is_stdout, self.reports))

    def require_one_on_stdout(self, checks: int = 1) -> None:
        """Raise UsageError when more than one report would go to standard output."""
        if sum(map(is_stdout, self.reports)) > 1:
            raise click.UsageError('Only one format can go to standard output ("-").')
        if checks > 1 and any(path and is_stdout(path) for path in (self.html, self.junit)):
            raise click.UsageError(
                "With several adapters, only --md and --json can use stdout (-)."
            )

    def require_writable(self) -> None:
        """Before an hour of scoring: every file that was asked for can be written.

        Raises ConfigError with the first path that cannot be.
        """
        for path in (*self.reports, *([self.next_run] if self.next_run else [])):
            if not is_stdout(path):
                _require_writable(path)

    def of_one(self, check_id: str) -> Outputs:
        """One of several checks: its own files, with its id before the suffix, and no JSON."""
        return replace(
            self,
            json=None,
            html=_with_id(self.html, check_id),
            md=_with_id(self.md, check_id),
            junit=_with_id(self.junit, check_id),
            next_run=_with_id(self.next_run, check_id),
        )


output_options = gathered(
    "outputs",
    Outputs,
    json=click.option("--json", type=FILE, metavar="FILE|-", help="Write the report as JSON."),
    html=click.option("--html", type=FILE, metavar="FILE|-", help="Write the HTML report."),
    md=click.option("--md", type=FILE, metavar="FILE|-", help="Write the report as Markdown."),
    junit=click.option(
        "--junit", type=FILE, metavar="FILE|-", help="Write the report as JUnit XML."
    ),
)


def is_stdout(path: Path) -> bool:
    """Whether this path means standard output."""
    return str(path) == "-"


def json_text(checks: Sequence[RecordedCheck], artifacts: Mapping[str, str]) -> str:
    """The JSON report of one check, or a JSON list of reports."""
    from gatekeeper.report.json_document import build_document, render_json

    texts = [render_json(build_document(check, artifacts)) for check in checks]
    if len(texts) == 1:
        return texts[0]
    return json.dumps([json.loads(text) for text in texts], indent=2, ensure_ascii=False) + "\n"


def write_reports(check: RecordedCheck, outputs: Outputs, store: Registry) -> dict[str, str]:
    """Write page, Markdown and JUnit if they were asked for; return format -> file.

    The page shows the check's lineage and the other candidates.
    """
    written = {}
    for kind, path, render in (
        ("html", outputs.html, _page),
        ("md", outputs.md, _markdown),
        ("junit", outputs.junit, _junit),
    ):
        if path is not None:
            write_out(path, render(check, store))
            if not is_stdout(path):
                written[kind] = str(path)
    return written


def _page(check: RecordedCheck, store: Registry) -> str:
    from gatekeeper.report.from_registry import surroundings_of
    from gatekeeper.report.html.check_page import render_html

    return render_html(check, surroundings_of(store, check.check_id))


def _markdown(check: RecordedCheck, store: Registry) -> str:
    from gatekeeper.report.markdown import render_markdown

    return render_markdown(check)


def _junit(check: RecordedCheck, store: Registry) -> str:
    from gatekeeper.report.junit import render_junit

    return render_junit(check)


def _require_writable(path: Path) -> None:
    folder = path.parent
    if text_fault(str(path)) is not None:
        raise ConfigError(f"The path {path} is not UTF-8 text.", "Name another path.")
    if path.is_dir():
        raise ConfigError(f"{path} is a folder, not a file.", f"Name a file, as {path}/report.")
    if path.exists() and not path.is_file():
        if not os.access(path, os.W_OK):  # a device or a pipe is written to where it is
            raise ConfigError(f"{path} cannot be written to.", "Name another path.")
        return
    if not (folder.is_dir() and os.access(folder, os.W_OK)):
        raise ConfigError(
            f"Cannot write {path}: {folder} is not a writable folder.",
            f"mkdir -p {folder}, or name another path.",
        )


def write_out(path: Path, text: str) -> None:
    """Write a document completely or not at all, or to standard output.

    Raises ConfigError when the folder is missing or not writable.
    """
    if is_stdout(path):
        click.echo(text, nl=not text.endswith("\n"))
        return
    try:
        write_whole(path, text)
    except OSError as problem:
        raise ConfigError(
            f"Cannot write {path} ({problem.strerror or problem}).",
            "Create the folder, or name another path.",
        ) from problem


def _with_id(path: Path | None, check_id: str) -> Path | None:
    if path is None or is_stdout(path):
        return path
    return path.with_name(f"{path.stem}-{check_id}{path.suffix}")
