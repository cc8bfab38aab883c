"""Every causal language model of transformers, tiny and random: how the engine takes it.

    python benchmarks/architectures.py                    all of them (about ten minutes)
    python benchmarks/architectures.py llama qwen3_moe    only these

Each is made from its config with small sizes, saved, loaded as `gate check` loads a base, and
scores a few docs of every output type. A row tells how it is packed, in float32 and in bfloat16,
how far its numbers are from those that it gives by itself, request by request, and whether a doc
alone has the bits that it has among others. Exit code 1 when a causal one differs in either.

What cannot be made so small, or needs more than text, is skipped and counted.
"""

from __future__ import annotations

import argparse
import logging
import math
import resource
import signal
import sys
import tempfile
import warnings
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

TESTS = Path(__file__).parent.parent / "tests" / "scoring"
sys.path.insert(0, str(TESTS))

SECONDS, MEMORY, LARGEST = 120, 9 << 30, 60_000_000
"""For one architecture; parameters, of what is taken for tiny."""
TOLERANCE = 1e-4
METRICS = {"choices": "acc", "pairs": "acc", "rolling": "word_perplexity", "words": "exact_match"}
SIZES: dict[str, Any] = {
    **dict.fromkeys(("vocab_size", "vocab_size_per_layer_input"), 512),
    **dict.fromkeys(("hidden_size", "n_embd", "d_model", "embedding_size", "hidden_dim"), 64),
    **dict.fromkeys(("intermediate_size", "n_inner", "ffn_dim", "ffn_hidden_size"), 128),
    **dict.fromkeys(("num_hidden_layers", "n_layer", "n_layers", "num_layers"), 3),
    **dict.fromkeys(("num_attention_heads", "n_head", "n_heads", "num_heads"), 4),
    **dict.fromkeys(("num_experts", "num_local_experts", "n_routed_experts"), 4),
    **dict.fromkeys(("moe_intermediate_size", "shared_expert_intermediate_size"), 32),
    **dict.fromkeys(("max_position_embeddings", "n_positions", "max_seq_len"), 256),
    **dict.fromkeys(("decoder_layers", "first_k_dense_replace"), 1),
    **dict.fromkeys(("decoder_attention_heads", "mamba_num_heads"), 4),
    **dict.fromkeys(("qk_rope_head_dim", "qk_nope_head_dim", "state_size", "mamba_d_state"), 8),
    **dict.fromkeys(("num_key_value_heads", "num_experts_per_tok", "mamba_expand"), 2),
    **dict.fromkeys(("n_shared_experts", "n_group", "topk_group"), 1),
    **dict.fromkeys(("head_dim", "v_head_dim", "sliding_window"), 16),
    **dict.fromkeys(("hidden_size_per_layer_input", "kv_lora_rank"), 16),
    **{"decoder_ffn_dim": 128, "word_embed_proj_dim": 64, "rotary_dim": 8, "mamba_d_conv": 4},
    **{"initializer_range": 0.2, "bos_token_id": 0, "eos_token_id": 1, "pad_token_id": 2},
    "q_lora_rank": 32,
}
OPTIONAL = ("sliding_window", "q_lora_rank", "kv_lora_rank")
"""Left alone where an architecture has none by default."""


class SkipError(Exception):
    """This architecture says nothing here; the text says why."""


@dataclass(frozen=True)
class Row:
    """What was found of one architecture."""

    kind: str
    packing: str
    in_bfloat16: str
    difference: float
    """Largest, of a log-likelihood, as a share of it where it is more than 1."""
    other_texts: int
    same_alone: bool
    causal: bool
    why: str

    @property
    def holds(self) -> bool:
        """Whether its numbers and bits are what they should be."""
        exact = self.difference <= TOLERANCE and not self.other_texts
        return not self.causal or (exact and self.same_alone)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("kinds", nargs="*", help="model types; default: all")
    warnings.simplefilter("ignore")
    logging.disable(logging.WARNING)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    from transformers.models.auto.modeling_auto import MODEL_FOR_CAUSAL_LM_MAPPING_NAMES

    rows: list[Row] = []
    skipped: list[str] = []
    failed: list[str] = []
    print("| architecture | float32 | bfloat16 | difference | alone | why no better |")
    print("| --- | --- | --- | --- | --- | --- |")
    for kind in parser.parse_args().kinds or MODEL_FOR_CAUSAL_LM_MAPPING_NAMES:
        try:
            with at_most(SECONDS):
                row = look_at(kind)
        except SkipError as reason:
            skipped.append(f"{kind} ({reason})")
            continue
        except Exception as problem:
            failed.append(f"{kind} ({type(problem).__name__}: {str(problem)[:80]})")
            continue
        rows.append(row)
        print(line(row), flush=True)
    causal = [row for row in rows if row.causal]
    counts = Counter(row.packing for row in causal).most_common()
    shares = ", ".join(f"{packing} {number}" for packing, number in counts)
    worst = max((row.difference for row in causal), default=0.0)
    print(f"\n{len(causal)} causal architectures: {shares}; largest difference {worst:.1e}.")
    print(f"Not causal as they are: {', '.join(r.kind for r in rows if not r.causal) or 'none'}.")
    print(f"Failed: {', '.join(failed) or 'none'}.")
    print(f"Skipped, {len(skipped)}: {', '.join(skipped) or 'none'}.")
    return 0 if all(row.holds for row in rows) and not failed else 1


