"""One loaded base and the candidates attached to it: attach, arm, detach.

An adapter computes only while it is armed; the rest of the time the base's module tree is the one
that was loaded. A fully fine-tuned checkpoint is a second model behind the same interface.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch

from gatekeeper.candidate.folder import read_adapter
from gatekeeper.errors import AdapterRefused, BaseError, EngineError, first_line
from gatekeeper.evidence import BasePin, DetachProof, EffectProbe
from gatekeeper.files.model_folder import ModelFolder
from gatekeeper.scoring.model.attachment import Attachment, BaseOverwrittenError, inject
from gatekeeper.scoring.model.base_state import BaseState, base_state
from gatekeeper.scoring.model.fixed_prompts import encode_prompts, prompt_logits
from gatekeeper.scoring.model.load_model import default_device, load_model
from gatekeeper.scoring.model.proofs import detach_proof, effect_probe
from gatekeeper.scoring.model.read_inspected import read_inspected, require_digest
from gatekeeper.scoring.model.shared_tree import share_tree
from gatekeeper.scoring.out_of_memory import is_out_of_memory

__all__ = ["LoadedBase", "load_base"]


class LoadedBase:
    """A frozen base in evaluation mode, with any number of candidates.

    Exactly one arm computes at a time: the base (None) or one candidate, by digest.
    """

    def __init__(
        self, folder: ModelFolder, pin: BasePin, model: Any, tokenizer: Any, device: str
    ) -> None:
        self.folder = folder
        self.pin = pin
        self.model = model
        self.tokenizer = tokenizer
        self.device = torch.device(device)
        self.prompts = encode_prompts(tokenizer)
        self._adapters: dict[str, Attachment] = {}
        self._checkpoints: dict[str, Any] = {}
        self._armed: str | None = None
        self._untouched: BaseState | None = None

    @property
    def attached(self) -> tuple[str, ...]:
        """Digests of the candidates that can be armed."""
        return (*self._adapters, *self._checkpoints)

    @property
    def has_stable_bytes(self) -> bool:
        """Whether reading the weights changes nothing; after a forward, 4-bit weights may move."""
        return self.pin.quantization == "none"

    @property
    def untouched(self) -> BaseState:
        """The base as it was loaded, taken once, before anything was attached."""
        if self._untouched is None:
            self._untouched = self._state(self.model)
        return self._untouched

    def _state(self, model: Any) -> BaseState:
        return base_state(model, self.prompts, self.device, stable_bytes=self.has_stable_bytes)

    def fresh_state(self) -> BaseState:
        """Load the base once more, never wrapped, and take its state.

        For that moment two bases are in memory: for a base without a known earlier state.
        """
        model = load_model(self.folder, self.pin, str(self.device))
        try:
            return self._state(model)
        finally:
            _empty(model)

    def prove_effect(self, digest: str) -> EffectProbe:
        """Run the fixed prompts with the candidate on, then off again.

        "Off" is compared with the logits from before anything was ever attached. Raises EngineError
        when the candidate is not attached.
        """
        untouched = self.untouched.logits
        on, off = self._logits(digest), self._logits(None)
        return effect_probe(untouched, on, off)

    def _logits(self, arm: str | None) -> tuple[torch.Tensor, ...]:
        with self.arm(arm) as model:
            return prompt_logits(model, self.prompts, self.device)

    def prove_detach(self, fresh: BaseState | None = None) -> DetachProof:
        """Compare the base, everything switched off, with what it was before anything was attached.

        `fresh` is another state to compare with. Weights are compared byte for byte, except on a
        4-bit base: reading its packed state after a forward would corrupt it.
        """
        fresh = fresh or self.untouched
        with self.arm(None) as model:
            off = self._state(model)
        only = bool(self.attached) and all(map(self.is_checkpoint, self.attached))
        return detach_proof(fresh, off, quantization=self.pin.quantization, only_checkpoints=only)

    def is_checkpoint(self, digest: str) -> bool:
        """Whether this candidate is a separate model, not an adapter on the base."""
        return digest in self._checkpoints

    def attach(self, folder: Path, digest: str) -> None:
        """Attach the candidate in `folder`, switched off; attaching it twice does nothing.

        The files are inspected again, so that no caller can skip it. Raises AdapterRefused when
        the folder is not the one that was inspected (its digest differs), when its files are
        refused, or when PEFT cannot load it completely; the base is then unchanged.
        """
        if digest in self.attached:
            return
        with self.arm(None):
            _ = self.untouched
        read = read_inspected(folder, digest, self.folder)
        if read.kind == "checkpoint":
            self._checkpoints[digest] = self._load_checkpoint(folder, digest)
            return
        with self.arm(None), self._refusing(folder):
            self._adapters[digest] = inject(self.model, read, str(self.device))

    def beside(self, folder: Path, digest: str) -> Any:
        """A model that computes the candidate permanently, on the base's own tensors.

        The base's module tree is not touched, so both can compute at the same time; a checkpoint
        is loaded as a separate model. Raises AdapterRefused like `attach`.
        """
        read = read_inspected(folder, digest, self.folder)
        if read.kind == "checkpoint":
            return self._load_checkpoint(folder, digest)
        model = share_tree(self.model)
        with self._refusing(folder):
            inject(model, read, str(self.device)).put_in()
        return model

    @contextmanager
    def _refusing(self, folder: Path) -> Iterator[None]:
        """Whatever PEFT raises about an untrusted file is a refusal; the base is unchanged."""
        try:
            yield
        except BaseOverwrittenError:
            self._reload()
            raise
        except AdapterRefused:
            raise
        except Exception as problem:
            if is_out_of_memory(problem):  # not the adapter's fault
                raise
            raise AdapterRefused(
                f"PEFT cannot attach {folder.name}: {first_line(problem)}"
            ) from problem

    def _load_checkpoint(self, folder: Path, digest: str) -> Any:
        model = load_model(ModelFolder(folder), self.pin, str(self.device))
        require_digest(folder, read_adapter(folder).digest, digest)  # not changed since
        return model

    def _reload(self) -> None:
        """Load the base again and forget the adapters: they were built on the changed one."""
        self._adapters.clear()
        self.model = load_model(self.folder, self.pin, str(self.device))

    def detach(self, digest: str) -> None:
        """Forget one candidate. Unknown digests are not an error: it is off either way.

        Raises EngineError inside the candidate's own arm.
        """
        if digest == self._armed:
            raise EngineError(f"The candidate {digest[:19]} is computing; it cannot be detached.")
        self._adapters.pop(digest, None)
        if self._checkpoints.pop(digest, None) is not None:
            # A whole model; its memory should be free before the next one is loaded.
            gc.collect()

    def detach_all(self) -> None:
        """Forget every candidate."""
        for digest in self.attached:
            self.detach(digest)

    @contextmanager
    def arm(self, candidate: str | None) -> Iterator[Any]:
        """The module that computes the base (None) or a candidate, within this context.

        Raises EngineError when the candidate was never attached.
        """
        if candidate is not None and candidate not in self.attached:
            raise EngineError(f"The candidate {candidate[:19]} is not attached.")
        before = self._armed
        self._switch(candidate)
        try:
            yield self._checkpoints.get(candidate or "", self.model)
        finally:
            self._switch(before)

    def _switch(self, candidate: str | None) -> None:
        if self._armed in self._adapters:
            self._adapters[self._armed].take_out()
        self._armed = candidate
        if candidate in self._adapters:
            self._adapters[candidate].put_in()


def _empty(model: Any) -> None:
    """Free a model's memory now: it is full of cycles, and collecting them all takes longer."""
    for tensor in [*model.parameters(), *model.buffers()]:
        tensor.data = tensor.data.new_empty(0)


def load_base(folder: ModelFolder, pin: BasePin, device: str | None = None) -> LoadedBase:
    """Load a pinned base, frozen and in evaluation mode. Raises BaseError with one sentence."""
    from transformers import AutoTokenizer

    device = device or default_device()
    try:
        tokenizer = AutoTokenizer.from_pretrained(
            str(folder.path), local_files_only=True, trust_remote_code=False
        )
    except Exception as problem:
        raise BaseError(
            f"The tokenizer of {folder.path} cannot be loaded: {first_line(problem)}"
        ) from problem
    return LoadedBase(folder, pin, load_model(folder, pin, device), tokenizer, device)
