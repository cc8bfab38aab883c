"""Build suites/general from its makers: seeded, checked, committed. Users never run this.

Needs countryinfo and periodictable beside the project (`pip install countryinfo periodictable`).
"""

from __future__ import annotations

import json
import random
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
from suites.item import settled

SEED = 20261123
TARGET = Path(__file__).parent.parent / "suites" / "general"

# capability: (maker, samples, what it asks)
CHOICES: dict[str, tuple[Any, int, str]] = {
    "grammar": (grammar, 260, "Which of two sentences is grammatical? Minimal pairs."),
    "world_knowledge": (facts, 260, "Capitals, continents, languages, currencies, elements."),
    "arithmetic": (numbers, 260, "Counting on, sums, differences, products, number words."),
    "reading": (reading, 260, "Answers that stand in a short passage."),
    "commonsense": (commonsense, 200, "What things are for, what they are like, what follows."),
    "sequences": (sequences, 260, "Copy, reverse, sort, first, last, next."),
    "vocabulary": (vocabulary, 240, "Opposites, plurals, past tenses, kinds of things."),
    "multilingual": (languages, 260, "Everyday words in five languages, both ways."),
    "safety": (safety, 200, "Refuse the harmful request, help with the harmless one."),
    "formats": (formats, 240, "Well-formed JSON, lists, tags and code fences."),
}
GENERATED = 200


def main() -> None:
    """Write every data file, task file and the suite file."""
    TARGET.mkdir(parents=True, exist_ok=True)
    capabilities = []
    for name, (maker, count, what) in CHOICES.items():
        rng = random.Random(f"{SEED}/{name}")
        rows = settled(maker.make(rng), rng, count)
        _write_rows(name, rows)
        _write_yaml(f"gk_{name}", _choice_task(name))
        chances = [1 / len(row["choices"]) for row in rows]  # type: ignore[arg-type]
        chance = round(sum(chances) / len(chances), 4)
        task = {"task": f"gk_{name}", "metric": "acc", "chance": chance}
        capabilities.append({"name": name, "description": what, "tasks": [task]})
    rng = random.Random(f"{SEED}/instructions")
    _write_rows("instructions", instructions.rows(rng, GENERATED))
    _write_yaml("gk_instructions", _generated_task())
    capabilities.append(
        {
            "name": "instructions",
            "description": "Does the generated answer do what it was told? Checked by code.",
            "tasks": [{"task": "gk_instructions", "metric": "followed"}],
        }
    )
    _write_rows("neutral_text", neutral.rows())
    suite = {
        "name": "general",
        "role": "forgetting",
        "description": "General capabilities, offline: what fine-tuning should not cost.",
        "licence": "Apache-2.0; facts of countries and elements: see LICENSES.md",
        "neutral_text": "neutral_text.jsonl",
        "capabilities": capabilities,
    }
    _write_yaml("suite", suite)


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
        "metadata": {"version": 1},
    }


def _generated_task() -> dict[str, Any]:
    return {
        "task": "gk_instructions",
        "dataset_path": "json",
        "dataset_kwargs": {"data_files": {"test": "instructions.jsonl"}},
        "test_split": "test",
        "output_type": "generate_until",
        "doc_to_text": "{{prompt}}",
        "doc_to_target": "{{check}}: {{value}}",
        "process_results": "!function verifiers.followed",
        "generation_kwargs": {
            "until": ["\n\n", "Instruction:"],
            "max_gen_toks": 32,
            "do_sample": False,
        },
        "metric_list": [{"metric": "followed", "aggregation": "mean", "higher_is_better": True}],
        "metadata": {"version": 1},
    }


def _write_rows(name: str, rows: list[dict[str, Any]]) -> None:
    lines = [json.dumps(row, ensure_ascii=False) for row in rows]
    (TARGET / f"{name}.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    print(f"{name:<16} {len(rows)}")


def _write_yaml(name: str, content: dict[str, Any]) -> None:
    import yaml

    text = yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=96)
    text = text.replace("process_results: '!function verifiers.followed'",
                        "process_results: !function verifiers.followed")  # fmt: skip
    (TARGET / f"{name}.yaml").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
