"""What an adapter's weights alone show: how large, how many directions, which modules.

Diagnostics only; none of them decides. The update of a module is scale · B·A; its singular values
are those of the small matrix R_B · R_Aᵀ after two thin QR factorisations, so the full-size product
is never formed. Stable rank and energy rank as in Rudelson & Vershynin, 2007.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gatekeeper.candidate.folder import read_adapter
from gatekeeper.candidate.inspection.module_patterns import pattern_value
from gatekeeper.candidate.inspection.tensor_names import lora_pairs
from gatekeeper.errors import AdapterRefused
from gatekeeper.evidence import ModuleUpdate, WeightEvidence
from gatekeeper.files.model_folder import ModelFolder
from gatekeeper.files.tensor_file import StoredTensor

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["ENERGY", "module_scale", "singular_values", "weigh"]

ENERGY = 0.9
"""Share of the squared norm that the energy rank must cover."""

_DIGITS = 6


def weigh(folder: Path, base_folder: ModelFolder | None = None) -> WeightEvidence:
    """Weigh every module of a LoRA adapter; with the base, also relative to its weights.

    Raises AdapterRefused when the folder is not a readable LoRA adapter, BaseError when the base
    is broken.
    """
    read = read_adapter(folder)
    if read.kind != "adapter" or read.problems:
        raise AdapterRefused(
            f"{folder} is not a readable adapter, so its weights cannot be measured."
        )
    base = base_folder.tensors if base_folder else None
    updates, dead = [], []
    for module, a, b in lora_pairs(read.tensors):
        update = _weigh_module(module, a, b, module_scale(read.config, module), base)
        updates.append(update)
        if update.norm == 0:
            dead.append(module)
    live = [update for update in updates if update.norm > 0]
    used = sum(update.energy_rank / update.rank for update in live) / len(live) if live else None
    return WeightEvidence(
        modules=tuple(updates), dead_modules=tuple(dead), rank_used=_rounded(used)
    )


def module_scale(config: Mapping[str, Any], module: str) -> float:
    """alpha / r, or alpha / sqrt(r) for rsLoRA; both may be set per module by patterns."""
    rank = pattern_value(config.get("rank_pattern") or {}, module, config["r"])
    alpha = pattern_value(config.get("alpha_pattern") or {}, module, config["lora_alpha"])
    return float(alpha) / (math.sqrt(rank) if config.get("use_rslora") else rank)


def _weigh_module(
    module: str,
    a: StoredTensor,
    b: StoredTensor,
    scale: float,
    base: Mapping[str, StoredTensor] | None,
) -> ModuleUpdate:
    values = singular_values(a.numbers(), b.numbers(), scale)
    squared = [value * value for value in values]
    total = sum(squared)
    weight = base.get(module + ".weight") if base is not None else None
    size = _norm(weight) if weight is not None else 0.0
    return ModuleUpdate(
        name=module,
        rank=a.shape[0],
        norm=_rounded(math.sqrt(total)) or 0.0,
        relative=_rounded(math.sqrt(total) / size) if size else None,
        singular_values=tuple(_rounded(value) or 0.0 for value in values),
        stable_rank=_rounded(total / squared[0]) or 0.0 if total else 0.0,
        energy_rank=_energy_rank(squared),
    )


def singular_values(
    a: NDArray[np.float32], b: NDArray[np.float32], scale: float = 1.0
) -> tuple[float, ...]:
    """Singular values of scale · b @ a, largest first; a is (rank, in), b is (out, rank)."""
    import numpy as np

    right = np.asarray(np.linalg.qr(a.T.astype(np.float64), mode="r"))
    left = np.asarray(np.linalg.qr(b.astype(np.float64), mode="r"))
    values = np.linalg.svd(left @ right.T, full_matrices=False, compute_uv=False)
    return tuple(float(value) for value in abs(scale) * values)


def _energy_rank(squared: list[float]) -> int:
    total, held = sum(squared), 0.0
    for count, value in enumerate(squared, start=1):
        held += value
        if total and held >= ENERGY * total:
            return count
    return 0


def _norm(tensor: StoredTensor) -> float:
    import numpy as np

    return math.sqrt(sum(float(np.square(p, dtype=np.float64).sum()) for p in tensor.chunks()))


def _rounded(value: float | None) -> float | None:
    """Six significant digits: enough for a diagnostic, and the same on every machine."""
    return None if value is None else float(f"{value:.{_DIGITS}g}")
