"""The output layer, computed vocabulary first: the same product, in the order that CPUs prefer.

A few rows times a matrix of some 50,000 columns is the worst shape for a matrix kernel: weights x
rows takes two thirds of the time of rows x weights (SmolLM2, 32 to 256 rows, MKL). The logits are
then stored column by column; for more rows, transposing them costs what was gained.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn

__all__ = ["FEW", "by_columns", "columns_first"]

FEW = 256
"""Rows up to which columns come first."""


def columns_first(rows: Tensor, weight: Tensor) -> Tensor:
    """The product of `rows` [rows, inputs] and `weight` [outputs, inputs], [rows, outputs]."""
    return torch.mm(weight, rows.t()).t()


@contextmanager
def by_columns(module: Any) -> Iterator[None]:
    """Within this context a plain output layer on a CPU computes by columns.

    Any other (quantized, adapted, with a bias, on a GPU) is left as it is.
    """
    layer = module.get_output_embeddings()
    plain = type(layer) is nn.Linear and layer.bias is None
    if not plain or layer.weight.device.type != "cpu":
        yield
        return

    def forward(states: Tensor) -> Tensor:
        if states.shape[1] > FEW:
            return nn.functional.linear(states, layer.weight)
        return columns_first(states[0], layer.weight)[None]  # packed rows are one sequence

    layer.forward = forward
    try:
        yield
    finally:
        del layer.forward
