"""Train one adapter of this example: PEFT and transformers' Trainer, read top to bottom.

    python train.py --rank 8 --targets q_proj,v_proj --lr 5e-4 --steps 150 --out adapters/good

Only the answer (the queue) is scored by the loss. The callback TrackRun writes run.yaml and
trainer_state.json beside the adapter, which is what `gate check` reads.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
IGNORED = -100
"""Label that the loss skips."""
KEPT_TEXTS, KEPT_POSITIONS = 6, 64
"""General texts of a step, and the positions in them at which --keep compares with the base."""


def main() -> None:
    args = arguments()
    import torch
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM, AutoTokenizer, TrainingArguments
    from transformers.trainer_utils import set_seed

    from gatekeeper.base.locate import resolve_base
    from gatekeeper.training import TrackRun

    set_seed(args.seed)
    base = resolve_base(args.base)
    tokenizer = AutoTokenizer.from_pretrained(base)
    model = AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32)
    model = get_peft_model(
        model,
        LoraConfig(
            r=args.rank,
            lora_alpha=args.alpha or 2 * args.rank,
            target_modules=args.targets.split(","),
            layers_to_transform=args.layers or None,
            lora_dropout=args.dropout,
            task_type="CAUSAL_LM",
            base_model_name_or_path=args.base,
        ),
    )
    model.peft_config["default"].base_model_name_or_path = args.base
    model.print_trainable_parameters()
    trainer = keeping_trainer(args.keep, general_texts(tokenizer))(
        model=model,
        args=TrainingArguments(
            output_dir=str(args.out),
            max_steps=args.steps,
            num_train_epochs=args.epochs,
            per_device_train_batch_size=args.batch,
            per_device_eval_batch_size=16,
            learning_rate=args.lr,
            lr_scheduler_type=args.schedule,
            warmup_steps=5,
            weight_decay=args.decay,
            logging_steps=args.log_every,
            eval_strategy="steps",
            eval_steps=args.eval_every,
            save_strategy="no",
            report_to=[],
            use_cpu=not torch.cuda.is_available(),
            seed=args.seed,
            remove_unused_columns=False,
            disable_tqdm=args.quiet,
        ),
        train_dataset=encoded(args.data, tokenizer),
        eval_dataset=encoded(args.validation, tokenizer),
        data_collator=Padding(tokenizer.pad_token_id),
    )
    trainer.add_callback(
        TrackRun(
            dataset=args.data,
            validation_dataset=args.validation,
            base=args.base,
            parent=args.parent,
            escalated_from=args.escalated_from,
        )
    )
    trainer.train()
    # Half the bytes, and nothing lost on the way back: what is checked is what is saved here.
    for parameter in model.parameters():
        if parameter.requires_grad:
            parameter.data = parameter.data.to(torch.bfloat16)
    model.save_pretrained(args.out)
    (args.out / "README.md").unlink(missing_ok=True)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Train one adapter of the support-triage example.")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--base", default="smollm2-135m-instruct")
    parser.add_argument("--data", type=Path, default=HERE / "data" / "train.jsonl")
    parser.add_argument("--validation", type=Path, default=HERE / "data" / "validation.jsonl")
    parser.add_argument("--rank", type=int, default=8)
    parser.add_argument("--alpha", type=float, help="default: twice the rank")
    parser.add_argument("--targets", default="q_proj,v_proj")
    parser.add_argument("--layers", type=int, nargs="*", help="default: all layers")
    parser.add_argument("--dropout", type=float, default=0.0)
    parser.add_argument("--lr", type=float, default=5e-4)
    parser.add_argument("--schedule", default="linear")
    parser.add_argument("--decay", type=float, default=0.0)
    parser.add_argument(
        "--keep",
        type=float,
        default=0.0,
        help="weight of KL(base || adapter) on general text (replay): learn the answer, and say "
        "what the base says everywhere else",
    )
    parser.add_argument("--epochs", type=float, default=1.0)
    parser.add_argument("--steps", type=int, default=-1, help="overrides --epochs")
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--log-every", type=int, default=5)
    parser.add_argument("--eval-every", type=int, default=50)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--quiet", action="store_true", help="no progress bars")
    parser.add_argument("--parent", help="digest of the adapter that this one continues")
    parser.add_argument("--escalated-from", help="the check that recommended this rung")
    return parser.parse_args()


def encoded(path: Path, tokenizer: Any) -> list[dict[str, list[int]]]:
    """Token ids and labels of every row; the prompt's labels are ignored by the loss."""
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    pairs = [
        (tokenizer(row["prompt"]).input_ids, tokenizer(row["completion"]).input_ids) for row in rows
    ]
    return [
        {"input_ids": prompt + answer, "labels": [IGNORED] * len(prompt) + answer}
        for prompt, answer in pairs
    ]


