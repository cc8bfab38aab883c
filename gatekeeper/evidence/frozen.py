"""The values that rooms pass to one another: frozen, and without unknown fields."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

__all__ = ["Frozen"]


class Frozen(BaseModel):
    """A value that never changes after it was measured. Every number in it is finite."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)
