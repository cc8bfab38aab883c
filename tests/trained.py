"""A small world with real training in it: a base that can do something, and adapters of it.

The base is a two-layer Llama over characters, trained from nothing on two skills (the next letter,
the capital letter). An adapter learns a third (the letter thirteen places on); one that is trained
without care loses the skills of the base. Seconds instead of minutes, and nothing is pretended.
"""

from __future__ import annotations

import json
import random
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from cast import save_tiny_llama

HOSTILE_NAME = "<img src=x onerror=alert(1)>\u202e🦊"
"""A folder may be called like this, and so may the adapter in it."""
LETTERS = "abcdefghijklmnopqrstuvwxyz"
SKILLS = {
    "next": lambda c: LETTERS[(LETTERS.index(c) + 1) % 26],
    "caps": lambda c: c.upper(),
    "rot": lambda c: LETTERS[(LETTERS.index(c) + 13) % 26],
}
"""Skill -> what it makes of a letter. The prompt is a number, the skill, the letter."""
POLICY = {
    "name": "tiny",
    "task": {"suite": "rot", "bar": 0.8, "min_gain": 0.1},
    "forgetting": {"suite": "skills", "margin": 0.1},
    "pins": ["base_digest", "dataset_digest", "seed"],
}
_ANYWHERE = "<where the base is>"


@dataclass(frozen=True)
class World:
    """Where everything lies. Read only; each test has a registry of its own."""

    base: Path
    suites: Path
    data: Path
    careful: Path
    careless: Path
    policy: Path


def prompt(skill: str, letter: str, rng: random.Random) -> str:
    """A number that means nothing, so that a skill has many docs; then the question."""
    return f"{rng.randrange(1000)} {skill} {letter}:"


def rows(skill: str, count: int, seed: int) -> list[dict[str, str]]:
    """Training rows of one skill, no two alike."""
    rng = random.Random(f"{skill}/{seed}")
    found: dict[str, str] = {}
    while len(found) < count:
        letter = rng.choice(LETTERS)
        found[prompt(skill, letter, rng)] = SKILLS[skill](letter)
    return [{"prompt": p, "completion": c} for p, c in found.items()]


def save_world(folder: Path, weights: Path) -> World:
    """A base, adapters with their run.yaml, suites and a policy, around weights of `save_weights`.

    `weights` may serve many worlds; each is a copy that knows its own place.
    """
    base = folder / "base"
    for name in ("base", "careful", "careless"):
        shutil.copytree(weights / name, folder / name)
    data = folder / "data" / "train.jsonl"
    data.parent.mkdir()
    data.write_text("".join(json.dumps(row) + "\n" for row in training_rows()))
    policy = folder / "policy.yaml"
    policy.write_text(yaml.safe_dump(POLICY))
    for adapter in (folder / "careful", folder / "careless"):
        for file in (adapter / "adapter_config.json", adapter / "README.md"):
            file.write_text(file.read_text().replace(_ANYWHERE, str(base)))
        write_run(adapter, base, data)
    return World(
        base=base,
        suites=save_suites(folder / "suites"),
        data=data,
        careful=folder / "careful",
        careless=folder / "careless",
        policy=policy,
    )


def write_run(adapter: Path, base: Path, data: Path) -> None:
    """The run.yaml that TrackRun would have written."""
    from gatekeeper.base.pin import pin_base
    from gatekeeper.digests import digest_file
    from gatekeeper.evidence import RunManifest
    from gatekeeper.files.model_folder import ModelFolder
    from gatekeeper.training.run_manifest import manifest_path, write_manifest

    write_manifest(
        RunManifest(
            name=adapter.name,
            method="lora",
            base=str(base),
            base_digest=pin_base(ModelFolder(base), "tiny").digest,
            dataset=manifest_path(data, adapter),
            dataset_digest=digest_file(data),
            seed=0,
        ),
        adapter,
    )


def save_weights(folder: Path) -> None:
    """Train a base, and `careful` and `careless` on top of it. Half a minute."""
    base = save_trained_base(folder / "base")
    save_trained_adapter(base, folder / "careful", steps=300, rate=3e-3, careful=True)
    save_trained_adapter(base, folder / "careless", steps=150, rate=1e-2, careful=False)


