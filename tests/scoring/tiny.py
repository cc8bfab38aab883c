"""A tiny random base with a real tokenizer, small tasks on disk, and arms around them."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
import yaml

from gatekeeper.evidence import BasePin, Role
from gatekeeper.suite import Capability, Suite, TaskRef

_TEXT = (
    "the a cat dog bird fish sees likes hears big small red blue green house tree river road "
    "one two three four five six seven eight nine ten plus minus is are was were who what where "
    "Question Answer Ticket Queue yes no maybe left right north south east west ! ? . , :"
)
WORDS = _TEXT.split()


def tokenizer(*, bos: bool = False) -> Any:
    """Byte-level BPE, trained on the spot; with `bos` it begins every text with <s>."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers
    from transformers import PreTrainedTokenizerFast

    raw = Tokenizer(models.BPE())
    raw.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    raw.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=500,
        special_tokens=["<s>", "</s>", "<pad>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    draw = random.Random(0)
    raw.train_from_iterator([" ".join(draw.choices(WORDS, k=12)) for _ in range(200)], trainer)
    if bos:
        raw.post_processor = processors.TemplateProcessing(
            single="<s> $A", special_tokens=[("<s>", 0)]
        )
    found = PreTrainedTokenizerFast(
        tokenizer_object=raw,
        bos_token="<s>" if bos else None,
        eos_token="</s>",
        pad_token="<pad>",
    )
    found.chat_template = (
        "{% for m in messages %}[{{ m['role'] }}] {{ m['content'] }}\n{% endfor %}"
        "{% if add_generation_prompt %}[assistant] {% endif %}"
    )
    return found


SIZES: dict[str, Any] = {
    "vocab_size": 512,
    "hidden_size": 64,
    "intermediate_size": 128,
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "max_position_embeddings": 256,
    "initializer_range": 0.2,
    "bos_token_id": 0,
    "eos_token_id": 1,
    "pad_token_id": 2,
}
STATES = {  # 32 heads of 128 by 128, unless told otherwise
    "linear_num_key_heads": 2,
    "linear_num_value_heads": 4,
    "linear_key_head_dim": 16,
    "linear_value_head_dim": 16,
}
"""Sizes of the state that some families carry from token to token."""


def model(kind: str = "llama", **changes: Any) -> Any:
    """A random model of a family, large weights so that attention matters."""
    import transformers as t

    sizes = {**SIZES, **changes}
    gpt2 = {
        "vocab_size": 512,
        "n_embd": 64,
        "n_layer": 3,
        "n_head": 4,
        "n_positions": 256,
        "initializer_range": 0.2,
        "eos_token_id": 1,
    }
    configs: dict[str, Any] = {
        "llama": lambda: t.LlamaConfig(**sizes),
        "qwen2": lambda: t.Qwen2Config(**sizes),
        "qwen3": lambda: t.Qwen3Config(**sizes, head_dim=16),
        "mistral": lambda: t.MistralConfig(**{"sliding_window": 16, **sizes}),
        "gemma2": lambda: t.Gemma2Config(**{"sliding_window": 16, **sizes}, head_dim=16),
        "gemma3": lambda: t.Gemma3TextConfig(**{"sliding_window": 16, **sizes}, head_dim=16),
        "gpt2": lambda: t.GPT2Config(**gpt2),
        "gpt1": lambda: t.OpenAIGPTConfig(
            **{"vocab_size": 512, "n_embd": 64, "n_layer": 3, "n_head": 4, **changes}
        ),
        "gpt_neox": lambda: t.GPTNeoXConfig(**sizes),
        "mixtral": lambda: t.MixtralConfig(**sizes, num_local_experts=4, num_experts_per_tok=2),
        "qwen3_moe": lambda: t.Qwen3MoeConfig(
            **sizes, head_dim=16, num_experts=4, num_experts_per_tok=2, moe_intermediate_size=32
        ),
        "qwen3_next": lambda: t.Qwen3NextConfig(
            **sizes,
            **STATES,
            head_dim=16,
            num_experts=4,
            num_experts_per_tok=2,
            moe_intermediate_size=32,
            layer_types=["linear_attention", "full_attention", "linear_attention"],
        ),
        "qwen3_5": lambda: t.Qwen3_5TextConfig(
            **sizes,
            **STATES,
            head_dim=16,
            layer_types=["linear_attention", "full_attention", "linear_attention"],
        ),
        "lfm2": lambda: t.Lfm2Config(**sizes, layer_types=["conv", "full_attention", "conv"]),
        "phi3": lambda: t.Phi3Config(
            **sizes,
            original_max_position_embeddings=64,
            rope_parameters={
                "rope_type": "longrope",
                "rope_theta": 1e4,
                "short_factor": [1.0] * 8,
                "long_factor": [4.0] * 8,
            },
        ),
        "granite_swa": lambda: t.GraniteSWAConfig(**{"sliding_window": 16, **sizes}),
        "gpt_oss": lambda: t.GptOssConfig(
            **{"sliding_window": 16, **sizes},
            head_dim=16,
            num_local_experts=4,
            num_experts_per_tok=2,
            layer_types=["sliding_attention", "full_attention", "sliding_attention"],
        ),
        "bloom": lambda: t.BloomConfig(vocab_size=512, hidden_size=64, n_layer=2, n_head=4),
    }
    torch.manual_seed(0)
    made = t.AutoModelForCausalLM.from_config(configs[kind](), attn_implementation=None)
    return made.float().eval()


def adapter(base: Any, seed: int = 1) -> Any:
    """The same model behind a random LoRA adapter that does something."""
    from peft import LoraConfig, get_peft_model

    torch.manual_seed(seed)
    wrapped = get_peft_model(base, LoraConfig(r=4, target_modules="all-linear")).eval()
    for name, parameter in wrapped.named_parameters():
        if "lora_B" in name:
            torch.nn.init.normal_(parameter, std=0.2)
    return wrapped


class TinyArms:
    """Arms around one model in memory, with one adapter or none, which stays attached."""

    def __init__(self, base: Any, tokens: Any, *, candidate: str | None = None) -> None:
        self.tokenizer = tokens
        self.device = torch.device("cpu")
        self.candidate = candidate
        self.model = adapter(base) if candidate else base
        self.pin = BasePin(
            name="tiny",
            source="memory",
            dtype="float32",
            digest="sha256:base",
            weights_digest="w",
            config_digest="c",
            tokenizer_digest="t",
        )

    @contextmanager
    def arm(self, candidate: str | None) -> Iterator[Any]:
        if candidate is None and self.candidate is not None:
            with self.model.disable_adapter():
                yield self.model
        else:
            assert candidate == self.candidate
            yield self.model


def sentence(draw: random.Random, low: int = 3, high: int = 12) -> str:
    return " ".join(draw.choices(WORDS, k=draw.randint(low, high)))


def write_task(folder: Path, name: str, rows: Sequence[dict[str, Any]], **config: Any) -> str:
    """An lm-eval task with its data beside it, its few-shot examples too."""
    (folder / "data").mkdir(parents=True, exist_ok=True)
    (folder / f"data/{name}.jsonl").write_text("\n".join(map(json.dumps, rows)))
    (folder / f"data/{name}.shots.jsonl").write_text("\n".join(map(json.dumps, rows[:6])))
    content = {
        "task": name,
        "dataset_path": "json",
        "dataset_kwargs": {
            "data_files": {"test": f"data/{name}.jsonl", "train": f"data/{name}.shots.jsonl"}
        },
        "test_split": "test",
        "fewshot_split": "train",
        **config,
    }
    (folder / f"{name}.yaml").write_text(yaml.safe_dump(content))
    return name


def choices_task(folder: Path, docs: int = 12, **config: Any) -> str:
    """Four choices of different lengths, two of them beginning alike."""
    draw = random.Random(1)
    rows = []
    for _ in range(docs):
        start = sentence(draw, 1, 2)
        choices = [f"{start} {sentence(draw, 1, 2)}", f"{start} yes", "no", sentence(draw, 1, 3)]
        rows.append({"q": sentence(draw), "choices": choices, "gold": draw.randrange(4)})
    content: dict[str, Any] = {
        "output_type": "multiple_choice",
        "doc_to_text": "Question: {{q}}\nAnswer:",
        "doc_to_choice": "choices",
        "doc_to_target": "gold",
        "num_fewshot": 3,
        "fewshot_config": {"sampler": "first_n"},
        "metric_list": [{"metric": "acc"}, {"metric": "acc_norm"}],
    }
    return write_task(folder, "choices", rows, **{**content, **config})


def pairs_task(folder: Path, docs: int = 12) -> str:
    """Minimal pairs: which of two whole sentences is likelier, from nothing."""
    draw = random.Random(2)
    rows = []
    for _ in range(docs):
        start = sentence(draw, 2, 5)
        rows.append({"good": f"{start} cat sees", "bad": f"{start} cat see the"})
    return write_task(
        folder,
        "pairs",
        rows,
        output_type="multiple_choice",
        doc_to_text="",
        doc_to_choice="{{[good, bad]}}",
        doc_to_target=0,
        target_delimiter="",
        metric_list=[{"metric": "acc"}],
    )


def last_word_task(folder: Path, docs: int = 10) -> str:
    draw = random.Random(3)
    rows = [{"text": sentence(draw), "last": draw.choice(WORDS)} for _ in range(docs)]
    return write_task(
        folder,
        "last_word",
        rows,
        output_type="loglikelihood",
        doc_to_text="{{text}}",
        doc_to_target=" {{last}}",
        metric_list=[{"metric": "acc"}, {"metric": "perplexity"}],
    )


def rolling_task(folder: Path, docs: int = 4, words: int = 150) -> str:
    draw = random.Random(4)
    rows = [{"text": sentence(draw, words // 10, words)} for _ in range(docs)]
    return write_task(
        folder,
        "rolling",
        rows,
        output_type="loglikelihood_rolling",
        doc_to_text="",
        doc_to_target="{{text}}",
        metric_list=[{"metric": "word_perplexity"}, {"metric": "bits_per_byte"}],
    )


def words_task(folder: Path, docs: int = 10, shots: int = 3, **generation: Any) -> str:
    draw = random.Random(5)
    rows = [{"q": sentence(draw), "a": sentence(draw, 1, 2)} for _ in range(docs)]
    return write_task(
        folder,
        "words",
        rows,
        output_type="generate_until",
        doc_to_text="Question: {{q}}\nAnswer:",
        doc_to_target="{{a}}",
        num_fewshot=shots,
        fewshot_config={"sampler": "first_n"},
        generation_kwargs={"until": ["o", " the", "\n"], "max_gen_toks": 24, **generation},
        metric_list=[{"metric": "exact_match"}],
    )


def suite(folder: Path, tasks: Sequence[tuple[str, str]], **options: Any) -> Suite:
    """One capability per task."""
    return Suite(
        name="tiny",
        role=Role.FORGETTING,
        folder=folder,
        capabilities=tuple(
            Capability(name=task, tasks=(TaskRef(task=task, metric=metric),))
            for task, metric in tasks
        ),
        **options,
    )
