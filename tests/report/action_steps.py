"""The steps of action.yml as a runner sees them: a script, and inputs that became variables."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parent.parent.parent
ACTION: dict[str, Any] = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
STEPS: dict[str, Any] = {step["name"]: step for step in ACTION["runs"]["steps"]}
BASH = ("bash", "--noprofile", "--norc", "-eo", "pipefail")
"""How a runner calls the shell of a step."""


def variables(
    name: str, inputs: Mapping[str, str], context: Mapping[str, str] | None = None
) -> dict[str, str]:
    """The environment of one step, with every expression replaced by its value."""
    values = {f"inputs.{key}": entry.get("default", "") for key, entry in ACTION["inputs"].items()}
    values |= {f"inputs.{key}": value for key, value in inputs.items()} | dict(context or {})
    return {
        key: re.sub(r"\$\{\{ (.+?) \}\}", lambda found: values.get(found[1], ""), text)
        for key, text in STEPS[name].get("env", {}).items()
    }
