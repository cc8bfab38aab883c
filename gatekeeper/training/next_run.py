"""next.yaml: the training run that a verdict asks for, ready to start.

A LoraConfig under its own argument names and a run manifest with everything else kept as it was, so
that the next check compares one change. docs/escalation.md shows how a training script reads it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from gatekeeper.errors import TrainingDataError
from gatekeeper.evidence import RunManifest
from gatekeeper.files.yaml_document import read_yaml, validation_message
from gatekeeper.verdict import Action

__all__ = ["NextRun", "next_text", "read_next"]


class NextRun(BaseModel):
    """What to train next. `lora_config` is None for full fine-tuning."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    schema_id: Literal["gatekeeper/next/v1"] = "gatekeeper/next/v1"
    check: str
    """The check that asks for this run; an escalated run names it as `escalated_from`."""
    action: Action
    why: str
    lora_config: dict[str, Any] | None
    run: RunManifest


def next_text(plan: NextRun) -> str:
    """The plan as YAML, with comments on what was left out."""
    import yaml

    content = plan.model_dump(mode="json", exclude_none=True)
    content["run"] = {k: v for k, v in content["run"].items() if v not in ({}, [])}
    content["lora_config"] = plan.lora_config
    return (
        f"# The run that check {plan.check} asks for: LoraConfig(**lora_config), everything else\n"
        "# unchanged. Paths are relative to this file.\n"
        + yaml.safe_dump(content, sort_keys=False, allow_unicode=True)
    )


def read_next(path: Path) -> NextRun:
    """Read a plan. Raises TrainingDataError, with file and line, when it is not one."""
    document = read_yaml(path, TrainingDataError)
    try:
        return NextRun.model_validate(document.data)
    except ValidationError as problem:
        raise TrainingDataError(*validation_message(problem, document, NextRun)) from problem
