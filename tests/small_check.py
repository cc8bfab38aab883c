"""A whole check through the real command: tiny model, real PEFT adapters, real lm-eval tasks.

The gold answers are those of the base, four times out of five, so that a tiny random model has
something to lose.
"""

from __future__ import annotations

import json
import random
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from cast import save_adapter

STRANGE = (
    "</script><script>alert(1)</script>", "\u202ereversed", "🦊🏳️‍🌈", "<img src=x onerror=a()>",
    "| a | b |", "\x1b[31m",
)  # fmt: skip
CHOICES = ["red", "green", "blue", "grey"]


@dataclass(frozen=True)
class SmallCheck:
    """Where the check was made; `run` calls `gate` there."""

    folder: Path
    adapters: tuple[str, ...]

    @property
    def registry(self) -> Path:
        return self.folder / ".gate"


def lay_out(folder: Path, base: Path, *, docs: int = 60) -> SmallCheck:
    """Suites, policy, gate.yaml and two adapters, one gentle and one that breaks things."""
    folder.mkdir(parents=True, exist_ok=True)
    answer = _oracle(base)
    _suite(folder, "colours", "task", ["colours"], answer, docs)
    _suite(folder, "small", "forgetting", ["shapes", "numbers"], answer, docs)
    (folder / "policy.yaml").write_text(
        "name: small\n"
        "task: {suite: colours, bar: 0.6}\n"
        "forgetting:\n  suite: small\n  margin: 0.2\n"
        "contamination: {require: false}\n"
        f"budget: {{max_samples: {4 * docs}, look_every: 10}}\n"
    )
    (folder / "gate.yaml").write_text(
        f"base: {json.dumps(str(base))}\npolicy: policy.yaml\nsuites: [suites]\n"
    )
    save_adapter(base, folder / "adapters" / "gentle", strength=0.02)
    save_adapter(base, folder / "adapters" / "rough", strength=0.9, seed=5)
    return SmallCheck(folder, ("gentle", "rough"))


def _suite(
    folder: Path, name: str, role: str, capabilities: list[str], answer: Any, docs: int
) -> None:
    where = folder / "suites" / name
    where.mkdir(parents=True)
    for capability in capabilities:
        draw = random.Random(capability)
        rows = []
        for index in range(docs):
            text = f"{capability} {draw.randrange(10**6)}"
            if index < len(STRANGE):
                text += " " + STRANGE[index]
            gold = answer(f"Q: {text}\nA:") if draw.random() < 0.8 else draw.randrange(4)
            rows.append({"q": text, "choices": CHOICES, "gold": gold})
        (where / f"{capability}.jsonl").write_text("\n".join(map(json.dumps, rows)) + "\n")
        task = {
            "task": f"small_{capability}",
            "dataset_path": "json",
            "dataset_kwargs": {"data_files": {"test": f"{capability}.jsonl"}},
            "test_split": "test",
            "output_type": "multiple_choice",
            "doc_to_text": "Q: {{q}}\nA:",
            "doc_to_choice": "choices",
            "doc_to_target": "gold",
            "metric_list": [{"metric": "acc"}],
        }
        (where / f"small_{capability}.yaml").write_text(yaml.safe_dump(task))
    suite = {
        "name": name,
        "role": role,
        "description": "For tests.",
        "capabilities": [
            {"name": each, "tasks": [{"task": f"small_{each}", "metric": "acc", "chance": 0.25}]}
            for each in capabilities
        ],
    }
    (where / "suite.yaml").write_text(yaml.safe_dump(suite))


def _oracle(base: Path) -> Any:
    """What the base itself answers."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    model = AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32).eval()
    tokenizer = AutoTokenizer.from_pretrained(base)

    @torch.no_grad()
    def answer(prompt: str) -> int:
        scores = []
        for choice in CHOICES:
            start = tokenizer(prompt, return_tensors="pt").input_ids
            whole = tokenizer(f"{prompt} {choice}", return_tensors="pt").input_ids
            logs = model(whole).logits.log_softmax(-1)[0, start.shape[1] - 1 : -1]
            scores.append(float(logs.gather(1, whole[0, start.shape[1] :, None]).sum()))
        return max(range(len(CHOICES)), key=scores.__getitem__)

    return answer
