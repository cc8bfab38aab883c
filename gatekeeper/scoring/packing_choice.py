"""How each arm may be packed: tested once per model on this machine, and cached."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from typing import Any
from weakref import WeakKeyDictionary

import torch

from gatekeeper.scoring.forwards.answers import Arm
from gatekeeper.scoring.forwards.forward_heights import (
    LayerShape,
    alike_up_to,
    keep_bits,
    linear_layers,
)
from gatekeeper.scoring.forwards.greedy_generation import unusual_defaults
from gatekeeper.scoring.forwards.packing import Packing
from gatekeeper.scoring.forwards.packing_selftest import SelfTest, self_test
from gatekeeper.scoring.score_cache import ScoreCache
from gatekeeper.scoring.score_keys import ScoreKeys

__all__ = ["PackingChoice", "why_texts_are_slow"]

_SLOW = {
    Packing.PLAIN: "in plain rows, one doc at a time",
    Packing.BATCHED: "in plain batches",
    Packing.ALONE: "one doc at a time",
}


class PackingChoice:
    """Chooses for the arms of one base; `note` gets a sentence where a model is scored slowly.

    An adapter works on single tokens inside the base's model: where the base packs, it does. Only
    its layers' shapes are new, and they are tested separately.
    """

    def __init__(
        self, device: torch.device, cache: ScoreCache | None, note: Callable[[str], None]
    ) -> None:
        self._device, self._cache, self._note = device, cache, note
        self._tested: WeakKeyDictionary[Any, SelfTest] = WeakKeyDictionary()
        self._keeping: set[LayerShape] = set()

    def arm(self, module: Any, candidate: str | None, longest: int, keys: ScoreKeys) -> Arm:
        """The arm that `module` computes; `longest` is the length of its context in tokens."""
        if module not in self._tested:
            tested = self._tested[module] = self._self_test(module, candidate, longest, keys)
            if tested.packing is Packing.FREE:
                self._keeping |= (linear_layers(module) or {}).keys()
            if how := _SLOW.get(tested.packing):
                who = "Candidate " + candidate[:19] if candidate else "The base"
                self._note(f"{who} is scored {how}, which is slower: {tested.why}.")
        tested = self._tested[module]
        packing = tested.packing
        if packing is Packing.FREE and not self._layers_keep_bits(module):
            packing = Packing.FIXED
        return Arm(module, candidate, packing, tested.pads, alike_up_to(module.config))

    def _layers_keep_bits(self, module: Any) -> bool:
        """Whether the arm's layers, including its adapter's, fit forwards of any height."""
        layers = linear_layers(module)
        if layers is None:
            return False
        new = {shape: weight for shape, weight in layers.items() if shape not in self._keeping}
        if not keep_bits(new, self._device):
            return False
        self._keeping |= new.keys()
        return True

    def _self_test(
        self, module: Any, candidate: str | None, longest: int, keys: ScoreKeys
    ) -> SelfTest:
        """The self-test's result for this model; run once per model, machine and versions."""
        key = keys.of("self-test", candidate, "packed")
        known = self._cache.result(key) if self._cache else None
        if isinstance(known, dict) and known.keys() == {"packing", "why", "pads"}:
            return SelfTest(Packing(known["packing"]), str(known["why"]), bool(known["pads"]))
        found = self_test(module, longest, self._device)
        if self._cache:
            self._cache.remember(key, asdict(found))
        return found


def why_texts_are_slow(arm: Arm) -> str | None:
    """Why an arm's texts are generated one at a time, if nothing else says so."""
    if arm.packing is Packing.PLAIN:
        return None
    if names := unusual_defaults(arm.module):
        return f"generation_config.json sets {', '.join(names)}"
    if not arm.is_packed and not arm.pads:
        return "padding before a prompt would change its text"
    return None
