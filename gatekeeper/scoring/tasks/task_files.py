"""Where a task comes from: a suite's own YAML files first, then lm-eval's, and their data.

Gives lm-eval `Task` objects, ready but unscored. Relative data files belong to the YAML file that
names them, whatever the working directory. A suite's YAML may name Python functions next to it
(`!function`): like a test file, a suite is code of the person who runs the check.
"""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from gatekeeper.errors import SuiteError, first_line

__all__ = ["TaskFiles"]

_LOCAL_BUILDERS = ("json", "csv", "parquet", "text", "arrow")


class TaskFiles:
    """The tasks that a suite's folder (None: only lm-eval's own) can name."""

    def __init__(self, suite: str, folder: Path | None) -> None:
        from lm_eval.tasks import TaskManager

        self.suite = suite
        self.folder = folder
        with _quiet():
            self._own = TaskManager(
                include_path=str(folder) if folder else None, include_defaults=False
            )
        self._all: Any = None

    def build(self, name: str) -> list[Any]:
        """Build the task, or every task of the group or tag, of that name.

        Raises SuiteError when no such task exists, its file is wrong, or its data is not available.
        """
        with _quiet():
            config: Mapping[str, Any] = {}
            try:
                spec, manager = self._find(name)
                config = spec if isinstance(spec, dict) else {}
                tasks = manager.load(spec)["tasks"]
            except SuiteError:
                raise
            except Exception as problem:
                raise self._explained(name, config, problem) from problem
        for task in tasks.values():
            _require_text_only(self.suite, name, task)
        return [tasks[key] for key in sorted(tasks)]

    def _find(self, name: str) -> tuple[Any, Any]:
        """What to pass to which TaskManager. The index of all of lm-eval takes ten seconds."""
        from lm_eval.tasks import TaskManager

        entry = self._own.task_index.get(name)
        if entry is not None:
            if entry.yaml_path is None or "task" not in (entry.cfg or {}):
                return name, self._own
            return _with_local_data(entry.yaml_path), self._own
        if (shipped := _shipped_files().get(name)) is not None:
            return _with_local_data(shipped), self._own
        if self._all is None:
            own = str(self.folder) if self.folder else None
            self._all = TaskManager(include_path=own)
        if name not in self._all.task_index:
            where = f"{self.folder} nor lm-eval" if self.folder else "lm-eval"
            raise SuiteError(
                f"Suite {self.suite}: neither {where} has a task named {name!r}."
                if self.folder
                else f"Suite {self.suite}: lm-eval has no task named {name!r}.",
                "List lm-eval's own with: lm-eval ls tasks",
            )
        return name, self._all

    def _explained(self, name: str, config: Mapping[str, Any], problem: Exception) -> SuiteError:
        path = config.get("dataset_path")
        text = first_line(problem)
        if isinstance(problem, FileNotFoundError) and path in _LOCAL_BUILDERS:
            return SuiteError(
                f"Suite {self.suite}, task {name}: a data file is missing: {text}",
                "Paths in `data_files` are relative to the task's YAML file.",
            )
        if _is_unreachable(problem):
            what = f"data set {path}" if path else "data"
            offline = " (and HF_HUB_OFFLINE unset)" if os.environ.get("HF_HUB_OFFLINE") else ""
            return SuiteError(
                f"Suite {self.suite}, task {name}: its {what} is not on this machine and could not "
                "be downloaded.",
                f"With network access{offline}, get all of the suite's data with: "
                f"gate suite fetch {self.suite}",
            )
        if isinstance(problem, ImportError):
            return SuiteError(
                f"Suite {self.suite}, task {name} needs a package that is not installed: {text}",
                f'lm-eval has it as an extra: pip install "lm_eval[{name}]"',
            )
        return SuiteError(f"Suite {self.suite}, task {name} cannot be loaded: {text}")


def _with_local_data(file: Path) -> dict[str, Any]:
    """The task's whole configuration, its data files absolute."""
    from lm_eval.tasks._yaml_loader import load_yaml

    config: dict[str, Any] = load_yaml(file, resolve_func=True)
    arguments = config.get("dataset_kwargs")
    if isinstance(arguments, dict) and "data_files" in arguments:
        files = _absolute(arguments["data_files"], file.parent)
        config["dataset_kwargs"] = {**arguments, "data_files": files}
    return config


def _absolute(files: Any, folder: Path) -> Any:
    if isinstance(files, dict):
        return {split: _absolute(part, folder) for split, part in files.items()}
    if isinstance(files, list):
        return [_absolute(part, folder) for part in files]
    return files if "://" in str(files) else str((folder / str(files)).resolve())


@cache
def _shipped_files() -> dict[str, Path]:
    """lm-eval's YAML files by the name on their `task:` line; of several, the first."""
    from lm_eval import tasks

    line = re.compile(rb"^task:[ \t]*[\"']?([^\"'#\r\n]+?)[\"']?[ \t]*(?:#.*)?\r?$", re.MULTILINE)
    found: dict[str, Path] = {}
    for file in sorted(Path(str(tasks.__file__)).parent.rglob("*.yaml")):
        for name in line.findall(file.read_bytes()):
            found.setdefault(name.decode(errors="replace"), file)
    return found


def _require_text_only(suite: str, name: str, task: Any) -> None:
    if getattr(task, "MULTIMODAL", False):
        raise SuiteError(
            f"Suite {suite}, task {name} needs images or sound; only text can be scored."
        )
    if getattr(task, "UNSAFE_CODE", False):
        raise SuiteError(
            f"Suite {suite}, task {name} runs code that the model writes, which gate does not do.",
            "Remove it from the suite.",
        )


def _is_unreachable(problem: BaseException) -> bool:
    """Whether an error of `datasets` or the hub client means: not cached and not reachable."""
    names = {type(p).__name__ for p in _chain(problem)}
    return bool(
        names
        & {
            "ConnectionError",
            "ConnectError",
            "OfflineModeIsEnabled",
            "LocalEntryNotFoundError",
            "DatasetNotFoundError",
            "ProxyError",
            "ConnectTimeout",
            "HfHubHTTPError",
            "FileNotFoundError",
        }
    )


def _chain(problem: BaseException | None) -> Iterator[BaseException]:
    while problem is not None:
        yield problem
        problem = problem.__cause__ or problem.__context__


@contextmanager
def _quiet() -> Iterator[None]:
    """Libraries' own progress bars and warnings would break up ours."""
    import datasets

    logger = logging.getLogger("lm_eval")
    level, bars = logger.level, datasets.is_progress_bar_enabled()
    logger.setLevel(logging.ERROR)
    datasets.disable_progress_bars()
    try:
        yield
    finally:
        logger.setLevel(level)
        if bars:
            datasets.enable_progress_bars()
