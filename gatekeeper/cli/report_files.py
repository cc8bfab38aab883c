"""Reports as files: which format goes where, written whole or not at all."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gatekeeper.errors import ConfigError
from gatekeeper.files.write_whole import write_whole

if TYPE_CHECKING:
    from gatekeeper.evidence import Evidence, SampleRecord
    from gatekeeper.registry import Registry
    from gatekeeper.verdict import Verdict

__all__ = [
    "REPORT",
    "json_text",
    "require_folders",
    "takes_stdout",
    "write_reports",
    "write_text",
]

REPORT = click.Path(path_type=Path, allow_dash=True)
STDOUT = "-"


def json_text(checks: Sequence[tuple[str, Evidence, Verdict]], artifacts: Mapping[str, str]) -> str:
    """The JSON report of one check, or a JSON list of reports."""
    from gatekeeper.report.json_document import build_document, render_json

    texts = [
        render_json(build_document(check_id, evidence, verdict, artifacts))
        for check_id, evidence, verdict in checks
    ]
    if len(texts) == 1:
        return texts[0]
    return json.dumps([json.loads(text) for text in texts], indent=2, ensure_ascii=False) + "\n"


def write_reports(
    evidence: Evidence,
    verdict: Verdict,
    samples: Sequence[SampleRecord],
    check_id: str,
    *,
    html: Path | None = None,
    md: Path | None = None,
    junit: Path | None = None,
    several: bool = False,
    store: Registry | None = None,
) -> dict[str, str]:
    """Write the formats that have a path, "-" to standard output; give back format -> path.

    With several candidates each gets its own file: the check's id goes before the suffix. The
    page shows the check's lineage and the candidates beside it when `store` has them.
    """
    written = {}
    for kind, path in (("html", html), ("md", md), ("junit", junit)):
        if path is None:
            continue
        text = _render(kind, evidence, verdict, samples, check_id, store)
        if str(path) == STDOUT:
            click.echo(text, nl=not text.endswith("\n"))
            continue
        target = path.with_name(f"{path.stem}-{check_id}{path.suffix}") if several else path
        write_text(target, text)
        written[kind] = str(target)
    return written


def _render(
    kind: str,
    evidence: Evidence,
    verdict: Verdict,
    samples: Sequence[SampleRecord],
    check_id: str,
    store: Registry | None,
) -> str:
    if kind == "html":
        from gatekeeper.report.from_registry import candidates_beside, lineage_of
        from gatekeeper.report.html.check_page import render_html

        return render_html(
            evidence,
            verdict,
            samples,
            check_id=check_id,
            candidates=candidates_beside(store, check_id) if store else (),
            lineage=lineage_of(store, check_id) if store else None,
        )
    if kind == "md":
        from gatekeeper.report.markdown import render_markdown

        return render_markdown(evidence, verdict, samples, check_id=check_id)
    from gatekeeper.report.junit import render_junit

    return render_junit(evidence, verdict, check_id=check_id)


def takes_stdout(*targets: Path | str | None) -> bool:
    """Whether a report goes to standard output, where then nothing else may go.

    Raises UsageError when two do.
    """
    found = sum(str(target) == STDOUT for target in targets if target is not None)
    if found > 1:
        raise click.UsageError('Only one format can go to standard output ("-").')
    return found == 1


def require_folders(*paths: Path | None) -> None:
    """Before an hour of scoring: every file that was asked for can be written.

    Raises ConfigError with the first folder that is missing or not writable.
    """
    for path in paths:
        if path is None or str(path) == STDOUT:
            continue
        if not (path.parent.is_dir() and os.access(path.parent, os.W_OK)):
            raise ConfigError(
                f"{path} cannot be written: {path.parent} is no folder that may be written to.",
                f"mkdir -p {path.parent}, or name another path.",
            )


def write_text(path: Path, text: str) -> None:
    """Write a file whole or not at all.

    Raises ConfigError when the folder is missing or not writable.
    """
    try:
        write_whole(path, text)
    except OSError as problem:
        raise ConfigError(
            f"{path} cannot be written ({problem.strerror or problem}).",
            "Make the folder, or name another path.",
        ) from problem
