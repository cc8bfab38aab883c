"""`gate plan`: before a run, how many samples each margin needs and what they cost."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from gatekeeper.cli.consoles import say, say_skipped
from gatekeeper.cli.name_arguments import POLICY
from gatekeeper.cli.shared_options import registry_option, settings_from
from gatekeeper.errors import GateError
from gatekeeper.phrases import count
from gatekeeper.verdict import RuleKind

if TYPE_CHECKING:
    from gatekeeper.authoring.sample_plan import Asked, Assumed, PlannedRule
    from gatekeeper.evidence import Evidence


@click.command("plan")
@click.option("--suite", "suite_names", multiple=True, help="Suite to plan (default: all named).")
@click.option("--policy", type=POLICY, help="Policy file, or the name of a built-in one.")
@registry_option
def command(
    suite_names: tuple[str, ...], policy: str | None, registry: str | None, config: Path | None
) -> None:
    """Show how many samples a policy needs, before anything is run.

    Flip rates come from the checks in the registry; without any, they are assumed. A time estimate
    is given once the registry contains a check made on this machine.
    """
    from gatekeeper.authoring.sample_plan import learn, plan_suite, seconds_of
    from gatekeeper.policy import load_policy
    from gatekeeper.suite import load_suite
    from gatekeeper.suite.sample_counts import sample_counts

    settings = settings_from(config, registry=registry, policy=policy)
    loaded = load_policy(settings.policy)
    named = suite_names or tuple(loaded.policy.roles)
    recorded = _recorded(settings.registry)
    seconds = seconds_of(recorded)
    say(f"Policy {loaded.policy.name}: alpha {loaded.policy.alpha:g}, at most "
               f"{loaded.policy.budget.max_samples} samples per suite and arm (base or "
               "candidate).")  # fmt: skip
    total = 0
    for name in named:
        suite = load_suite(name, settings.suites)
        past = learn(recorded, suite.name)
        sizes = sample_counts(suite) | _sizes_seen(recorded, suite.name)
        planned = plan_suite(loaded.policy, suite.name, sizes, past)
        say()
        say(f"{suite.name} ({suite.role.value})")
        if not planned:
            say("  The policy has no rule for this suite.")
            continue
        for line in _rows(planned):
            say(line)
        total += _scores(planned)
    say()
    for line in _cost(total, seconds):
        say(line)


def _recorded(folder: Path) -> list[Evidence]:
    """Evidence of every recorded check; a registry that does not exist yet has none."""
    from gatekeeper.registry import Registry

    if not folder.is_dir():
        return []
    found = Registry.open(folder)
    skipped: list[GateError] = []
    evidence = [check.evidence for check in found.load_checks(found.state().checks, skipped)]
    say_skipped(skipped)
    return evidence


def _sizes_seen(recorded: list[Evidence], suite: str) -> dict[str, int | None]:
    """What a check saw is the truth: lm-eval's own tasks have no file to count."""
    return {
        pairs.capability: pairs.available
        for evidence in recorded
        for pairs in evidence.pairs
        if pairs.suite == suite
    }


def _rows(planned: list[PlannedRule]) -> list[str]:
    """One line per rule; capabilities without any record share their lines."""
    lines = [
        f"  {'capability':<18} {'must be shown':<22} {'needs':>6} {'has':>6}  for an adapter that"
    ]
    lines += [_row(rule, rule.capability) for rule in planned if rule.seen_in]
    groups: dict[tuple[Asked, Assumed], list[PlannedRule]] = {}
    for rule in planned:
        if not rule.seen_in:
            groups.setdefault((rule.asked, rule.assumed), []).append(rule)
    for alike in groups.values():
        # The smallest capability is the first to be too small.
        smallest = min(alike, key=lambda rule: rule.horizon or 0)
        name = f"{len(alike)} not seen" if len(alike) > 1 else smallest.capability
        lines.append(_row(smallest, name))
    return lines


def _row(rule: PlannedRule, name: str) -> str:
    needs = "never" if rule.needed is None else rule.needed
    has = "?" if rule.horizon is None else rule.horizon
    seen = f", as in {count(rule.seen_in, 'check')}" if _from_checks(rule) else ""
    short = ": too few" if rule.enough is False else ""
    return (
        f"  {name:<18.18} {rule.asked.text:<22} {needs:>6} {has:>6}  "
        f"{rule.assumed.text(rule.asked)}{seen}{short}"
    )


def _from_checks(rule: PlannedRule) -> bool:
    """Whether what is assumed was seen in checks; a bar does not ask for flips."""
    return bool(rule.seen_in) and rule.asked.kind is not RuleKind.BAR


def _scores(planned: list[PlannedRule]) -> int:
    """Scores of both arms: the rule of each capability that needs most, within the budget."""
    from gatekeeper.authoring.sample_plan import USUAL

    most: dict[str, int] = {}
    for rule in planned:
        if rule.needed is None or (rule.assumed != USUAL and not _from_checks(rule)):
            continue
        wanted = rule.needed if rule.horizon is None else min(rule.needed, rule.horizon)
        most[rule.capability] = max(most.get(rule.capability, 0), wanted)
    return 2 * sum(most.values())


def _cost(scores: int, seconds: float | None) -> list[str]:
    from gatekeeper.report.wording import duration

    first = (
        f"About {count(scores, 'score')}, base and candidate; half of them once the base is cached."
    )
    if seconds is None:
        return [
            first,
            "No recorded check has timings yet, so there is no time estimate. The next check will "
            "provide one.",
        ]
    return [
        first,
        f"At {1000 * seconds:.0f} ms per score, as recorded: {duration(scores * seconds)}, or "
        f"{duration(scores * seconds / 2)} with the base cached.",
    ]
