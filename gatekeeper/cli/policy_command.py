"""`gate policy`: check, explain, replay and test policies."""

from __future__ import annotations

from pathlib import Path

import click

from gatekeeper.cli.consoles import say, say_skipped
from gatekeeper.cli.name_arguments import POLICY
from gatekeeper.cli.shared_options import registry_option, settings_from
from gatekeeper.errors import ExitCode, GateError
from gatekeeper.phrases import count


@click.group("policy")
def command() -> None:
    """Check, explain, replay and test policies."""


@command.command()
@click.argument("policies", nargs=-1, required=True, type=POLICY)
def check(policies: tuple[str, ...]) -> None:
    """Check that each policy file is valid. Errors name file and line."""
    from gatekeeper.policy import load_policy

    for ref in policies:
        loaded = load_policy(ref)
        say(f"{loaded.source}: valid ({loaded.policy.name}, {loaded.policy.digest[:19]})")


@command.command()
@click.argument("policy", required=False, type=POLICY)
@registry_option
def explain(policy: str | None, registry: str | None, config: Path | None) -> None:
    """Explain in plain sentences what a policy will do."""
    from gatekeeper.authoring.policy_explained import explain as sentences
    from gatekeeper.policy import load_policy

    loaded = load_policy(policy or settings_from(config, registry=registry).policy)
    say(f"Policy {loaded.policy.name} ({loaded.source})")
    if loaded.policy.description:
        for line in loaded.policy.description.splitlines():
            say(line)
    for heading, lines in sentences(loaded.policy):
        say()
        say(heading)
        for line in lines:
            say(f"  {line}")


@command.command()
@click.argument("policy", type=POLICY)
@registry_option
def replay(policy: str, registry: str | None, config: Path | None) -> int:
    """Decide every recorded check again under POLICY and list the verdicts that change.

    Exits with 10 when a past promotion would no longer be one.
    """
    from gatekeeper.authoring.policy_replay import replay as decide_again
    from gatekeeper.policy import load_policy
    from gatekeeper.registry import Registry
    from gatekeeper.report.wording import deciding_reason, reason_text

    loaded = load_policy(policy)
    found = Registry.open(settings_from(config, registry=registry).registry)
    skipped: list[GateError] = []
    changes = list(decide_again(found, loaded, skipped))
    say_skipped(skipped)
    changed = [c for c in changes if c.check.verdict.decision != c.after.decision]
    for change in changed:
        reason = deciding_reason(change.after)
        serves = f" (serves {', '.join(change.serves)})" if change.serves else ""
        say(
            f"{change.check.check_id}  {change.check.evidence.candidate.name}: "
            f"{change.check.verdict.decision.value} -> {change.after.decision.value}{serves}"
        )
        if reason is not None:
            say(f"    {reason_text(reason)}")
    say(
        f"{count(len(changes), 'check')} decided again under {loaded.policy.name}: "
        f"{count(len(changed), 'verdict')} would change."
    )
    lost = [c for c in changed if c.check.verdict.decision.value == "promote"]
    if lost:
        say(f"{count(len(lost), 'past promotion')} would no longer be promoted.", err=True)
        return int(ExitCode.HOLD)
    return 0


@command.command()
@click.argument("cases", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--policy", type=POLICY, help="Run the cases under this policy instead of their own.")
def test(cases: tuple[Path, ...], policy: str | None) -> int:
    """Run declared cases: evidence as counts, and the verdict that it must get.

    Exits with 10 when a case does not get its expected verdict.
    """
    from gatekeeper.authoring.policy_cases import run_cases
    from gatekeeper.policy import load_policy
    from gatekeeper.verdict.reason_sentences import render_reason

    loaded = load_policy(policy) if policy else None
    failed = total = 0
    for path in cases:
        for result in run_cases(path, loaded):
            total += 1
            if result.passed:
                say(f"ok    {result.case.name}")
                continue
            failed += 1
            wanted = result.case.expect + (f" ({result.case.reason})" if result.case.reason else "")
            say(
                f"FAIL  {path}:{result.line}: {result.case.name}: expected {wanted}, got "
                f"{result.verdict.decision.value}"
            )
            for reason in result.verdict.reasons:
                say(f"      {reason.code.value}: {render_reason(reason)}")
    say(f"{total - failed} passed, {failed} failed")
    return int(ExitCode.HOLD) if failed else 0
