"""How many samples a suite has, counted from its files: nothing is loaded or rendered."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from gatekeeper.suite import Suite

__all__ = ["suite_sizes"]


def suite_sizes(suite: Suite) -> dict[str, int | None]:
    """Capability -> samples of its tasks; None when one comes from elsewhere than the folder."""
    files = _task_files(suite.folder) if suite.folder else {}
    sizes: dict[str, int | None] = {}
    for capability in suite.capabilities:
        counts = [_rows(files.get(task.task)) for task in capability.tasks]
        known = [count for count in counts if count is not None]
        sizes[capability.name] = sum(known) if len(known) == len(counts) else None
    return sizes


def _task_files(folder: Path) -> dict[str, Path]:
    """Task name -> JSONL file of its test split, for tasks whose data lies in the folder."""
    import yaml

    loader, found = _loader(), {}
    for file in sorted(folder.glob("*.yaml")):
        try:
            task = yaml.load(file.read_text(encoding="utf-8"), Loader=loader)  # safe, see below
        except (OSError, ValueError, yaml.YAMLError):
            continue
        if not isinstance(task, dict) or not isinstance(task.get("task"), str):
            continue
        splits = (task.get("dataset_kwargs") or {}).get("data_files")
        split = task.get("test_split") or task.get("validation_split")
        data = splits.get(split) if isinstance(splits, dict) else splits
        if isinstance(data, str):
            found[task["task"]] = folder / data
    return found


def _rows(file: Path | None) -> int | None:
    if file is None or file.suffix != ".jsonl":
        return None
    try:
        with file.open("rb") as lines:
            return sum(bool(line.strip()) for line in lines)
    except OSError:
        return None


def _loader() -> Any:
    import yaml

    class Plain(yaml.SafeLoader):
        """A safe loader that reads lm-eval's own tags (`!function`) as nothing."""

    def nothing(loader: yaml.SafeLoader, suffix: str, node: yaml.Node) -> None:
        return None

    Plain.add_multi_constructor("!", nothing)
    return Plain
