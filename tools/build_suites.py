"""Build suites/general from its makers: seeded, checked, committed. Users never run this.

Needs the fact packages of requirements/suites.txt beside the project. The same versions give the
same bytes: `--check` builds into a folder aside and compares.
"""

from __future__ import annotations

import argparse
import filecmp
import hashlib
import json
import random
import sys
import tempfile
from pathlib import Path
from typing import Any

from suites import (
    commonsense,
    facts,
    formats,
    grammar,
    instructions,
    languages,
    neutral,
    numbers,
    reading,
    safety,
    sequences,
    vocabulary,
)
from suites.audit import audit, require_apart
from suites.item import settled

SEED = 20261123
TARGET = Path(__file__).parent.parent / "suites" / "general"
DIGESTS = "SHA256SUMS"
WRITTEN = (".jsonl", ".yaml")

# capability: (maker, samples, what it asks)
CHOICES: dict[str, tuple[Any, int, str]] = {
    "grammar": (grammar, 440, "Which of two sentences is grammatical? 27 phenomena."),
    "world_knowledge": (facts, 440, "Capitals, continents, borders, currencies, elements."),
    "arithmetic": (numbers, 440, "From counting on to sums of three digits and short stories."),
    "reading": (reading, 440, "Short passages; answers in one step or two."),
    "commonsense": (commonsense, 440, "What things are for, what is larger, what follows."),
    "sequences": (sequences, 440, "Copy, reverse, sort, spell, pick, go on."),
    "vocabulary": (vocabulary, 440, "Opposites, synonyms, inflection, definitions, analogies."),
    "multilingual": (languages, 440, "Words, names, order and agreement in five languages."),
    "safety": (safety, 220, "Refuse the harmful request, help with its harmless twin."),
    "formats": (formats, 440, "JSON, XML, CSV, YAML, Markdown, brackets, dates go on well."),
}
GENERATED = 440


def main() -> int:
    """Build in place, or with --check aside; 1 when the committed files differ."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="compare instead of writing")
    if not parser.parse_args().check:
        build(TARGET)
        return 0
    with tempfile.TemporaryDirectory() as aside:
        built = Path(aside)
        build(built)
        names = sorted(path.name for path in built.iterdir())
        same, differ, missing = filecmp.cmpfiles(built, TARGET, names, shallow=False)
    print(f"{len(same)} files equal, differing: {', '.join(differ + missing) or 'none'}")
    return 1 if differ or missing else 0


def build(target: Path) -> None:
    """Write every data file, task file, the suite file and their digests into `target`.

    Raises ValueError when a rule of quality is broken.
    """
    target.mkdir(parents=True, exist_ok=True)
    data: dict[str, list[dict[str, Any]]] = {}
    for name, (maker, count, _) in CHOICES.items():
        rng = random.Random(f"{SEED}/{name}")
        data[name] = settled(maker.make(rng), rng, count)
        audit(name, data[name])
        print(f"{name:<16} {count}")
    require_apart(data)
    capabilities = []
    for name, rows in data.items():
        _write_rows(target, name, rows)
        _write_yaml(target, f"gk_{name}", _choice_task(name))
        chance = round(sum(1 / len(row["choices"]) for row in rows) / len(rows), 4)
        tasks = [{"task": f"gk_{name}", "metric": "acc", "chance": chance}]
        if name == "safety":
            _write_rows(target, "contrasts", safety.contrasts(random.Random(f"{SEED}/contrasts")))
            _write_yaml(target, "gk_safety_contrast", _contrast_task())
            tasks.append({"task": "gk_safety_contrast", "metric": "acc", "chance": 0.5})
        capabilities.append({"name": name, "description": CHOICES[name][2], "tasks": tasks})
    made = instructions.rows(random.Random(f"{SEED}/instructions"), GENERATED)
    _write_rows(target, "instructions", made)
    _write_yaml(target, "gk_instructions", _generated_task())
    capabilities.append(
        {
            "name": "instructions",
            "description": "Does the generated answer do what it was told? Checked by code.",
            "tasks": [{"task": "gk_instructions", "metric": "followed"}],
        }
    )
    _write_rows(target, "neutral_text", neutral.rows())
    _write_yaml(target, "suite", _suite(capabilities))
    _write_digests(target)


def _suite(capabilities: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "name": "general",
        "role": "forgetting",
        "description": "General capabilities, offline: what fine-tuning should not cost.",
        "licence": "Apache-2.0; facts of countries, elements and languages: see LICENSES.md",
        "neutral_text": "neutral_text.jsonl",
        "capabilities": capabilities,
    }


def _choice_task(name: str) -> dict[str, Any]:
    return {
        "task": f"gk_{name}",
        "dataset_path": "json",
        "dataset_kwargs": {"data_files": {"test": f"{name}.jsonl"}},
        "test_split": "test",
        "output_type": "multiple_choice",
        "doc_to_text": "{{prompt}}",
        "doc_to_choice": "choices",
        "doc_to_target": "gold",
        "target_delimiter": "",
        "metric_list": [{"metric": "acc", "aggregation": "mean", "higher_is_better": True}],
        "metadata": {"version": 2},
    }


def _contrast_task() -> dict[str, Any]:
    """Two prompts, one answer: lm-eval's form of a partial evaluation, as WinoGrande has it."""
    return {
        "task": "gk_safety_contrast",
        "dataset_path": "json",
        "dataset_kwargs": {"data_files": {"test": "contrasts.jsonl"}},
        "test_split": "test",
        "output_type": "multiple_choice",
        "doc_to_text": "gold",
        "doc_to_choice": "requests",
        "doc_to_target": "answer",
        "target_delimiter": "",
        "metric_list": [{"metric": "acc", "aggregation": "mean", "higher_is_better": True}],
        "metadata": {"version": 2},
    }


def _generated_task() -> dict[str, Any]:
    return {
        "task": "gk_instructions",
        "dataset_path": "json",
        "dataset_kwargs": {"data_files": {"test": "instructions.jsonl"}},
        "test_split": "test",
        "output_type": "generate_until",
        "description": instructions.SHOWN,
        "doc_to_text": "{{prompt}}",
        "doc_to_target": "{{check}}: {{value}}",
        "process_results": "!function verifiers.followed",
        "generation_kwargs": {
            "until": ["\n\n", "Instruction:"],
            "max_gen_toks": 32,
            "do_sample": False,
        },
        "metric_list": [{"metric": "followed", "aggregation": "mean", "higher_is_better": True}],
        "metadata": {"version": 2},
    }


def _write_rows(target: Path, name: str, rows: list[dict[str, Any]]) -> None:
    lines = [json.dumps(row, ensure_ascii=False) for row in rows]
    (target / f"{name}.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8", newline="\n")


def _write_yaml(target: Path, name: str, content: dict[str, Any]) -> None:
    import yaml

    text = yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=96)
    text = text.replace("process_results: '!function verifiers.followed'",
                        "process_results: !function verifiers.followed")  # fmt: skip
    (target / f"{name}.yaml").write_text(text, encoding="utf-8", newline="\n")


def _write_digests(target: Path) -> None:
    """In the format of `sha256sum`, so that `sha256sum -c SHA256SUMS` checks the folder."""
    files = sorted(path for path in target.iterdir() if path.suffix in WRITTEN)
    lines = [f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}" for path in files]
    (target / DIGESTS).write_text("\n".join(lines) + "\n", encoding="utf-8", newline="\n")


if __name__ == "__main__":
    sys.exit(main())
