"""`gate rescale`: smaller scales of an adapter; one that passes becomes a separate adapter."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from gatekeeper.cli.consoles import say
from gatekeeper.cli.name_arguments import POLICY
from gatekeeper.cli.shared_options import base_options, needs, registry_option, settings_from

if TYPE_CHECKING:
    from gatekeeper.check.request import Request
    from gatekeeper.registry import Registry
    from gatekeeper.settings import Settings
    from gatekeeper.verdict.scale_point import ScalePoint


def _scales(context: click.Context, option: click.Parameter, value: str) -> tuple[float, ...]:
    """Comma-separated factors above 0 and at most 1, largest first."""
    try:
        found = tuple(sorted({float(part) for part in value.split(",")}, reverse=True))
    except ValueError:
        raise click.BadParameter(f"{value!r} is not a list of numbers.") from None
    if not all(0 < factor <= 1 for factor in found):
        raise click.BadParameter("scales must be above 0 and at most 1.")
    return found


@click.command("rescale")
@click.argument("adapter", type=click.Path(path_type=Path))
@base_options
@registry_option
@click.option("--policy", type=POLICY, help="Policy file, or the name of a built-in one.")
@click.option(
    "--scales", callback=_scales, default="1,0.85,0.7,0.5,0.35", show_default=True,
    help="Factors to try, above 0 and at most 1.",
)  # fmt: skip
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    help="Folder of the new adapter (default: next to the old one).",
)
@click.option(
    "--max-samples",
    type=click.IntRange(20),
    help="Maximum number of samples per suite and arm (base or candidate).",
)
@click.option("--seed", type=click.IntRange(0), help="Seed for drawing the samples.")
@needs("score")
def command(
    adapter: Path,
    registry: str | None,
    config: Path | None,
    policy: str | None,
    scales: tuple[float, ...],
    out: Path | None,
    max_samples: int | None,
    seed: int | None,
    **base_flags: Any,
) -> int:
    """Score ADAPTER at smaller scales; keep the one with the most room as a new adapter.

    For an adapter that learned its task and forgot too much. The choice is made on the first part
    of the samples; the chosen scale is written as a separate adapter and checked on the rest,
    which the choice never saw. Same exit codes as `gate check`; 10 when no scale has room.
    """
    from gatekeeper.check.prepare_request import prepare
    from gatekeeper.check.score_scales import score_scales
    from gatekeeper.cli.check_progress import progress_on
    from gatekeeper.cli.consoles import standard_error, standard_output
    from gatekeeper.cli.open_registry import create_store
    from gatekeeper.decision.choose_scale import choose
    from gatekeeper.errors import ConfigError, ExitCode
    from gatekeeper.report.terminal.scales_screen import print_scales

    if out is not None and out.exists():
        raise ConfigError(f"{out} already exists.", "Name another folder with --out.")
    settings = settings_from(config, registry=registry, policy=policy, **base_flags)
    store = create_store(settings)
    request = prepare(settings, (adapter,), max_samples=max_samples, seed=seed, registry=store)
    told = standard_output()
    with store.workspace() as staging:
        with progress_on(standard_error(), quiet=False) as progress:
            points = score_scales(request, scales, progress, staging)
        chosen = choose(points)
        print_scales(told, points, chosen)
        if chosen is None:
            say()
            say(" No scale has room on every rule: train the adapter again, more gently.")
            return int(ExitCode.HOLD)
        if chosen.factor == 1.0:
            say()
            say(f" The adapter as it is has the most room: gate check {adapter}")
            return int(ExitCode.HOLD)
        return _keep(store, settings, request, chosen, out, staging)


def _keep(
    store: Registry,
    settings: Settings,
    request: Request,
    chosen: ScalePoint,
    out: Path | None,
    staging: Path,
) -> int:
    """Write the chosen scale, link it to its origin, and check it on fresh samples."""
    from gatekeeper.candidate.scaled_copy import scaled_copy
    from gatekeeper.check.one_check import check
    from gatekeeper.check.score_scales import final_request
    from gatekeeper.cli.check_progress import progress_on
    from gatekeeper.cli.consoles import Screen, standard_error, standard_output
    from gatekeeper.cli.who_and_when import by, now

    [source] = request.candidates
    source = source.resolve()
    folder = out or _free(source.with_name(f"{source.name}-x{chosen.factor:g}"))
    scaled_copy(source, folder, chosen.factor, name=folder.name)
    _link(store, source, folder, chosen.factor)
    say()
    say(f" Written: {folder} (alpha x {chosen.factor:g}); checking it on fresh samples")
    final = final_request(request, folder)
    with progress_on(standard_error(), quiet=False) as progress:
        [result] = check(final, progress, now=now(), staging=staging)
    event = store.record_check(
        result.evidence, result.verdict, result.samples, request.policy.text,
        name=result.evidence.candidate.name, by=by(f"{source.name} at scale {chosen.factor:g}"),
    )  # fmt: skip
    Screen(standard_output()).verdict(store.load_check(event.check_id))
    return int(result.verdict.exit_code)


def _free(folder: Path) -> Path:
    """The folder itself, or the first of its numbered variants that does not exist."""
    names = (folder.with_name(f"{folder.name}-{n}") for n in itertools.count(2))
    return folder if not folder.exists() else next(n for n in names if not n.exists())


def _link(store: Registry, source: Path, folder: Path, factor: float) -> None:
    """Store the new adapter as made from the old one, which is stored first if it is unknown."""
    from gatekeeper.candidate.folder import read_adapter
    from gatekeeper.cli.who_and_when import by

    origin = read_adapter(source).digest
    if origin not in store.state().adapters:
        store.record_import(source, "adapter", name=source.name, source=str(source), by=by())
    store.record_rescale(
        origin, folder, factor=factor, name=folder.name,
        by=by("chosen among scales by gate rescale"),
    )  # fmt: skip
