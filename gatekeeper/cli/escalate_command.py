"""`gate escalate`: where an adapter stands on the ladder, and the next run as a file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from gatekeeper.cli.consoles import say
from gatekeeper.cli.name_arguments import CHECKED, check_named
from gatekeeper.cli.shared_options import registry_option, settings_from

if TYPE_CHECKING:
    from gatekeeper.evidence import Evidence
    from gatekeeper.policy import LoadedPolicy
    from gatekeeper.registry import Registry
    from gatekeeper.verdict import PastCheck


@click.command("escalate")
@click.argument("adapter", type=CHECKED)
@registry_option
@click.option(
    "--write",
    "write_to",
    type=click.Path(path_type=Path),
    help="Write the training run that comes next (YAML).",
)
def command(adapter: str, registry: str | None, config: Path | None, write_to: Path | None) -> int:
    """Explain the ladder for a checked ADAPTER (folder, name, digest or check id).

    Shows the result of each rung on the same task and data, the evidence for each cause, what is
    missing before full fine-tuning may be recommended, and what comes next. Decides again from the
    recorded evidence, taking every later check into account. Same exit codes as `gate check`.
    """
    from gatekeeper.cli.consoles import standard_output
    from gatekeeper.cli.next_run_file import write_next
    from gatekeeper.decision.decide import decide
    from gatekeeper.escalation.ladder_view import view_ladder
    from gatekeeper.policy import policy_from_text
    from gatekeeper.registry import Registry
    from gatekeeper.report.terminal.ladder_screen import print_ladder

    store = Registry.open(settings_from(config, registry=registry).registry)
    check = store.load_check(check_named(store, adapter))
    evidence, policy = check.evidence, policy_from_text(check.policy_text)
    history = _history(store, evidence, policy)
    verdict = decide(evidence, policy, history)
    view = view_ladder(evidence, verdict, policy.policy, history)
    print_ladder(standard_output(), evidence.candidate.name, verdict, view)
    if write_to is not None:
        say(write_next(evidence, verdict, write_to), err=True)
    return int(verdict.exit_code)


def _history(store: Registry, evidence: Evidence, policy: LoadedPolicy) -> tuple[PastCheck, ...]:
    """Every other check of the same base, task suites and dataset, including later ones."""
    manifest = evidence.training.manifest
    if manifest is None:
        return ()
    wanted = {rule.suite for rule in policy.policy.task}
    suites = [suite.digest for suite in evidence.suites if suite.name in wanted]
    past = store.past_checks(evidence.base.digest, suites, manifest.dataset_digest)
    return tuple(check for check in past if check.check_id != evidence.check_id)
