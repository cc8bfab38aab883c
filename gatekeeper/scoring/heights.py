"""Does a row get the same bits whatever else is in its forward, and however high that is?

Where it does, forwards need no padding to one height, and decoding computes no empty rows. It
holds for the matrix kernels of many CPUs above a few rows and is seldom promised by anyone, so it
is tried out on this machine, on this model, before it is relied on.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch
from torch import nn

__all__ = ["LayerShape", "keep_bits", "layer_shapes"]

LayerShape = tuple[int, int, str]
"""Outputs, inputs, dtype of a linear layer."""

_LOWEST, _HIGHEST = 16, 512
_WIDE = 16384
"""Outputs from which fewer rows are tried: an output layer's rows are few, and its cost is high."""


def layer_shapes(module: nn.Module) -> set[LayerShape] | None:
    """Shapes of all linear layers of a model; None when some are kept in another form (4-bit)."""
    shapes: set[LayerShape] = set()
    for layer in module.modules():
        weight = getattr(layer, "weight", None)
        turned = type(layer).__name__ == "Conv1D"  # GPT-2's linear layer
        if not isinstance(weight, torch.Tensor) or not (turned or isinstance(layer, nn.Linear)):
            continue
        if weight.dim() != 2 or not weight.dtype.is_floating_point:
            return None
        inputs, outputs = weight.shape if turned else weight.shape[::-1]
        shapes.add((outputs, inputs, str(weight.dtype).removeprefix("torch.")))
    return shapes


def keep_bits(shapes: Iterable[LayerShape], device: Any) -> bool:
    """Whether products of these shapes give each row the same bits in low and in high forwards."""
    if torch.device(device).type != "cpu":
        return False  # its libraries choose another kernel for almost every height
    draw = torch.Generator().manual_seed(0)
    with torch.inference_mode():
        return all(_keeps(outputs, inputs, dtype, draw) for outputs, inputs, dtype in shapes)


def _keeps(outputs: int, inputs: int, dtype: str, draw: torch.Generator) -> bool:
    kind = getattr(torch, dtype)
    height = _HIGHEST if outputs < _WIDE else _LOWEST * 4
    weight = torch.randn(outputs, inputs, generator=draw).to(kind)
    rows = torch.randn(height, inputs, generator=draw).to(kind)
    high = nn.functional.linear(rows, weight)
    for start in (0, height - _LOWEST):
        low = nn.functional.linear(rows[start : start + _LOWEST].clone(), weight)
        if not torch.equal(low, high[start : start + _LOWEST]):
            return False
    return True
