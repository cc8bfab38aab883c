"""A training script as users write it, run in a training environment: OUT is its one argument.

It makes a tiny random Llama from its config and trains LoRA adapters of it with transformers'
Trainer, TRL's SFTTrainer (the base by its hub id, from the local cache) and TRL's DPOTrainer.
TrackRun is all that it knows of gatekeeper.
"""

from __future__ import annotations

import inspect
import json
import os
import shutil
import sys
from pathlib import Path
from typing import Any

from datasets import load_dataset
from peft import LoraConfig, get_peft_model
from transformers import AutoModelForCausalLM, AutoTokenizer, Trainer, TrainingArguments
from trl import DPOConfig, DPOTrainer, SFTConfig, SFTTrainer

from gatekeeper.training import TrackRun

sys.path.insert(0, str(Path(__file__).parent.parent))
from cast import save_tiny_llama

STEPS = 6
COMMIT = "0123456789abcdef0123456789abcdef01234567"
SUMS = [(f"{a}+{b}=", str(a + b)) for a in range(6) for b in range(4)]


def main(out: Path) -> None:
    base = save_tiny_llama(out / "base")
    data = {
        "pairs": [{"prompt": p, "completion": c} for p, c in SUMS],
        "texts": [{"text": p + c} for p, c in SUMS],
        "preferences": [{"prompt": p, "chosen": c, "rejected": "?"} for p, c in SUMS],
    }
    for name, rows in data.items():
        lines = "".join(json.dumps(row) + "\n" for row in rows)
        (out / f"{name}.jsonl").write_text(lines, encoding="utf-8")
    with_trainer(base, out / "trainer", out / "pairs.jsonl")
    with_sft(in_hub_cache(base), out / "sft", out / "texts.jsonl")
    with_dpo(base, out / "dpo", out / "preferences.jsonl")


def with_trainer(base: Path, out: Path, data: Path) -> None:
    tokenizer, model = loaded(base)
    texts = [row["prompt"] + row["completion"] for row in rows_of(data)]
    rows = [tokenizer(text, padding="max_length", max_length=8) for text in texts]
    rows = [{"input_ids": row["input_ids"], "labels": row["input_ids"]} for row in rows]
    trainer = Trainer(
        model=get_peft_model(model, lora()),
        args=TrainingArguments(**settings(out)),
        train_dataset=rows[4:],
        eval_dataset=rows[:4],
    )
    finish(trainer, data, out)


def with_sft(base: str, out: Path, data: Path) -> None:
    tokenizer, model = loaded(base)
    longest = {"max_seq_length": 64} if "max_seq_length" in names(SFTConfig) else {"max_length": 64}
    rows = rows_of(data)
    trainer = SFTTrainer(
        model=model,
        args=SFTConfig(dataset_text_field="text", **longest, **settings(out)),
        train_dataset=rows.select(range(4, len(rows))),
        eval_dataset=rows.select(range(4)),
        peft_config=lora(),
        **tokenizer_of(SFTTrainer, tokenizer),
    )
    finish(trainer, data, out)


def with_dpo(base: Path, out: Path, data: Path) -> None:
    tokenizer, model = loaded(base)
    rows = rows_of(data)
    trainer = DPOTrainer(
        model=model,
        args=DPOConfig(**settings(out)),
        train_dataset=rows.select(range(4, len(rows))),
        eval_dataset=rows.select(range(4)),
        peft_config=lora(),
        **tokenizer_of(DPOTrainer, tokenizer),
    )
    finish(trainer, data, out)


def finish(trainer: Any, data: Path, out: Path) -> None:
    trainer.add_callback(TrackRun(dataset=data, name=out.name))
    trainer.train()
    trainer.save_model(str(out))


def in_hub_cache(base: Path) -> str:
    """Lay the base out as a download of the hub under HF_HOME would be."""
    repository = Path(os.environ["HF_HOME"]) / "hub" / "models--org--tiny"
    shutil.copytree(base, repository / "snapshots" / COMMIT)
    (repository / "refs").mkdir()
    (repository / "refs" / "main").write_text(COMMIT)
    return "org/tiny"


def loaded(base: Path | str) -> tuple[Any, Any]:
    return AutoTokenizer.from_pretrained(base), AutoModelForCausalLM.from_pretrained(base)


def rows_of(data: Path) -> Any:
    return load_dataset("json", data_files=str(data), split="train")


def lora() -> LoraConfig:
    return LoraConfig(r=2, lora_alpha=4, target_modules=["q_proj", "v_proj"], task_type="CAUSAL_LM")


def settings(out: Path) -> dict[str, Any]:
    return {
        "output_dir": str(out),
        "max_steps": STEPS,
        "logging_steps": 1,
        "eval_strategy": "steps",
        "eval_steps": 3,
        "save_steps": 3,
        "per_device_train_batch_size": 4,
        "learning_rate": 1e-3,
        "seed": 7,
        "report_to": [],
        "use_cpu": True,
        "bf16": False,
        "disable_tqdm": True,
    }


def tokenizer_of(trainer: type, tokenizer: Any) -> dict[str, Any]:
    """TRL renamed the argument."""
    known = names(trainer)
    return {"processing_class" if "processing_class" in known else "tokenizer": tokenizer}


def names(called: Any) -> set[str]:
    return set(inspect.signature(called).parameters)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
