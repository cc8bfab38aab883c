"""`gate check`: one or several candidates through the whole line."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from gatekeeper.cli.consoles import say
from gatekeeper.cli.name_arguments import CHANNEL, POLICY, refuse_slip
from gatekeeper.cli.report_files import REPORT, require_folders, takes_stdout
from gatekeeper.cli.shared_options import base_options, needs, registry_option, settings_from
from gatekeeper.errors import AdapterRefused
from gatekeeper.report.visible_text import visible

if TYPE_CHECKING:
    from rich.console import Console

    from gatekeeper.check.one_check import CheckResult
    from gatekeeper.check.request import Request
    from gatekeeper.registry import Registry
    from gatekeeper.settings import Settings

DECISIONS = ("promote", "hold", "escalate", "refused")


@click.command("check")
@click.argument("adapters", nargs=-1, type=click.Path(path_type=Path))
@base_options
@registry_option
@click.option("--policy", type=POLICY, help="Policy file, or the name of a built-in one.")
@click.option("--channel", type=CHANNEL, help="Channel that --promote moves (default: production).")
@click.option("--promote", is_flag=True, help="Promote at once when the verdict is promote.")
@click.option("--json", "json_to", metavar="FILE|-", help="Write the report as JSON.")
@click.option("--html", "html_to", type=REPORT, metavar="FILE|-", help="Write the HTML report.")
@click.option("--md", "md_to", type=REPORT, metavar="FILE|-", help="Write it as Markdown.")
@click.option("--junit", "junit_to", type=REPORT, metavar="FILE|-", help="Write JUnit XML.")
@click.option(
    "--write",
    "write_to",
    type=click.Path(path_type=Path),
    metavar="next.yaml",
    help="Write the training run that the verdict asks for.",
)
@click.option("--exit-zero", is_flag=True, help="Exit with 0 whatever the verdict.")
@click.option(
    "--fail-on",
    metavar="LIST",
    help="Verdicts that end in a non-zero exit code: hold,escalate,refused (default: all).",
)
@click.option("--max-samples", type=click.IntRange(20), help="Most samples per suite and arm.")
@click.option("--seed", type=click.IntRange(0), help="Seed of the draw.")
@click.option("--aa", is_flag=True, help="Base against itself: the noise floor. Needs no adapter.")
@click.option("-q", "--quiet", is_flag=True, help="Only the verdict, in one line.")
@click.option("-v", "--verbose", is_flag=True, help="Findings, more flips and the environment.")
@needs("score")
def command(
    adapters: tuple[Path, ...],
    registry: str | None,
    config: Path | None,
    policy: str | None,
    channel: str | None,
    promote: bool,
    json_to: str | None,
    html_to: Path | None,
    md_to: Path | None,
    junit_to: Path | None,
    write_to: Path | None,
    exit_zero: bool,
    fail_on: str | None,
    max_samples: int | None,
    seed: int | None,
    aa: bool,
    quiet: bool,
    verbose: bool,
    **base_flags: Any,
) -> int:
    """Check an adapter: promote, hold, or escalate, with evidence.

    ADAPTERS are folders that PEFT saved, or full checkpoints of the same base.
    """
    from gatekeeper.cli.consoles import standard_error, standard_output
    from gatekeeper.cli.open_registry import create_store

    if bool(adapters) == aa:
        raise click.UsageError("Give at least one adapter, or --aa for the base against itself.")
    blocking = _blocking(fail_on)
    silent = takes_stdout(json_to, html_to, md_to, junit_to)
    if len(adapters) > 1 and takes_stdout(html_to, junit_to):
        raise click.UsageError("Of several adapters only --md and --json go to standard output.")
    require_folders(html_to, md_to, junit_to, Path(json_to) if json_to else None)
    settings = settings_from(
        config, registry=registry, policy=policy, channel=channel, **base_flags
    )
    told = standard_error() if silent else standard_output()
    codes, documents = [], []
    with tempfile.TemporaryDirectory(prefix="gate-") as staging:
        store = create_store(settings)
        if promote:
            refuse_slip(store, settings)
        try:
            request, results = _run(
                store, adapters, settings, max_samples, seed, aa, quiet, Path(staging)
            )
        except AdapterRefused as refusal:
            if "refused" in blocking and not exit_zero:
                raise
            say(f"refused: {refusal.message}", err=True)
            if refusal.hint:
                say(refusal.hint, err=True)
            return 0
        for result in results:
            check_id = _record(store, request, result)
            _tell(told, store, result, request, check_id, quiet, verbose, html_to, md_to, junit_to)
            documents.append((check_id, result))
            if write_to is not None:
                _write_next(write_to, result, check_id, len(results) > 1)
            code = int(result.verdict.exit_code)
            codes.append(code if result.verdict.decision.value in blocking else 0)
        chosen = _choose(told, store, settings, request, documents)
        if promote and chosen is not None:
            _promote(told, store, settings, chosen)
    if len(documents) > 1:
        _tell_worst(documents)
    if json_to:
        page = str(html_to) if html_to and len(documents) == 1 and str(html_to) != "-" else None
        _write_json(documents, json_to, page)
    return 0 if exit_zero else max(codes)


def _blocking(fail_on: str | None) -> frozenset[str]:
    """Verdicts whose exit code is passed on."""
    if fail_on is None:
        return frozenset(DECISIONS)
    wanted = {part.strip() for part in fail_on.split(",") if part.strip()}
    wanted = {"refused" if part == "refuse" else part for part in wanted}
    if unknown := sorted(wanted - set(DECISIONS)):
        raise click.UsageError(
            f"--fail-on: {unknown[0]!r} is no verdict; use {', '.join(DECISIONS[1:])}."
        )
    return frozenset(wanted)


def _run(
    store: Registry,
    adapters: tuple[Path, ...],
    settings: Settings,
    max_samples: int | None,
    seed: int | None,
    aa: bool,
    quiet: bool,
    staging: Path,
) -> tuple[Request, list[CheckResult]]:
    from gatekeeper.check.one_check import check
    from gatekeeper.check.prepare_request import prepare
    from gatekeeper.cli.check_progress import progress_on
    from gatekeeper.cli.consoles import standard_error
    from gatekeeper.cli.who_and_when import by, now

    request = prepare(
        settings, adapters, max_samples=max_samples, seed=seed, against_itself=aa, registry=store
    )
    try:
        with progress_on(standard_error(), quiet) as progress:
            return request, check(request, progress, now=now(), staging=staging)
    except AdapterRefused as refusal:
        # Nothing could be pinned, so there is no check to record; that it was tried is kept.
        store.record_refusal(
            name=", ".join(adapter.name for adapter in adapters),
            source=", ".join(str(adapter) for adapter in adapters),
            text=refusal.message,
            by=by(),
        )
        raise


def _record(store: Registry, request: Request, result: CheckResult) -> str:
    """Keep the snapshot, the evidence and the verdict; a refusal is kept as well."""
    from gatekeeper.cli.who_and_when import by

    if result.snapshot is not None and result.verdict.decision.value != "refused":
        is_full = result.evidence.candidate.kind == "checkpoint"
        store.store_object(result.snapshot, "checkpoint" if is_full else "adapter")
    event = store.record_check(
        result.evidence,
        result.verdict,
        result.samples,
        request.policy.text,
        name=result.evidence.candidate.name,
        by=by(),
    )
    return event.check_id


def _tell(
    told: Console,
    store: Registry,
    result: CheckResult,
    request: Request,
    check_id: str,
    quiet: bool,
    verbose: bool,
    html_to: Path | None,
    md_to: Path | None,
    junit_to: Path | None,
) -> None:
    """Write the files that were asked for, and say the verdict."""
    from gatekeeper.cli.report_files import write_reports
    from gatekeeper.report.github_actions import tell_github
    from gatekeeper.report.terminal.verdict_screen import print_verdict

    several = len(request.candidates) > 1
    written = write_reports(
        result.evidence, result.verdict, result.samples, check_id,
        html=html_to, md=md_to, junit=junit_to, several=several,
        store=store,
    )  # fmt: skip
    print_verdict(
        told, result.evidence, result.verdict, result.samples,
        quiet=quiet, verbose=verbose, check_id=check_id, report_path=written.get("html"),
    )  # fmt: skip
    if several and not quiet:
        told.print()
    for line in tell_github(
        os.environ, result.evidence, result.verdict, result.samples,
        policy_path=request.policy.source, outputs=written, check_id=check_id,
    ):  # fmt: skip
        click.echo(line, err=True)


def _write_next(path: Path, result: CheckResult, check_id: str, several: bool) -> None:
    """The next run as a file; with several candidates the check's id goes before the suffix."""
    from gatekeeper.cli.next_run_file import write_next

    target = path.with_name(f"{path.stem}-{check_id}{path.suffix}") if several else path
    say(write_next(result.evidence, result.verdict, target), err=True)


