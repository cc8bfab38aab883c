"""Suites: tasks grouped by capability, for one purpose (did it learn / what did it lose).

A suite is a folder with `suite.yaml`, lm-eval task files and their data. This module reads and
pins it; it renders and scores nothing.
"""

from __future__ import annotations

from pathlib import Path

from gatekeeper.evidence import Frozen, Role

__all__ = ["Capability", "Suite", "TaskRef"]


class TaskRef(Frozen):
    """One lm-eval task of a capability and the metric that counts."""

    task: str
    metric: str
    few_shot: int | None = None
    chance: float | None = None
    """Expected score of guessing; None where guessing has no meaning (generation)."""


class Capability(Frozen):
    """A named ability: the unit for which loss is tolerated or not."""

    name: str
    tasks: tuple[TaskRef, ...]
    description: str = ""


class Suite(Frozen):
    """`suite.yaml`, read and checked."""

    name: str
    role: Role
    description: str = ""
    licence: str | None = None
    capabilities: tuple[Capability, ...]
    apply_chat_template: bool = False
    system_prompt: str | None = None
    neutral_text: str | None = None
    """JSONL file (field `text`) in the suite's folder, for perplexity and KL."""
    folder: Path | None = None
