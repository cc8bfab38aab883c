"""What the packed engine needs of a loaded base: modules to compute with, proofs about them."""

from __future__ import annotations

from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Protocol

from gatekeeper.evidence import BasePin, DetachProof, EffectProbe

__all__ = ["Arms"]


class Arms(Protocol):
    """One base loaded in this process, and the candidates attached to it. See `LoadedBase`."""

    pin: BasePin
    """Part of the key of everything that is cached."""
    tokenizer: Any
    device: Any

    def arm(self, candidate: str | None) -> AbstractContextManager[Any]:
        """The torch module that computes this arm, within the context.

        Raises EngineError when the candidate is not attached.
        """
        ...

    def attach(self, folder: Path, digest: str) -> None:
        """Attach a candidate, switched off. Raises AdapterRefused."""
        ...

    def detach(self, digest: str) -> None:
        """Forget a candidate; unknown digests are not an error."""
        ...

    def prove_effect(self, digest: str) -> EffectProbe:
        """Run the fixed prompts with the candidate on, then off again."""
        ...

    def prove_detach(self) -> DetachProof:
        """Compare the base with what it was before anything was attached."""
        ...