def _choose(
    told: Console,
    store: Registry,
    settings: Settings,
    request: Request,
    documents: list[tuple[str, CheckResult]],
) -> str | None:
    """The check to promote, if any; among several candidates the choice is explained."""
    from gatekeeper.decision.choose_candidate import choose

    serving = store.state().channel(settings.channel).serving
    choice = choose(
        [(result.evidence, result.verdict) for _, result in documents],
        None if serving.is_base else serving.target,
        request.policy.policy.alpha,
    )
    if choice is not None and len(documents) > 1:
        told.print(visible(choice.text), markup=False)
    return documents[choice.index][0] if choice else None


def _tell_worst(documents: list[tuple[str, CheckResult]]) -> None:
    """With several candidates a step has one verdict: the worst, said last, which counts."""
    from gatekeeper.report.github_actions import tell_github

    check_id, worst = max(documents, key=lambda each: int(each[1].verdict.exit_code))
    named = {k: v for k, v in os.environ.items() if k == "GITHUB_OUTPUT"}
    tell_github(named, worst.evidence, worst.verdict, check_id=check_id)


def _promote(told: Console, store: Registry, settings: Settings, check_id: str) -> None:
    from gatekeeper.cli.promote_command import promote_check

    for line in promote_check(store, settings, check_id):
        told.print(visible(line, breaks=False), markup=False)


def _write_json(documents: list[tuple[str, CheckResult]], target: str, page: str | None) -> None:
    """One document, or a list of them when several candidates were checked."""
    from gatekeeper.cli.report_files import json_text, write_text

    text = json_text(
        [(check_id, r.evidence, r.verdict) for check_id, r in documents],
        {"html": page} if page else {},
    )
    if target == "-":
        click.echo(text, nl=False)
    else:
        write_text(Path(target), text)