def general_texts(tokenizer: Any) -> list[list[int]]:
    """Text that has nothing to do with tickets, nor with any suite."""
    lines = (HERE / "data" / "general_text.jsonl").read_text(encoding="utf-8").splitlines()
    return [tokenizer(json.loads(line)["text"]).input_ids for line in lines]


def keeping_trainer(weight: float, texts: list[list[int]]) -> Any:
    """The Trainer, with a price on every change to what the model says about other things.

    An answer-only loss leaves the rest of the model free to drift. This replays a few general
    texts at each step and ties the adapter to the base there. Logits are computed only where they
    count: the vocabulary is the widest layer of a small model.
    """
    import torch
    from torch.nn.functional import cross_entropy, kl_div
    from transformers import Trainer

    padding = Padding(0)

    class KeepingTrainer(Trainer):
        def compute_loss(
            self, model: Any, inputs: Any, return_outputs: bool = False, **kwargs: Any
        ) -> Any:
            if return_outputs or not model.training:
                return super().compute_loss(model, inputs, return_outputs, **kwargs)
            ids, mask, labels = (inputs[k] for k in ("input_ids", "attention_mask", "labels"))
            causal = model.get_base_model()
            hidden = causal.model(input_ids=ids, attention_mask=mask)[0]
            asked = (labels != IGNORED).roll(-1, dims=1)  # the position before the answer
            loss = cross_entropy(causal.lm_head(hidden[asked]), labels[labels != IGNORED])
            return loss if weight == 0 else loss + weight * self.drift(model, causal)

        def drift(self, model: Any, causal: Any) -> Any:
            """KL(base || adapter) per token, on some positions of some general texts."""
            chosen = [texts[i] for i in torch.randperm(len(texts))[:KEPT_TEXTS]]
            batch = padding([{"input_ids": row, "labels": row} for row in chosen])
            ids, mask = (batch[k].to(model.device) for k in ("input_ids", "attention_mask"))
            row, column = torch.where(mask.bool())
            some = torch.randperm(len(row), device=row.device)[:KEPT_POSITIONS]

            def said() -> Any:
                hidden = causal.model(input_ids=ids, attention_mask=mask)[0]
                return causal.lm_head(hidden[row[some], column[some]]).log_softmax(-1)

            with torch.no_grad(), model.disable_adapter():
                before = said()
            return kl_div(said(), before, log_target=True, reduction="batchmean")

    return KeepingTrainer


class Padding:
    """Pads a batch to its longest row."""

    def __init__(self, pad: int) -> None:
        self.pad = pad

    def __call__(self, rows: list[dict[str, list[int]]]) -> dict[str, Any]:
        import torch

        width = max(len(row["input_ids"]) for row in rows)

        def padded(key: str, fill: int) -> Any:
            return torch.tensor([row[key] + [fill] * (width - len(row[key])) for row in rows])

        return {
            "input_ids": padded("input_ids", self.pad),
            "labels": padded("labels", IGNORED),
            "attention_mask": torch.tensor(
                [[1] * len(row["labels"]) + [0] * (width - len(row["labels"])) for row in rows]
            ),
        }


if __name__ == "__main__":
    main()
