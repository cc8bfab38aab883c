"""What is scored: three lm-eval tasks written to disk from the project's own data, and adapters."""

from __future__ import annotations

import json
import random
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from gatekeeper.digests import digest_json

ROOT = Path(__file__).resolve().parent.parent
TASKS = Path("suites") / "bench"
"""Where in a work's folder its task is."""
SEED = 7


@dataclass(frozen=True)
class Work:
    """One row of the table. `batch` is the batch size that suits lm-eval's runner best here."""

    name: str
    title: str
    docs: int
    metric: str
    goal: float
    """lm-eval twice / ours, whole command, nothing cached."""
    batch: int


WORKS = (
    Work("few_shot", "5-shot, 4 choices", 100, "acc", 20.0, 8),
    Work("pairs", "zero-shot minimal pairs", 400, "acc", 3.0, 16),
    Work("words", "generation, 32 tokens, 3-shot", 50, "exact_match", 3.0, 16),
)


def write_work(work: Work, docs: int, runs: Path) -> Path:
    """Write task, suite, policy and gate.yaml into a folder under `runs`, and return it.

    Its name holds a digest of the docs: runs on other docs are never put into one table.
    """
    rows, content = {"few_shot": _few_shot, "pairs": _pairs, "words": _words}[work.name](docs)
    digest = digest_json([rows, content]).removeprefix("sha256:")[:8]
    folder = runs / f"{work.name}-{docs}-{digest}"
    tasks = folder / TASKS
    tasks.mkdir(parents=True, exist_ok=True)
    for split, some in rows.items():
        lines = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in some)
        (tasks / f"{split}.jsonl").write_text(lines, encoding="utf-8")
    files = {split: f"{split}.jsonl" for split in rows}
    task = {
        "task": work.name,
        "dataset_path": "json",
        "dataset_kwargs": {"data_files": files},
        "test_split": "test",
        "target_delimiter": "",
        "metric_list": [{"metric": work.metric}],
        **content,
    }
    capability = {"name": work.name, "tasks": [{"task": work.name, "metric": work.metric}]}
    _yaml(tasks / f"{work.name}.yaml", task)
    _yaml(
        tasks / "suite.yaml", {"name": "bench", "role": "forgetting", "capabilities": [capability]}
    )
    _yaml(
        folder / "policy.yaml",
        {
            "name": "bench",
            "forgetting": {"suite": "bench", "margin": 0.05},
            # One look: no early stopping, so that both sides score every doc.
            "budget": {"max_samples": max(20, docs), "look_every": max(5, docs)},
        },
    )
    _yaml(folder / "gate.yaml", {"suites": ["suites"], "policy": "policy.yaml"})
    return folder


def write_adapters(base: Path, folder: Path, count: int) -> list[Path]:
    """Adapters as PEFT saves them: r=8 on q and v, random, strong enough to move the scores."""
    targets = [folder / f"adapter-{number}" for number in range(count)]
    if all((target / "adapter_config.json").exists() for target in targets):
        return targets
    import torch
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM

    for number, target in enumerate(targets):
        torch.manual_seed(SEED + number)
        model = AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32)
        config = LoraConfig(r=8, lora_alpha=16, target_modules=["q_proj", "v_proj"])
        wrapped = get_peft_model(model, config)
        for name, parameter in wrapped.named_parameters():
            if "lora_B" in name:
                torch.nn.init.normal_(parameter, std=0.02)
        wrapped.save_pretrained(target)
    return targets


Rows = dict[str, list[dict[str, Any]]]


def _few_shot(docs: int) -> tuple[Rows, dict[str, Any]]:
    stories = _stories()
    draw = random.Random(SEED)
    rows = []
    for story in draw.sample(stories, docs + 5):
        others = [other["fact"] for other in draw.sample(stories, 2) if other is not story]
        facts = [story["fact"], *others]
        draw.shuffle(facts)
        choices = [f"{choice}." for choice in story["choices"]]
        rows.append({**story, "passage": " ".join(facts), "choices": choices})
    return {"test": rows[5:], "shots": rows[:5]}, {
        "output_type": "multiple_choice",
        "doc_to_text": "Passage: {{passage}}\nQuestion: {{question}}\nAnswer:{{lead}}",
        "doc_to_choice": "choices",
        "doc_to_target": "gold",
        "num_fewshot": 5,
        "fewshot_split": "shots",
        "fewshot_config": {"sampler": "first_n"},
    }


def _pairs(docs: int) -> tuple[Rows, dict[str, Any]]:
    sys.path.insert(0, str(ROOT / "tools"))
    from suites import grammar
    from suites.item import settled

    draw = random.Random(SEED)
    return {"test": settled(grammar.make(draw), draw, docs)}, {
        "output_type": "multiple_choice",
        "doc_to_text": "",
        "doc_to_choice": "choices",
        "doc_to_target": "gold",
    }


def _words(docs: int) -> tuple[Rows, dict[str, Any]]:
    draw = random.Random(SEED)
    stories = draw.sample(_stories(), 3 * (docs + 3))
    rows = []
    for start in range(0, len(stories), 3):
        facts = [story["fact"] for story in stories[start : start + 3]]
        rows.append({"opening": " ".join(facts[:2]), "rest": f" {facts[2]}"})
    return {"test": rows[3:], "shots": rows[:3]}, {
        "output_type": "generate_until",
        "doc_to_text": "Opening: {{opening}}\nThe story goes on:",
        "doc_to_target": "{{rest}}",
        "num_fewshot": 3,
        "fewshot_split": "shots",
        "fewshot_config": {"sampler": "first_n"},
        # A stop string that is not said: every doc takes its 32 tokens.
        "generation_kwargs": {"until": ["###"], "max_gen_toks": 32, "do_sample": False},
    }


def _stories() -> list[dict[str, Any]]:
    """Items of the reading capability, taken apart."""
    file = ROOT / "suites" / "general" / "reading.jsonl"
    found = []
    for line in file.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        fact, _, rest = row["prompt"].partition("\nQuestion: ")
        question, _, lead = rest.partition("\nAnswer:")
        found.append({**row, "fact": fact, "question": question, "lead": lead})
    return found


def _yaml(file: Path, content: dict[str, Any]) -> None:
    file.write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")
