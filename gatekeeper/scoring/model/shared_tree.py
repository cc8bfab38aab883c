"""A second module tree over the same tensors: costs kilobytes, not the size of the model.

What is wrapped in one tree is not wrapped in the other, so an adapter can be built and used on a
copy while the base's own tree keeps computing the base.
"""

from __future__ import annotations

import copy
from typing import Any

from torch import nn

__all__ = ["share_tree"]


def share_tree(model: nn.Module) -> Any:
    """Copy a model's modules and settings; every parameter and buffer stays the same object."""
    tensors = [
        *model.parameters(),
        *model.buffers(),
        *(value for module in model.modules() for value in _kept_beside(module)),
    ]
    return copy.deepcopy(model, {id(tensor): tensor for tensor in tensors})


def _kept_beside(module: nn.Module) -> list[Any]:
    """State of packed 4-bit weights that is neither parameter nor buffer."""
    states = (getattr(parameter, "quant_state", None) for parameter in module.parameters(False))
    return [state for state in states if state is not None]
