"""A channel followed inside a process: what it serves is attached, swapped and detached there.

The base is loaded once and its module tree is never touched: each adapter computes in its own tree
over the same tensors. So a swap exchanges one reference. A request that has begun keeps the model
it began with; the next one gets the new model; neither waits for the other.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from gatekeeper.decision.decide import redecide
from gatekeeper.errors import EngineError, GateError, RegistryError
from gatekeeper.evidence import DetachProof
from gatekeeper.registry import BASE, Registry, Serving
from gatekeeper.scoring.model.attachment import BaseOverwrittenError
from gatekeeper.scoring.model.loaded_base import LoadedBase

__all__ = ["ChannelModel", "Reply", "Served", "Swap"]


@dataclass(frozen=True, eq=False)
class Served:
    """What one request computes with, from its first token to its last."""

    model: Any
    """A transformers model in evaluation mode."""
    target: str
    """Digest, or `base`."""
    label: str
    sequence: int
    """Of the event that put it into service; 0 when the channel never moved."""


@dataclass(frozen=True)
class Swap:
    """A swap that happened."""

    before: str
    after: str
    sequence: int
    prepared: float
    """Seconds spent verifying and loading, while requests went on with what served before."""
    switched: float
    """Seconds in which the new model took the place of the old one."""


@dataclass(frozen=True)
class Reply:
    """Text that was generated, and by what."""

    text: str
    target: str
    sequence: int


class ChannelModel:
    """A base in this process that computes what a channel serves.

    Requests may come from many threads. `refresh` looks at the registry once; `follow` does so in
    the background until `stop`, or for the length of a `with` block.
    """

    def __init__(
        self,
        base: LoadedBase | Path | str,
        registry: Registry | Path | str,
        channel: str = "production",
        *,
        keep: int = 1,
    ) -> None:
        """Load the base if it is not loaded, and attach what the channel serves now.

        `keep` adapters stay prepared after they are taken out, so that going back is immediate.
        Raises BaseError, RegistryError, RegistryDamaged or AdapterRefused: nothing serves then.
        """
        self.registry = (
            registry
            if isinstance(registry, Registry)
            else Registry.open(Path(registry), redecide=redecide)
        )
        self.channel = channel
        self.problem: GateError | None = None
        """Why the newest move of the channel could not be followed; None when it was."""
        self.swaps: deque[Swap] = deque(maxlen=100)
        self._base = base if isinstance(base, LoadedBase) else _load(base)
        self._keep = keep
        self._prepared: dict[str, Any] = {}
        self._moving = threading.Lock()
        self._words = threading.Lock()
        self._requests = threading.Condition()
        self._running: dict[Served, int] = {}
        self._served = Served(self._base.model, BASE, BASE, 0)
        self._stopping = threading.Event()
        self._follower: threading.Thread | None = None
        self.refresh()

    @property
    def tokenizer(self) -> Any:
        """The base's tokenizer."""
        return self._base.tokenizer

    @property
    def serves(self) -> Served:
        """What the next request will get."""
        return self._served

    @contextmanager
    def request(self) -> Iterator[Served]:
        """Hold on to what serves now, for one whole request."""
        with self._requests:
            served = self._served
            self._running[served] = self._running.get(served, 0) + 1
        try:
            yield served
        finally:
            with self._requests:
                self._running[served] -= 1
                if not self._running[served]:
                    del self._running[served]
                    self._requests.notify_all()

    def generate(self, prompt: str, *, max_new_tokens: int = 64) -> Reply:
        """Continue a prompt greedily, as one request."""
        import torch

        with self.request() as served, torch.inference_mode():
            with self._words:  # fast tokenizers may refuse to be used by two threads at once
                encoded = self.tokenizer(prompt, return_tensors="pt", return_token_type_ids=False)
            encoded = encoded.to(self._base.device)
            out = served.model.generate(**encoded, max_new_tokens=max_new_tokens, do_sample=False)
            new = out[0, encoded["input_ids"].shape[1] :]
            text = self.tokenizer.decode(new, skip_special_tokens=True)
            return Reply(text, served.target, served.sequence)

    def refresh(self) -> Swap | None:
        """Follow the channel if it moved. What serves stays in service when that fails.

        Raises RegistryDamaged for changed bytes, AdapterRefused for files that are not what was
        promoted, RegistryError for a different base, EngineError for what this machine cannot load.
        """
        with self._moving:
            try:
                state = self.registry.state()
                serving = state.channel(self.channel).serving
                before = self._served
                if serving.sequence == before.sequence:
                    self.problem = None
                    return None
                started = time.perf_counter()
                model = self._model(serving)
                ready = time.perf_counter()
                after = Served(model, serving.target, state.label(serving.target), serving.sequence)
                self._served = after
                done = time.perf_counter()
            except GateError as problem:
                self.problem = problem
                if isinstance(problem, BaseOverwrittenError):
                    self._start_over()
                raise
            except Exception as problem:  # a full GPU, a failing disk
                self.problem = EngineError(
                    f"What the channel names cannot be loaded here: {problem}",
                    "What served before stays in service; the next look tries again.",
                )
                raise self.problem from problem
            self._forget(before.target)
            self.problem = None
            swap = Swap(before.target, after.target, after.sequence, ready - started, done - ready)
            self.swaps.append(swap)
            return swap

    def drain(self, timeout: float | None = None) -> bool:
        """Wait until no request computes with anything but what serves now; False on timeout."""
        with self._requests:
            return self._requests.wait_for(
                lambda: all(served is self._served for served in self._running), timeout
            )

    def prove(self) -> DetachProof:
        """Compare this process's base with a fresh load of it, bit for bit."""
        return self._base.prove_detach(self._base.fresh_state())

    def follow(self, every: float = 0.5) -> None:
        """Look at the registry every `every` seconds, in a separate thread."""
        if self._follower is not None and self._follower.is_alive():
            return
        self._stopping.clear()
        self._follower = threading.Thread(
            target=self._watch, args=(every,), name=f"gatekeeper-{self.channel}", daemon=True
        )
        self._follower.start()

    def stop(self) -> None:
        """Stop following; what serves stays in service."""
        self._stopping.set()
        if self._follower is not None:
            self._follower.join()
            self._follower = None

    def __enter__(self) -> ChannelModel:
        """Follow the channel for the length of a `with` block."""
        self.follow()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop following."""
        self.stop()

    def _watch(self, every: float) -> None:
        while not self._stopping.wait(every):
            try:
                self.refresh()
            except GateError:
                continue  # kept in `problem`; what served stays in service

    def _model(self, serving: Serving) -> Any:
        pin = self._base.pin.digest
        if serving.base_digest is not None and serving.base_digest != pin:
            raise RegistryError(
                f"{self.channel} serves on the base {serving.base_digest[:19]}; this process has "
                f"{pin[:19]} ({self._base.pin.name}).",
                "Start it again with the base that the channel was checked on.",
            )
        if serving.is_base:
            return self._base.model
        if serving.target not in self._prepared:
            self.registry.require_sound(self.registry.state(), self.channel, serving)
            folder = self.registry.object_path(serving.target)
            self._prepared[serving.target] = self._base.beside(folder, serving.target)
        return self._prepared[serving.target]

    def _start_over(self) -> None:
        """The base had to be loaded again: everything that shared its tensors is rebuilt."""
        self._prepared.clear()
        was = self._served
        model = self._base.model
        if was.target != BASE:
            model = self._base.beside(self.registry.object_path(was.target), was.target)
            self._prepared[was.target] = model
        self._served = replace(was, model=model)

    def _forget(self, left: str) -> None:
        """Drop what is unlikely to be needed next; running requests keep their own."""
        if left in self._prepared:
            self._prepared[left] = self._prepared.pop(left)  # newest last
        serving = self._served.target
        idle = [target for target in self._prepared if target != serving]
        for target in idle[: max(0, len(idle) - self._keep)]:
            del self._prepared[target]


def _load(base: Path | str) -> LoadedBase:
    from gatekeeper.base.locate import resolve_base
    from gatekeeper.base.pin import pin_base
    from gatekeeper.files.model_folder import ModelFolder
    from gatekeeper.scoring.model.load_model import default_device
    from gatekeeper.scoring.model.loaded_base import load_base

    folder = ModelFolder(resolve_base(str(base)))
    name = Path(base).name if Path(base).exists() else str(base)
    return load_base(folder, pin_base(folder, name, device=default_device()))