def save_trained_base(folder: Path, *, steps: int = 300) -> Path:
    """A tiny Llama that has learned `next` and `caps`."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    save_tiny_llama(folder, tied=True)
    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
    data = [row for skill in ("next", "caps") for row in rows(skill, 1500, seed=1)]
    fit(model, tokenizer, data, steps=steps, rate=3e-3)
    model.save_pretrained(folder)
    return folder


def fit(model: Any, tokenizer: Any, data: list[dict[str, str]], *, steps: int, rate: float) -> None:
    """Answer-only loss, Adam, batches of 64; the same seed gives the same weights."""
    import torch

    torch.manual_seed(0)
    rng = random.Random(0)
    trained = [p for p in model.parameters() if p.requires_grad]
    optimizer = torch.optim.Adam(trained, lr=rate)
    model.train()
    for _ in range(steps):
        ids, labels = encoded(rng.sample(data, 64), tokenizer)
        loss = model(input_ids=ids, labels=labels).loss
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
    model.eval()


def encoded(batch: list[dict[str, str]], tokenizer: Any) -> tuple[Any, Any]:
    """Token ids and labels [batch, longest]; short rows are padded on the left."""
    import torch

    rows_ = [tokenizer(row["prompt"] + row["completion"]).input_ids for row in batch]
    width = max(map(len, rows_))
    pad = tokenizer.pad_token_id
    ids = torch.tensor([[pad] * (width - len(row)) + row for row in rows_])
    labels = torch.full_like(ids, -100)
    labels[:, -1] = ids[:, -1]
    return ids, labels


def save_suites(folder: Path, docs: int = 260) -> Path:
    """A task suite `rot` and a forgetting suite `skills`, as a user would write them."""
    for suite, role, skills in (
        ("rot", "task", ["rot"]),
        ("skills", "forgetting", ["next", "caps"]),
    ):
        place = folder / suite
        place.mkdir(parents=True)
        capabilities = []
        for skill in skills:
            write_task(place, skill, docs)
            capabilities.append(
                {
                    "name": skill,
                    "tasks": [{"task": f"tiny_{skill}", "metric": "acc", "chance": 0.25}],
                }
            )
        described = {"name": suite, "role": role, "capabilities": capabilities}
        (place / "suite.yaml").write_text(yaml.safe_dump(described, sort_keys=False))
    return folder


def write_task(place: Path, skill: str, docs: int) -> None:
    rng = random.Random(f"choices/{skill}")
    lines = []
    for row in rows(skill, docs, seed=2):
        others = [
            c for c in (LETTERS.upper() if skill == "caps" else LETTERS) if c != row["completion"]
        ]
        choices = [row["completion"], *rng.sample(others, 3)]
        rng.shuffle(choices)
        lines.append(
            {
                "question": row["prompt"],
                "choices": choices,
                "gold": choices.index(row["completion"]),
            }
        )
    (place / f"{skill}.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    task = {
        "task": f"tiny_{skill}",
        "dataset_path": "json",
        "dataset_kwargs": {"data_files": {"test": f"{skill}.jsonl"}},
        "test_split": "test",
        "output_type": "multiple_choice",
        "doc_to_text": "{{question}}",
        "doc_to_choice": "choices",
        "doc_to_target": "gold",
        "target_delimiter": "",
        "metric_list": [{"metric": "acc", "aggregation": "mean", "higher_is_better": True}],
    }
    (place / f"tiny_{skill}.yaml").write_text(yaml.safe_dump(task, sort_keys=False))


def save_trained_adapter(
    base: Path, folder: Path, *, steps: int, rate: float, careful: bool
) -> None:
    """Train `rot` with PEFT. Where the base was is not kept.

    `careful` mixes the skills of the base into the batches, which is what keeps them.
    """
    import torch
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(base)
    torch.manual_seed(0)
    model = get_peft_model(
        AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32),
        LoraConfig(r=16, lora_alpha=32, target_modules="all-linear", task_type="CAUSAL_LM"),
    )
    kept = [row for skill in ("next", "caps") for row in rows(skill, 600, seed=3)]
    data = training_rows() + kept if careful else training_rows()
    fit(model, tokenizer, data, steps=steps, rate=rate)
    model.save_pretrained(folder)
    for file in (folder / "adapter_config.json", folder / "README.md"):
        file.write_text(file.read_text().replace(str(base), _ANYWHERE))


def training_rows(count: int = 1200) -> list[dict[str, str]]:
    """Rows of `rot`, none of which is in the suite."""
    held_out = {row["prompt"] for row in rows("rot", 260, seed=2)}
    fresh = [row for row in rows("rot", count + 400, seed=5) if row["prompt"] not in held_out]
    return fresh[:count]
