"""What is in a suite's folder, without lm-eval: which file a task reads, and how many samples.

Light enough for `gate suite list`; nothing is rendered or scored here.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from gatekeeper.suite.suite import Suite

__all__ = ["sample_counts"]


class _Loader(yaml.SafeLoader):
    """Safe, and lets lm-eval's own tags (`!function`) pass as text."""


def _as_text(loader: yaml.SafeLoader, suffix: str, node: yaml.Node) -> str:
    return f"!{suffix}"


_Loader.add_multi_constructor("!", _as_text)


def sample_counts(suite: Suite) -> dict[str, int | None]:
    """Samples of each capability, counting the docs of one group as one.

    None where the data is not the lines of a file in the suite's folder.
    """
    known = {} if suite.folder is None else _tasks(suite.folder)
    counts: dict[str, int | None] = {}
    for capability in suite.capabilities:
        found = [_count(known.get(task.task), task.group_by) for task in capability.tasks]
        counts[capability.name] = None if None in found else sum(n for n in found if n is not None)
    return counts


@cache
def _tasks(folder: Path) -> dict[str, tuple[Path, Mapping[str, Any]]]:
    """Task name -> (folder of its file, its configuration)."""
    found: dict[str, tuple[Path, Mapping[str, Any]]] = {}
    for file in sorted(folder.rglob("*.yaml")):
        try:
            content = yaml.load(file.read_text(encoding="utf-8"), Loader=_Loader)  # safe, see above
        except (OSError, ValueError, yaml.YAMLError):
            continue
        if isinstance(content, dict) and isinstance(content.get("task"), str):
            found[content["task"]] = (file.parent, content)
    return found


def _count(task: tuple[Path, Mapping[str, Any]] | None, group_by: str | None) -> int | None:
    if task is None:
        return None
    folder, content = task
    arguments = content.get("dataset_kwargs")
    files = arguments.get("data_files") if isinstance(arguments, dict) else None
    split = content.get("test_split") or content.get("validation_split")
    name = files.get(split) if isinstance(files, dict) else files
    if content.get("dataset_path") != "json" or not isinstance(name, str):
        return None
    try:
        with (folder / name).open("rb") as lines:
            rows = [line for line in lines if line.strip()]
        return len({str(json.loads(row)[group_by]) for row in rows}) if group_by else len(rows)
    except (OSError, ValueError, KeyError, TypeError):
        return None
