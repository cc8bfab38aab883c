"""Sample files written by `lm_eval --log_samples`, read and joined by what was actually asked.

Two runs are paired by the hashes that lm-eval stores with each sample: of the document, of the
prompt and of the target. Samples whose prompts differ (other few-shot examples, another template)
are not the same samples, whatever their number in the file. Reading them does not need lm-eval.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

from gatekeeper.comparison.candidates import SharedSamples
from gatekeeper.errors import ConfigError

__all__ = ["join_runs", "read_run"]

Key = tuple[str, str, str, int]
"""Hashes of document, prompt and target; a count separates samples that agree in all three."""
Scores = dict[str, dict[Key, float]]
"""`task`, `task (filter)`, each with `: metric` -> sample -> score."""

_FILE = re.compile(r"samples_(?P<task>.+?)_\d{4}-\d\d-\d\dT[\d.-]+\.jsonl")
_LOWER_IS_BETTER = frozenset({"brier_score", "ter", "word_perplexity", "byte_perplexity"})


def read_run(path: Path, metrics: Collection[str] = ()) -> Scores:
    """Scores of one run: a sample file, or a folder (the newest file of each task counts).

    Without `metrics` all count, except those outside [0, 1] and those of which less is better.
    Raises ConfigError when there is nothing to read, with file and line where there is one.
    """
    files = _files(path)
    if not files:
        raise ConfigError(
            f"{path}: contains no samples_*.jsonl written by lm-eval.",
            "Run lm_eval with --log_samples --output_path DIR, and give that folder.",
        )
    found: Scores = {}
    for task, file in files.items():
        for name, scores in _read(task, file).items():
            found.setdefault(name, {}).update(scores)
    usable = {
        name: scores
        for name, scores in found.items()
        if (name.rpartition(": ")[2] in metrics if metrics else _more_is_better(name))
        and all(0.0 <= score <= 1.0 for score in scores.values())
    }
    if not usable:
        raise ConfigError(
            f"{path}: contains no "
            + (f"metric {' or '.join(metrics)}." if metrics else "metric that can be compared."),
            "A metric that can be compared is between 0 and 1: acc, exact_match, f1 or the like.",
        )
    return usable


def join_runs(first: Scores, second: Scores) -> tuple[list[SharedSamples], list[str]]:
    """Pair two runs, and say what could not be paired. Raises ConfigError when nothing could."""
    notes = [
        f"{name} is only in the {place} run."
        for place, mine, other in (("first", first, second), ("second", second, first))
        for name in mine
        if name not in other
    ]
    found = []
    for name in first:
        if name not in second:
            continue
        joined = _join(name, first[name], second[name])
        if joined.first:
            found.append(joined)
        if joined.left_out:
            notes.append(_left_out(name, first[name], second[name], joined))
    if not found:
        raise ConfigError(
            "The two runs have no samples in common." + (f" {notes[0]}" if notes else ""),
            "Run both with the same tasks, --num_fewshot, --seed, chat template and --limit.",
        )
    return found, notes


def _more_is_better(name: str) -> bool:
    return name.rpartition(": ")[2] not in _LOWER_IS_BETTER


def _join(name: str, first: Mapping[Key, float], second: Mapping[Key, float]) -> SharedSamples:
    keys = [key for key in first if key in second]
    task, _, metric = name.rpartition(": ")
    return SharedSamples(
        suite="lm-eval",
        capability=task,
        metric=metric,
        first=tuple(first[key] for key in keys),
        second=tuple(second[key] for key in keys),
        left_out=len(first) + len(second) - 2 * len(keys),
    )


def _left_out(
    name: str, first: Mapping[Key, float], second: Mapping[Key, float], joined: SharedSamples
) -> str:
    """Why samples are not shared: other documents, or the same ones asked differently."""
    documents = {key[0] for key in first if key not in second}
    reworded = sum(key not in first and key[0] in documents for key in second)
    text = f"{name}: {joined.left_out} samples are in only one run and are left out."
    if reworded:
        text += f" {reworded} of the same documents were asked with a different prompt or target."
    return text


def _files(path: Path) -> dict[str, Path]:
    """Task -> its newest file; the name ends in the time of the run."""
    if path.is_file():
        named = _FILE.fullmatch(path.name)
        return {named["task"] if named else path.stem.removeprefix("samples_"): path}
    found: dict[str, Path] = {}
    for file in sorted(path.rglob("samples_*.jsonl"), key=lambda file: (file.name, str(file))):
        if named := _FILE.fullmatch(file.name):
            found[named["task"]] = file
    folders = {file.parent for file in found.values()}
    if len(folders) > 1:
        listed = ", ".join(sorted(folder.name for folder in folders))
        raise ConfigError(
            f"{path} contains runs of several models ({listed}).", "Give the folder of one model."
        )
    return found


def _read(task: str, file: Path) -> Scores:
    found: Scores = {}
    seen: dict[tuple[str, ...], int] = {}
    several = set()
    for number, sample in _lines(file):
        try:
            hashes = tuple(str(sample[f"{part}_hash"]) for part in ("doc", "prompt", "target"))
            metrics = [str(metric) for metric in sample["metrics"]]
            chosen = str(sample.get("filter", "none"))
        except (KeyError, TypeError) as problem:
            raise ConfigError(
                f"{file}:{number}: not a sample of lm-eval 0.4.3 or newer ({problem} is missing).",
                "Log the samples again.",
            ) from problem
        several.add(chosen)
        for metric in metrics:
            score = sample.get(metric)
            if isinstance(score, bool | int | float):
                name = f"{task} ({chosen}): {metric}"
                count = seen[name, *hashes] = seen.get((name, *hashes), 0) + 1
                found.setdefault(name, {})[(*hashes, count)] = float(score)  # type: ignore[index]
    if len(several) == 1:
        [only] = several
        return {name.replace(f" ({only}): ", ": ", 1): scores for name, scores in found.items()}
    return found


def _lines(file: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    number = 0
    try:
        with file.open(encoding="utf-8") as stream:
            for number, line in enumerate(stream, 1):
                if line.strip():
                    yield number, json.loads(line)
    except UnicodeDecodeError as problem:
        raise ConfigError(f"{file}: is not UTF-8 text.", "Log the samples again.") from problem
    except OSError as problem:
        raise ConfigError(f"{file} cannot be read: {problem}.", "Check the path.") from problem
    except ValueError as problem:
        raise ConfigError(
            f"{file}: line {number} is not valid JSON ({problem}).", "Log the samples again."
        ) from problem
