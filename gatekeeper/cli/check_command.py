"""`gate check`: one or several candidates through the whole line."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from gatekeeper.cli.consoles import Screen, say, standard_error, standard_output
from gatekeeper.cli.name_arguments import CHANNEL, POLICY, refuse_slip
from gatekeeper.cli.report_files import (
    Outputs,
    is_stdout,
    json_text,
    output_options,
    write_out,
    write_reports,
)
from gatekeeper.cli.shared_options import base_options, needs, registry_option, settings_from
from gatekeeper.errors import AdapterRefused

if TYPE_CHECKING:
    from gatekeeper.check.one_check import CheckResult
    from gatekeeper.check.request import Request
    from gatekeeper.registry import Channel, Registry
    from gatekeeper.verdict.recorded_check import RecordedCheck

DECISIONS = ("promote", "hold", "escalate", "refused")


@click.command("check")
@click.argument("adapters", nargs=-1, type=click.Path(path_type=Path))
@base_options
@registry_option
@click.option("--policy", type=POLICY, help="Policy file, or the name of a built-in one.")
@click.option("--channel", type=CHANNEL, help="Channel that --promote moves (default: production).")
@click.option("--promote", is_flag=True, help="Promote immediately if the verdict is promote.")
@output_options
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
    help="Verdicts that give a non-zero exit code: hold,escalate,refused (default: all).",
)
@click.option(
    "--max-samples",
    type=click.IntRange(20),
    help="Maximum number of samples per suite and arm (base or candidate).",
)
@click.option("--seed", type=click.IntRange(0), help="Seed for drawing the samples.")
@click.option("--aa", is_flag=True, help="Base against itself: the noise floor. Needs no adapter.")
@click.option("-q", "--quiet", is_flag=True, help="Only the verdict, in one line.")
@click.option("-v", "--verbose", is_flag=True, help="Findings, more flips and the environment.")
@needs("score")
def command(
    adapters: tuple[Path, ...],
    outputs: Outputs,
    write_to: Path | None,
    promote: bool,
    exit_zero: bool,
    fail_on: str | None,
    max_samples: int | None,
    seed: int | None,
    aa: bool,
    quiet: bool,
    verbose: bool,
    **setting_flags: Any,
) -> int:
    """Check an adapter: promote, hold, or escalate, with evidence.

    ADAPTERS are folders that PEFT saved, or full checkpoints of the same base.
    """
    from gatekeeper.check.prepare_request import prepare
    from gatekeeper.cli.open_registry import create_store
    from gatekeeper.cli.promote_command import promote_check

    if bool(adapters) == aa:
        raise click.UsageError("Give at least one adapter, or --aa for the base against itself.")
    blocking = _blocking(fail_on, exit_zero)
    outputs = replace(outputs, next_run=write_to)
    outputs.require_one_on_stdout(len(adapters))
    outputs.require_writable()
    settings = settings_from(**setting_flags)
    screen = Screen(standard_error() if outputs.takes_stdout else standard_output(), quiet, verbose)
    store = create_store(settings)
    if promote:
        refuse_slip(store, settings)
    try:
        request = prepare(
            settings, adapters,
            max_samples=max_samples, seed=seed, against_itself=aa, registry=store,
        )  # fmt: skip
        checks = _run(store, request, screen, outputs)
    except AdapterRefused as refusal:
        if "refused" in blocking:
            raise
        say(f"refused: {refusal.message}", err=True)
        if refusal.hint:
            say(refusal.hint, err=True)
        return 0
    chosen = _chosen(checks, screen, store.state().channel(settings.channel), request)
    if promote and chosen is not None:
        for line in promote_check(store, settings, chosen.check_id):
            screen.line(line)
    if len(checks) > 1:
        _tell_worst(checks)
    if outputs.json is not None:
        page = outputs.html if len(checks) == 1 else None
        artifacts = {"html": str(page)} if page and not is_stdout(page) else {}
        write_out(outputs.json, json_text(checks, artifacts))
    blocked = [c.verdict.exit_code for c in checks if c.verdict.decision.value in blocking]
    return int(max(blocked, default=0))


def _blocking(fail_on: str | None, exit_zero: bool) -> frozenset[str]:
    """Verdicts whose exit code is passed on."""
    given = ",".join(DECISIONS[1:]) if fail_on is None else fail_on
    wanted = {part.strip() for part in given.split(",") if part.strip()}
    wanted = {"refused" if part == "refuse" else part for part in wanted}
    if not wanted or "promote" in wanted:
        # An empty CI variable must not let every verdict pass.
        what = "no verdict is named" if not wanted else "promote is not a failure"
        raise click.UsageError(
            f"--fail-on: {what}; use {', '.join(DECISIONS[1:])}, or --exit-zero to fail for none."
        )
    if unknown := sorted(wanted - set(DECISIONS)):
        raise click.UsageError(
            f"--fail-on: {unknown[0]!r} is not a verdict. Use {', '.join(DECISIONS[1:-1])} or "
            f"{DECISIONS[-1]}."
        )
    return frozenset() if exit_zero else frozenset(wanted)


def _run(
    store: Registry, request: Request, screen: Screen, outputs: Outputs
) -> list[RecordedCheck]:
    """Check every candidate; record each, write its files and print its verdict."""
    from gatekeeper.cli.next_run_file import write_next
    from gatekeeper.report.github_actions import tell_github

    several, checks = len(request.candidates) > 1, []
    with store.workspace() as staging:
        for result in _measured(store, request, screen, staging):
            check = _recorded(store, request, result)
            mine = outputs.of_one(check.check_id) if several else outputs
            written = write_reports(check, mine, store)
            screen.verdict(check, written.get("html"))
            if several and not screen.quiet:
                screen.line()
            for line in tell_github(
                os.environ, check, policy_path=request.policy.source, outputs=written
            ):
                click.echo(line, err=True)
            if mine.next_run is not None:
                say(write_next(check.evidence, check.verdict, mine.next_run), err=True)
            checks.append(check)
    return checks


def _measured(
    store: Registry, request: Request, screen: Screen, staging: Path
) -> list[CheckResult]:
    """The straight line of `check/one_check.py`, with progress on standard error.

    Raises AdapterRefused, after recording that it was tried.
    """
    from gatekeeper.check.one_check import check
    from gatekeeper.cli.check_progress import progress_on
    from gatekeeper.cli.who_and_when import by, now

    try:
        with progress_on(standard_error(), screen.quiet) as progress:
            return check(request, progress, now=now(), staging=staging)
    except AdapterRefused as refusal:
        # Nothing could be pinned, so there is no check to record; the attempt is recorded.
        store.record_refusal(
            name=", ".join(adapter.name for adapter in request.candidates),
            source=", ".join(str(adapter) for adapter in request.candidates),
            text=refusal.message,
            by=by(),
        )
        raise


def _recorded(store: Registry, request: Request, result: CheckResult) -> RecordedCheck:
    """Keep the snapshot, the evidence and the verdict; a refusal is kept as well."""
    from gatekeeper.cli.who_and_when import by

    evidence, verdict = result.evidence, result.verdict
    if result.snapshot is not None and verdict.decision.value != "refused":
        is_full = evidence.candidate.kind == "checkpoint"
        store.store_object(result.snapshot, "checkpoint" if is_full else "adapter")
    event = store.record_check(
        evidence, verdict, result.samples, request.policy.text,
        name=evidence.candidate.name, by=by(),
    )  # fmt: skip
    return store.load_check(event.check_id)


def _chosen(
    checks: list[RecordedCheck], screen: Screen, channel: Channel, request: Request
) -> RecordedCheck | None:
    """The check to promote, if any; among several candidates the choice is explained."""
    from gatekeeper.decision.choose_candidate import choose

    choice = choose(
        [(check.evidence, check.verdict) for check in checks],
        None if channel.serving.is_base else channel.serving.target,
        request.policy.policy.alpha,
    )
    if choice is not None and len(checks) > 1:
        screen.line(choice.text)
    return checks[choice.index] if choice else None


def _tell_worst(checks: list[RecordedCheck]) -> None:
    """With several candidates a step has one verdict: the worst, written last, which counts."""
    from gatekeeper.report.github_actions import tell_github

    worst = max(checks, key=lambda check: check.verdict.exit_code)
    tell_github({k: v for k, v in os.environ.items() if k == "GITHUB_OUTPUT"}, worst)
