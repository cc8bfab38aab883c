"""Write a suite from held-out data, and refuse data that is in the training file.

The suite is an ordinary one: `suite.yaml`, one lm-eval task file and its data. It is written
completely or not at all.
"""

from __future__ import annotations

import json
import re
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from gatekeeper.authoring.held_out_rows import Source
from gatekeeper.authoring.suite_draft import Draft, Sample
from gatekeeper.digests import digest_file
from gatekeeper.errors import SuiteError
from gatekeeper.evidence import OverlapPair, Role

__all__ = ["require_apart", "write_suite"]

_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,60}")
SHOWN_PAIRS = 3


def require_apart(name: str, source: Source, draft: Draft, train: Path) -> int:
    """Compare held-out samples with the training file; return the number of training rows.

    Raises SuiteError when any sample overlaps, with the pairs, and TrainingDataError when the
    training file cannot be read.
    """
    from gatekeeper.training.contamination import find_overlap
    from gatekeeper.training.rows import read_rows

    if not train.is_file():
        raise SuiteError(f"{train} is not a file.", "Check --train.")
    if source.digest is not None and source.digest == digest_file(train):
        raise SuiteError(
            f"{source.name} is the training file itself.",
            "Hold rows out before training; a score on rows that were trained on is not evidence.",
        )
    rows = [prompt for prompt, _ in read_rows(train)]
    samples = [(f"{name}/{i}", sample.prompt) for i, sample in enumerate(draft.samples)]
    found = find_overlap(rows, {name: samples})
    count = sum(found.overlapping.values())
    if count:
        pairs = "\n".join(_told(pair) for pair in found.pairs[:SHOWN_PAIRS])
        raise SuiteError(
            f"{count} of {len(samples)} held-out samples overlap {train}:\n{pairs}",
            "Remove them from the training file and train again, or hold out other rows.",
        )
    return len(rows)


def _told(pair: OverlapPair) -> str:
    def cut(text: str) -> str:
        line = " ".join(text.split())
        return line if len(line) <= 70 else line[:67] + "..."

    return (
        f"  {pair.kind}: {pair.sample_id} {cut(pair.sample_text)!r}\n"
        f"    training row {pair.row + 1}: {cut(pair.training_text)!r}"
    )


def write_suite(
    folder: Path,
    name: str,
    draft: Draft,
    source: Source,
    *,
    role: Role = Role.TASK,
    chat: bool = False,
    compared: str | None = None,
) -> Path:
    """Write the suite NAME under `folder` and return its own folder.

    `compared` names the training file that was compared. Raises SuiteError when the name is not
    valid, or a suite of that name already exists.
    """
    if not _NAME.fullmatch(name):
        raise SuiteError(
            f"{name!r} is not a valid suite name.",
            "Use lower-case letters, digits, dots and dashes.",
        )
    target = folder / name
    if target.exists():
        raise SuiteError(f"{target} already exists.", "Choose another name, or remove it.")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder, prefix=f".{name}-") as aside:
            built = Path(aside) / name
            built.mkdir()
            _write(built, name, draft, source, role, chat, compared)
            shutil.move(built, target)
    except OSError as problem:
        raise SuiteError(
            f"Cannot write {target} ({problem.strerror or problem}).", "Check the folder."
        ) from problem
    return target


def _write(
    folder: Path,
    name: str,
    draft: Draft,
    source: Source,
    role: Role,
    chat: bool,
    compared: str | None,
) -> None:
    task = re.sub(r"\W", "_", name)
    chosen = bool(draft.samples[0].choices)
    lines = [json.dumps(row, ensure_ascii=False) for row in _rows(draft.samples)]
    (folder / "data.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    form = _choice_form(chat) if chosen else _generated_form(draft.samples)
    _yaml(
        folder / f"{task}.yaml", "", {"task": task, **_data(), **form, "metadata": {"version": 1}}
    )
    entry: dict[str, Any] = {"task": task, "metric": "acc" if chosen else "exact_match"}
    if chosen:
        chances = [1 / len(sample.choices) for sample in draft.samples]
        entry["chance"] = round(sum(chances) / len(chances), 4)
    if draft.samples[0].group is not None:
        entry["group_by"] = "group"
    suite: dict[str, Any] = {
        "name": name,
        "role": role.value,
        "description": f"{len(draft.samples)} held-out samples from {Path(source.name).name}.",
        "capabilities": [{"name": name, "tasks": [entry]}],
    }
    if chat:
        suite["apply_chat_template"] = True
    if draft.system:
        suite["system_prompt"] = draft.system
    facts = [f"made by gate suite new from {source.name}"]
    if source.digest:
        facts.append(f"source {source.digest}")
    facts.append(
        f"held out from {compared}" if compared else "not compared with any training file yet"
    )
    _yaml(folder / "suite.yaml", "".join(f"# {' '.join(f.split())}\n" for f in facts), suite)


def _rows(samples: Sequence[Sample]) -> list[dict[str, Any]]:
    return [
        {
            "prompt": s.prompt,
            **(
                {"choices": list(s.choices), "gold": s.choices.index(s.answer)}
                if s.choices
                else {"answer": s.answer}
            ),
            **({} if s.group is None else {"group": s.group}),
        }
        for s in samples
    ]


def _data() -> dict[str, Any]:
    return {
        "dataset_path": "json",
        "dataset_kwargs": {"data_files": {"test": "data.jsonl"}},
        "test_split": "test",
        "doc_to_text": "{{prompt}}",
    }


def _choice_form(chat: bool) -> dict[str, Any]:
    return {
        "output_type": "multiple_choice",
        "doc_to_choice": "choices",
        "doc_to_target": "gold",
        "target_delimiter": "" if chat else " ",
        "metric_list": [{"metric": "acc", "aggregation": "mean", "higher_is_better": True}],
    }


def _generated_form(samples: Sequence[Sample]) -> dict[str, Any]:
    """Greedy, up to twice the longest answer; case, punctuation and outer spaces do not count."""
    longest = max(len(sample.answer) for sample in samples)
    until = ["\n\n"] if any("\n" in sample.answer for sample in samples) else ["\n"]
    return {
        "output_type": "generate_until",
        "doc_to_target": "{{answer}}",
        "generation_kwargs": {
            "until": until,
            "max_gen_toks": max(8, min(512, longest)),
            "do_sample": False,
        },
        "filter_list": [
            {
                "name": "stripped",
                "filter": [{"function": "remove_whitespace"}, {"function": "take_first"}],
            }
        ],
        "metric_list": [
            {
                "metric": "exact_match",
                "aggregation": "mean",
                "higher_is_better": True,
                "ignore_case": True,
                "ignore_punctuation": True,
            }
        ],
    }


def _yaml(path: Path, comment: str, content: dict[str, Any]) -> None:
    import yaml

    text = yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=96)
    path.write_text(comment + text, encoding="utf-8")
