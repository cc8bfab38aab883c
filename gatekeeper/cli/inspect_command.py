"""`gate inspect`: what an adapter is, before anything is scored."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import click

from gatekeeper.cli.consoles import say
from gatekeeper.cli.shared_options import base_options, config_option, settings_from
from gatekeeper.errors import BaseError, ExitCode
from gatekeeper.extras import require


@click.command("inspect")
@click.argument("adapter", type=click.Path(path_type=Path))
@base_options
@config_option
@click.option("--static", is_flag=True, help="Look at files only; load no weights of the base.")
def command(adapter: Path, config: Path | None, static: bool, **base_flags: Any) -> int:
    """Look at ADAPTER without scoring it: files, tensors, effect, detach."""
    from gatekeeper.candidate.folder import snapshot
    from gatekeeper.candidate.inspect_files import inspect_static
    from gatekeeper.cli.consoles import standard_output
    from gatekeeper.evidence import Severity
    from gatekeeper.report.terminal.verdict_screen import print_inspection
    from gatekeeper.training.read_run import read_run

    if not static:
        require("score", "`gate inspect`", "add --static to look at the files alone")
    settings = settings_from(config, **base_flags)
    with tempfile.TemporaryDirectory(prefix="gate-") as staging:
        copy = snapshot(adapter, Path(staging) / "adapter")
        from gatekeeper.check.prepare_request import base_of

        base, folder, missing = None, None, None
        try:
            folder, base = base_of(settings, [adapter], device="cpu" if static else None)
        except BaseError as problem:
            if not static:
                raise
            missing = problem.message
        manifest = read_run(adapter).manifest
        pin, findings = inspect_static(
            copy,
            base_pin=base,
            base_folder=folder,
            manifest_base_digest=manifest.base_digest if manifest else None,
            source=adapter,
        )
        refused = any(finding.severity is Severity.REFUSE for finding in findings)
        effect = detach = None
        if base is not None and folder is not None and not static and not refused:
            effect, detach = _prove(copy, folder, base, pin.digest)
        print_inspection(standard_output(), pin, findings, effect, detach)
    if static:
        told = "effect and detach, which need the base's weights"
        say(f"Not looked at: {told}" + (f"; {missing}" if missing else "."))
    bad = refused or (detach is not None and not detach.identical)
    held = any(finding.severity is Severity.HOLD for finding in findings)
    held = held or (effect is not None and not (effect.changed and effect.finite))
    return int(ExitCode.REFUSED if bad else ExitCode.HOLD if held else ExitCode.PROMOTE)


def _prove(copy: Path, folder: Any, base: Any, digest: str) -> tuple[Any, Any]:
    from gatekeeper.cli.check_progress import progress_on
    from gatekeeper.cli.consoles import standard_error
    from gatekeeper.scoring.model.loaded_base import load_base

    with progress_on(standard_error(), quiet=False) as progress:
        with progress.stage("loading the base"):
            loaded = load_base(folder, base)
        with progress.stage("switching the adapter on, then off"):
            loaded.attach(copy, digest)
            effect = loaded.prove_effect(digest)
        with progress.stage("proving that the base comes back bit for bit"):
            return effect, loaded.prove_detach()
