"""Rungs: the training shape of a candidate, and which shape is above which. Pure.

The ladder itself is the policy's. A rung is above another when it has more rank or more modules
and less of neither, so shapes that are on no ladder can be placed as well.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from gatekeeper.evidence import CandidatePin, RunManifest
from gatekeeper.verdict.verdict import Rung

__all__ = [
    "ALL_LINEAR",
    "is_above",
    "lora_config",
    "next_rung",
    "reaches_top",
    "rung_height",
    "rung_of",
]

ALL_LINEAR = frozenset(
    {"q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"}
)


def rung_of(candidate: CandidatePin) -> Rung | None:
    """The training shape of a candidate, from its config."""
    if candidate.kind == "checkpoint":
        return Rung(method="full")
    if candidate.kind != "adapter" or candidate.rank is None:
        return None
    targets = frozenset(name.rsplit(".", 1)[-1] for name in candidate.target_modules)
    if targets >= ALL_LINEAR or "all-linear" in targets:
        return Rung(r=candidate.rank, targets="all-linear")
    return Rung(r=candidate.rank, targets=tuple(sorted(targets)))


def is_above(rung: Rung, other: Rung) -> bool:
    """Higher in rank or in modules, and lower in neither; full fine-tuning is above all LoRA."""
    if "full" in (rung.method, other.method):
        return rung.method == "full" and other.method != "full"
    return _covers(rung, other) and not _covers(other, rung)


def rung_height(rung: Rung) -> tuple[bool, int, int]:
    """Key that sorts rungs from the lowest up: full fine-tuning, then rank, then modules.

    It agrees with `is_above` where that knows an answer, and orders the others for the eye.
    """
    modules = 99 if isinstance(rung.targets, str) else len(rung.targets)
    return rung.method == "full", rung.r or 0, modules


def next_rung(current: Rung, ladder: Iterable[Rung], *, some_layers: bool = False) -> Rung | None:
    """The first rung of the ladder that is above the current shape, None at its end.

    A shape that was trained in `some_layers` only is below the same shape in all of them.
    """
    return next(
        (
            rung
            for rung in ladder
            if is_above(rung, current)
            or (some_layers and rung.method == "lora" and _covers(rung, current))
        ),
        None,
    )


def reaches_top(rung: Rung, ladder: Iterable[Rung]) -> bool:
    """Is this LoRA shape at least the top LoRA rung of the ladder?"""
    lora = [step for step in ladder if step.method == "lora"]
    return bool(lora) and rung.method == "lora" and _covers(rung, lora[-1])


def lora_config(rung: Rung, manifest: RunManifest | None = None) -> dict[str, Any]:
    """A LoraConfig for a rung. Alpha is 2r, so the update keeps its scale between rungs."""
    r = rung.r or 8
    targets = rung.targets if isinstance(rung.targets, str) else list(rung.targets)
    dropout = manifest.adapter.get("dropout") if manifest is not None else None
    return {
        "r": r,
        "lora_alpha": 2 * r,
        "target_modules": targets,
        **({"lora_dropout": dropout} if dropout else {}),
        "task_type": "CAUSAL_LM",
    }


def _covers(rung: Rung, other: Rung) -> bool:
    return (rung.r or 0) >= (other.r or 0) and _modules(rung) >= _modules(other)


def _modules(rung: Rung) -> frozenset[str]:
    return ALL_LINEAR if isinstance(rung.targets, str) else frozenset(rung.targets)