def look_at(kind: str) -> Row:
    """Make it, load it, score it. Raises SkipError."""
    import tiny
    import torch

    from gatekeeper.files.model_folder import ModelFolder
    from gatekeeper.scoring.engine import PackedEngine
    from gatekeeper.scoring.forwards.packing_selftest import self_test
    from gatekeeper.scoring.model.load_model import load_model
    from gatekeeper.scoring.tasks.loaded_task import load_tasks

    made = build(kind)
    tokens = tiny.tokenizer()
    with tempfile.TemporaryDirectory(prefix="gate-bench-") as place:
        folder = Path(place)
        made.save_pretrained(folder / "base")
        model = load_model(ModelFolder(folder / "base"), tiny.TinyArms(made, tokens).pin, "cpu")
        tiny.choices_task(folder, docs=4)
        tiny.pairs_task(folder, docs=4)
        tiny.rolling_task(folder, docs=2)
        tiny.words_task(folder, docs=4)
        tasks = load_tasks(tiny.suite(folder, list(METRICS.items())), tokens)
        engine = PackedEngine(tiny.TinyArms(model, tokens), token_budget=128)
        difference, other_texts, same_alone = 0.0, 0, True
        for own in tasks.values():
            for task in own:
                found = engine.answers(task, range(len(task)), None)
                for doc, expected in enumerate(by_itself(engine, model, task)):
                    for one, other in zip(found[doc].responses, expected, strict=True):
                        if isinstance(one, str):
                            other_texts += one != other
                        else:
                            difference = max(difference, apart(one, other))
                    alone = engine.answers(task, [doc], None)[0]
                    same_alone &= alone.responses == found[doc].responses
    tested = self_test(model, 256, "cpu")
    return Row(
        kind,
        tested.packing,
        self_test(model.bfloat16(), 256, "cpu").packing,
        difference,
        other_texts,
        same_alone,
        is_causal(made, torch),
        tested.why,
    )


def build(kind: str) -> Any:
    """A small random model. Raises SkipError when it cannot be made or run on text alone."""
    import torch
    from transformers import CONFIG_MAPPING, AutoModelForCausalLM

    configuration = CONFIG_MAPPING[kind]
    if getattr(configuration, "sub_configs", None):
        raise SkipError("more than text")
    for left_out in ((), ("head_dim",)):  # some derive it from other sizes
        try:
            torch.manual_seed(0)
            config = configuration(**sizes(configuration, left_out))
            model = AutoModelForCausalLM.from_config(config).float().eval()
            with torch.inference_mode():
                model(torch.tensor([[5, 6, 7, 8]]))
        except SkipError:
            raise
        except Exception as problem:
            reason = type(problem).__name__
            continue
        if model.num_parameters() > LARGEST:
            raise SkipError("too large")
        return model
    raise SkipError(f"cannot be made small: {reason}")


def sizes(configuration: Any, left_out: Sequence[str]) -> dict[str, Any]:
    """What this architecture's config knows of SIZES, and a layer of each of its kinds."""
    usual = configuration()
    fields = usual.to_dict()
    known = {*fields, *getattr(configuration, "attribute_map", {})} - {*left_out}
    chosen = {name: size for name, size in SIZES.items() if name in known}
    for name in OPTIONAL:
        if name in chosen and getattr(usual, name, None) is None:
            del chosen[name]
    if isinstance(layers := fields.get("layer_types"), list):
        chosen["layer_types"] = (list(dict.fromkeys(layers)) * 3)[:3]
    return chosen


def by_itself(engine: Any, model: Any, task: Any) -> Iterator[list[Any]]:
    """Responses to each doc, request by request, as the model itself gives them."""
    from gatekeeper.scoring.forwards.greedy_generation import Ending
    from gatekeeper.scoring.forwards.plain_generation import plain_text
    from gatekeeper.scoring.forwards.plain_rows import plain_likelihoods

    prepared = engine._prepare(task)
    for doc, requests in prepared.requests(range(len(task))).items():
        if task.output_type == "generate_until":
            arguments = prepared.generation(doc)
            ending = Ending.of(arguments, prepared.tokenizer, model)
            yield [plain_text(model, requests[0].inputs, ending, arguments)]
        else:
            alone = [plain_likelihoods(model, [request], 1 << 20, "cpu")[0] for request in requests]
            yield prepared.responses(alone)


def apart(one: Any, other: Any) -> float:
    """Of two log-likelihoods, with a greedy flag or without."""
    mine, theirs = (x if isinstance(x, float) else x[0] for x in (one, other))
    found = abs(mine - theirs) / max(1.0, abs(theirs))
    return found if math.isfinite(found) else math.inf


def is_causal(model: Any, torch: Any) -> bool:
    """Whether a token's logits stay when the token behind it is another."""
    with torch.inference_mode():
        one, other = (model(torch.tensor([[5, 6, 7, last]])).logits[0, :3] for last in (8, 9))
    return bool(
        torch.allclose(one, other, atol=TOLERANCE, equal_nan=True)
    )  # experts round by their company


def line(row: Row) -> str:
    text = "" if row.causal else " (not causal)"
    other = f", {row.other_texts} other texts" if row.other_texts else ""
    return (
        f"| {row.kind}{text} | {row.packing} | {row.in_bfloat16} | {row.difference:.1e}{other} "
        f"| {'same bits' if row.same_alone else 'OTHER BITS'} | {row.why} |"
    )


class at_most:  # noqa: N801 (reads as words where it is used)
    """Raises SkipError in the main thread when what it encloses takes longer."""

    def __init__(self, seconds: int) -> None:
        self.seconds = seconds

    def __enter__(self) -> None:
        def late(*_: Any) -> None:
            raise SkipError(f"more than {self.seconds} s")

        signal.signal(signal.SIGALRM, late)
        signal.alarm(self.seconds)

    def __exit__(self, *_: object) -> None:
        signal.alarm(0)


if __name__ == "__main__":
    raise SystemExit(main())
