"""What exactly a base is.

A base is identified by the digest of its contents: weights, config, tokenizer, chat template. How
it computes (dtype, quantization) is recorded separately, never in the digest, so an adapter trained
on a 4-bit copy and one trained on float32 name the same base. Nothing here loads a model.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from gatekeeper.digests import digest_json
from gatekeeper.errors import BaseError
from gatekeeper.evidence import BasePin
from gatekeeper.files.digest_cache import cached_digest
from gatekeeper.files.model_folder import ModelFolder

__all__ = ["VOLATILE_CONFIG", "pin_base", "settled_dtype"]

VOLATILE_CONFIG = frozenset(
    {
        "_attn_implementation_autoset",
        "_model_name_or_path",
        "_name_or_path",
        "dtype",
        "torch_dtype",
        "transformers_version",
        "use_cache",
    }
)
"""Keys of config.json that change when saved but do not affect computation."""


def settled_dtype(dtype: str, device: str = "cpu") -> str:
    """Turn "auto" into a dtype: float32 on a CPU, bfloat16 on an accelerator."""
    if dtype != "auto":
        return dtype
    return "float32" if device == "cpu" else "bfloat16"


def pin_base(
    folder: ModelFolder,
    name: str,
    dtype: str = "auto",
    quantization: str = "none",
    *,
    device: str = "cpu",
    revision: str | None = None,
) -> BasePin:
    """Pin a base: the same contents give the same digest wherever they are.

    File digests are cached by path, size, time and inode, so only the first pin reads the weights.
    Raises BaseError when a file is missing or unreadable.
    """
    if quantization not in ("none", "nf4"):
        raise BaseError(f"Unknown quantization {quantization!r}.", "Use none or nf4.")
    weights: dict[str, Any] = {file.name: cached_digest(file) for file in folder.weight_files}
    if folder.weight_map is not None:
        # The index decides which shard wins when two contain the same tensor.
        weights["weight_map"] = digest_json(folder.weight_map)
    weights_digest = digest_json(weights)
    config = {k: v for k, v in folder.config.items() if k not in VOLATILE_CONFIG}
    config_digest = digest_json(config)
    tokenizer = folder.tokenizer
    digest = digest_json(
        {
            "weights": weights_digest,
            "config": config_digest,
            "tokenizer": tokenizer.digest,
            "chat_template": tokenizer.chat_template,
        }
    )
    return BasePin(
        name=name,
        source=str(folder.path),
        revision=revision or _hub_commit(folder.path),
        dtype=settled_dtype(dtype, device),
        quantization=quantization,
        digest=digest,
        weights_digest=weights_digest,
        config_digest=config_digest,
        tokenizer_digest=tokenizer.digest,
        chat_template_digest=tokenizer.chat_template,
    )


def _hub_commit(path: Path) -> str | None:
    folder = Path(os.path.abspath(path))  # noqa: PTH100 - not resolve(): the link's place counts
    if folder.parent.name == "snapshots":
        return folder.name
    return None
