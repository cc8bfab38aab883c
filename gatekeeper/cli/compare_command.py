"""`gate compare`: two checked candidates, or two runs of lm-eval, on the samples that both saw."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from gatekeeper.cli.name_arguments import CHECKED
from gatekeeper.cli.report_files import FILE, is_stdout, write_out
from gatekeeper.cli.shared_options import registry_option, settings_from

if TYPE_CHECKING:
    from gatekeeper.comparison.candidates import Comparison


@click.command("compare")
@click.argument("first", type=CHECKED)
@click.argument("second", type=CHECKED)
@registry_option
@click.option(
    "--samples",
    is_flag=True,
    help="FIRST and SECOND are files or folders written by lm_eval --log_samples.",
)
@click.option(
    "--metric", "metrics", multiple=True, help="With --samples: compare only this metric."
)
@click.option(
    "--alpha",
    type=click.FloatRange(0.0, 0.5, min_open=True),
    default=0.05,
    show_default=True,
    help="Significance level: the chance of reporting a difference when there is none.",
)
@click.option(
    "--json", "json_to", type=FILE, metavar="FILE|-", help="Write the comparison as JSON."
)
@click.option("--fail-on-worse", is_flag=True, help="Exit with 10 when SECOND is worse anywhere.")
@click.option("-q", "--quiet", is_flag=True, help="Only the result, in one line.")
@click.option("-v", "--verbose", is_flag=True, help="Scores, intervals and flips of every row.")
def command(
    first: str,
    second: str,
    registry: str | None,
    config: Path | None,
    samples: bool,
    metrics: tuple[str, ...],
    alpha: float,
    json_to: Path | None,
    fail_on_worse: bool,
    quiet: bool,
    verbose: bool,
) -> int:
    """Is SECOND better or worse than FIRST, sample by sample?

    Both are names, digests or checks in the registry (the newest check of each counts); with
    --samples, the output of `lm_eval --log_samples`.
    """
    from gatekeeper.cli.consoles import standard_error, standard_output
    from gatekeeper.comparison.candidates import Advantage
    from gatekeeper.errors import ExitCode
    from gatekeeper.report.terminal.comparison_screen import print_comparison

    if metrics and not samples:
        raise click.UsageError("--metric needs --samples.")
    found = (
        _of_runs(Path(first), Path(second), metrics, alpha)
        if samples
        else _of_checks(first, second, registry, config, alpha)
    )
    if json_to is not None:
        write_out(json_to, found.model_dump_json(indent=2) + "\n")
    beside = json_to is not None and is_stdout(json_to)
    console = standard_error() if beside else standard_output()
    print_comparison(console, found, quiet=quiet, verbose=verbose)
    worse = any(row.advantage is Advantage.WORSE for row in found.contrasts)
    return int(ExitCode.HOLD) if worse and fail_on_worse else 0


def _of_checks(
    first: str, second: str, registry: str | None, config: Path | None, alpha: float
) -> Comparison:
    from gatekeeper.cli.name_arguments import check_named
    from gatekeeper.comparison.candidates import compare_candidates
    from gatekeeper.registry import Registry

    store = Registry.open(settings_from(config, registry=registry).registry)
    state = store.state()
    evidences, labels = [], []
    for name in (first, second):
        evidence = store.load_check(check_named(store, name)).evidence
        evidences.append(evidence)
        labels.append(state.label(evidence.candidate.digest))
    if labels[0] == labels[1]:
        labels = [f"{label} ({name})" for label, name in zip(labels, (first, second), strict=True)]
    return compare_candidates(evidences[0], evidences[1], (labels[0], labels[1]), alpha=alpha)


def _of_runs(first: Path, second: Path, metrics: tuple[str, ...], alpha: float) -> Comparison:
    from gatekeeper.comparison.candidates import Comparison, contrasts
    from gatekeeper.comparison.lm_eval_runs import join_runs, read_run

    shared, notes = join_runs(read_run(first, metrics), read_run(second, metrics))
    return Comparison(
        first=str(first),
        second=str(second),
        alpha=alpha,
        contrasts=contrasts(shared, alpha=alpha),
        notes=tuple(notes),
    )
