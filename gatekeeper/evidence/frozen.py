"""The values that rooms hand to one another: frozen, and without a field that nobody knows."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

__all__ = ["Frozen"]


class Frozen(BaseModel):
    """A value that is never changed after it was measured."""

    model_config = ConfigDict(frozen=True, extra="forbid")
