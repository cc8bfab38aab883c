"""`gate suite check`: does a suite load, what do its prompts look like, is its data sound?"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from gatekeeper.cli.consoles import say
from gatekeeper.cli.name_arguments import POLICY
from gatekeeper.cli.shared_options import base_options, config_option, needs, settings_from
from gatekeeper.errors import ExitCode
from gatekeeper.phrases import count
from gatekeeper.report.visible_text import visible

if TYPE_CHECKING:
    from gatekeeper.settings import Settings
    from gatekeeper.suite import Suite

SHOWN = 3
LONGEST = 1200


@click.command()
@click.argument("name")
@click.option(
    "--policy",
    type=POLICY,
    help="Policy whose margins the suite must be able to settle (default: the one in gate.yaml).",
)
@base_options
@config_option
@needs("score")
def check(name: str, config: Path | None, policy: str | None, **base_flags: Any) -> int:
    """Load the suite NAME, render three prompts per task, and look for faults (exit code 2)."""
    from gatekeeper.authoring.sample_plan import independent, shortage_of
    from gatekeeper.authoring.suite_faults import faults_of
    from gatekeeper.policy import load_policy
    from gatekeeper.scoring.tasks.loaded_task import load_tasks
    from gatekeeper.suite import load_suite

    settings = settings_from(config, policy=policy, **base_flags)
    suite = load_suite(name, settings.suites)
    rules = load_policy(settings.policy).policy
    found = 0
    for capability, tasks in load_tasks(suite, _tokenizer(suite, settings)).items():
        for task in tasks:
            groups = independent([task])
            apart = "" if groups == len(task) else f" in {groups} groups"
            say(f"{capability}: {task.name}, {len(task)} samples{apart}")
            for doc in range(min(SHOWN, len(task))):
                _show(task, doc)
            for fault in faults_of(task):
                found += 1
                say(f"  FAULT  {fault}")
        for fault in shortage_of(independent(tasks), suite.name, capability, rules):
            found += 1
            say(f"  FAULT  {capability}: {fault} (policy {rules.name})")
    say(count(found, "fault") if found else "no faults found")
    return int(ExitCode.USAGE) if found else 0


def _tokenizer(suite: Suite, settings: Settings) -> Any:
    """Only a suite in chat form needs the base's tokenizer."""
    if not suite.apply_chat_template:
        return None
    from transformers import AutoTokenizer

    from gatekeeper.check.prepare_request import base_of

    folder, _ = base_of(settings, [])
    return AutoTokenizer.from_pretrained(folder.path, local_files_only=True)


def _show(task: Any, doc: int) -> None:
    requests = task.arguments(doc)
    say(f"  {task.sample_id(doc)}  gold: {task.gold(doc).strip()}")
    prompt = visible(str(requests[0][0]))
    for line in prompt[:LONGEST].splitlines() or ["(empty)"]:
        say(f"    | {line}")
    if len(prompt) > LONGEST:
        say(f"    | ... {len(prompt) - LONGEST} more characters")
    choices = [str(request[1]) for request in requests if len(request) > 1]
    if len(requests) > 1:
        say(f"    > {' | '.join(choice.strip() for choice in choices)}")
