"""Does a row get the same bits whatever else is in its forward, and however high that is?

Where it does, forwards need no padding to one height, and decoding computes no empty rows. It
holds for the matrix kernels of many CPUs above a few rows but is rarely guaranteed, so it is tested
on this machine, with this model, before it is relied on.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from gatekeeper.scoring.forwards.output_layer import FEW, columns_first

__all__ = ["LayerShape", "alike_up_to", "keep_bits", "linear_layers", "routes_to_experts"]

LayerShape = tuple[int, int, str]
"""Outputs, inputs, dtype of a linear layer."""

_LOW, _HIGH = (16, 20, 24, 28, 32, 36), 1024
"""Rows; the low ones give kernels that take up to 24 rows at once every possible remainder."""
_WIDE, _LOW_WIDE, _HIGH_WIDE = 16384, (20, FEW), FEW + 32
"""With at least this many outputs a layer counts as an output layer, which uses a different product
for few rows (`output_layer.py`); fewer shapes of it are tested, since it is expensive."""


def linear_layers(module: nn.Module) -> dict[LayerShape, Tensor] | None:
    """One weight, [outputs, inputs], of every shape of linear layer that a model has.

    None when some layer stores its weights in another form (4-bit).
    """
    found: dict[LayerShape, Tensor] = {}
    for layer in module.modules():
        weight = getattr(layer, "weight", None)
        turned = type(layer).__name__ == "Conv1D"  # GPT-2's linear layer
        if not isinstance(weight, Tensor) or not (turned or isinstance(layer, nn.Linear)):
            continue
        if weight.dim() != 2 or not weight.dtype.is_floating_point:
            return None
        weight = weight.t() if turned else weight
        found.setdefault((*weight.shape, str(weight.dtype)), weight)
    return found


def routes_to_experts(config: Any) -> bool:
    """Whether a model's config names experts: each computes the rows routed to it, however many."""
    return _names_experts(config.get_text_config().to_dict())


def alike_up_to(config: Any) -> int | None:
    """Tokens up to which positions do not depend on a forward's longest sequence; None: always.

    Rotary positions of the types "longrope" (Phi 3) and "dynamic" use different factors for a whole
    forward once one of its sequences is longer than what the model was originally trained for.
    """
    text = config.get_text_config()
    rope = getattr(text, "rope_parameters", None) or {}
    kinds = [rope, *(each for each in rope.values() if isinstance(each, dict))]
    if not any(each.get("rope_type") in ("longrope", "dynamic") for each in kinds):
        return None
    known = [each.get("original_max_position_embeddings") for each in kinds]
    known.append(getattr(text, "original_max_position_embeddings", None))
    return min((int(n) for n in known if n), default=int(text.max_position_embeddings))


def _names_experts(settings: Mapping[Any, Any]) -> bool:
    return any(
        _names_experts(value)
        if isinstance(value, dict)
        else "expert" in str(name) and isinstance(value, int) and value > 1
        for name, value in settings.items()
    )


def keep_bits(layers: Mapping[LayerShape, Tensor], device: Any) -> bool:
    """Whether products with these weights give each row the same bits in low and high forwards."""
    if torch.device(device).type != "cpu":
        return False  # its libraries choose a different kernel for almost every height
    draw = torch.Generator().manual_seed(0)
    with torch.inference_mode():
        return all(_keeps(weight, draw) for weight in layers.values())


def _keeps(weight: Tensor, draw: torch.Generator) -> bool:
    outputs, inputs = weight.shape
    wide = outputs >= _WIDE
    high, low = (_HIGH_WIDE, _LOW_WIDE) if wide else (_HIGH, _LOW)
    product = columns_first if wide else nn.functional.linear
    rows = torch.randn(high, inputs, generator=draw).to(weight.dtype)
    expected = nn.functional.linear(rows, weight)
    return all(
        torch.equal(product(rows[-height:].clone(), weight), expected[-height:]) for height in low
    )
