"""Real files for tests: tiny random models saved to disk, and adapters made by PEFT itself."""

from __future__ import annotations

import contextlib
import io
import json
import shutil
import struct
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

VOCABULARY = 128
HIDDEN = 32
CHAT_TEMPLATE = (
    "{% for m in messages %}<{{ m['role'] }}>{{ m['content'] }}~{% endfor %}"
    "{% if add_generation_prompt %}<assistant>{% endif %}"
)


def save_tokenizer(folder: Path, pieces: Mapping[str, int] | None = None, **settings: Any) -> None:
    """A character tokenizer with a chat template, as transformers writes it."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    vocabulary = dict(pieces or {chr(i): i for i in range(VOCABULARY)})
    inner = Tokenizer(models.WordLevel(vocabulary, unk_token="?"))
    inner.pre_tokenizer = pre_tokenizers.Split("", "isolated")
    inner.decoder = decoders.Fuse()
    options = {"unk_token": "?", "bos_token": "^", "eos_token": "~", "pad_token": "~"}
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=inner, **(options | settings))
    if "chat_template" not in settings:
        tokenizer.chat_template = CHAT_TEMPLATE
    tokenizer.save_pretrained(folder)


def save_tiny_llama(
    folder: Path, *, seed: int = 0, tied: bool = False, layers: int = 2, shard: str | None = None
) -> Path:
    """A two-layer Llama with random weights, in float32, with its tokenizer."""
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    torch.manual_seed(seed)
    model = LlamaForCausalLM(
        LlamaConfig(
            vocab_size=VOCABULARY,
            hidden_size=HIDDEN,
            intermediate_size=64,
            num_hidden_layers=layers,
            num_attention_heads=4,
            num_key_value_heads=2,
            max_position_embeddings=2048,
            tie_word_embeddings=tied,
            bos_token_id=ord("^"),
            eos_token_id=ord("~"),
            pad_token_id=ord("~"),
        )
    )
    return _save(model, folder, shard)


def save_tiny_qwen(folder: Path, *, seed: int = 0) -> Path:
    """A two-layer Qwen2: unlike Llama its attention has biases."""
    import torch
    from transformers import Qwen2Config, Qwen2ForCausalLM

    torch.manual_seed(seed)
    model = Qwen2ForCausalLM(
        Qwen2Config(
            vocab_size=VOCABULARY,
            hidden_size=HIDDEN,
            intermediate_size=64,
            num_hidden_layers=2,
            num_attention_heads=4,
            num_key_value_heads=2,
            tie_word_embeddings=False,
        )
    )
    return _save(model, folder, None)


def _save(model: Any, folder: Path, shard: str | None) -> Path:
    with _silence():
        model.save_pretrained(folder, **({"max_shard_size": shard} if shard else {}))
    save_tokenizer(folder)
    return folder


def save_adapter(
    base: Path,
    folder: Path,
    *,
    seed: int = 1,
    trained: bool = True,
    strength: float = 0.05,
    **settings: Any,
) -> Path:
    """An adapter as PEFT saves it. `trained` moves every trainable number, B included."""
    import torch
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM

    options: dict[str, Any] = {
        "r": 4,
        "lora_alpha": 8,
        "target_modules": ["q_proj", "v_proj"],
        "task_type": "CAUSAL_LM",
    } | settings
    with _silence():
        model = AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32)
        torch.manual_seed(seed)
        wrapped = get_peft_model(model, LoraConfig(**options))
        if trained:
            for parameter in wrapped.parameters():
                if parameter.requires_grad:
                    parameter.data += strength * torch.randn_like(parameter)
        wrapped.save_pretrained(folder)
    return folder


def save_checkpoint(base: Path, folder: Path, *, seed: int = 3, strength: float = 0.01) -> Path:
    """A fully fine-tuned copy of the base, tokenizer included."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    with _silence():
        model = AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32)
        torch.manual_seed(seed)
        for parameter in model.parameters():
            parameter.data += strength * torch.randn_like(parameter)
        model.save_pretrained(folder)
        AutoTokenizer.from_pretrained(base).save_pretrained(folder)
    return folder


def copy_with(
    adapter: Path,
    folder: Path,
    *,
    config: Mapping[str, Any] | None = None,
    tensors: Callable[[dict[str, np.ndarray]], None] | None = None,
) -> Path:
    """A copy of an adapter whose config or tensors were changed on the way."""
    shutil.copytree(adapter, folder)
    if config:
        file = folder / "adapter_config.json"
        file.write_text(json.dumps(json.loads(file.read_text()) | dict(config)))
    if tensors:
        from safetensors.numpy import load_file, save_file

        file = folder / "adapter_model.safetensors"
        numbers = load_file(file)
        tensors(numbers)
        save_file(numbers, file, metadata={"format": "pt"})
    return folder


def write_header_claim(file: Path, claimed: int) -> None:
    """A safetensors file whose first eight bytes claim a header of that many bytes."""
    file.write_bytes(struct.pack("<Q", claimed) + b"{}" + b" " * 64)


@contextlib.contextmanager
def _silence() -> Any:
    with warnings.catch_warnings(), contextlib.redirect_stderr(io.StringIO()):
        warnings.simplefilter("ignore")
        yield
