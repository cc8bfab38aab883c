"""One adapter's modules, put into the base's module tree and taken out again.

PEFT wraps modules of the base in place. Here the tree is noted before and after, so that taking an
adapter out restores exactly the tree that was loaded: no switched-off wrapper stays behind, and two
adapters never meet. Nothing is ever merged, since unmerging does not give the same bits back.
"""

from __future__ import annotations

import json
import tempfile
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from gatekeeper.candidate.folder import CONFIG, WEIGHTS, AdapterFolder
from gatekeeper.candidate.inspection.tensor_names import base_copies
from gatekeeper.digests import digest_bytes
from gatekeeper.errors import AdapterRefused
from gatekeeper.scoring.model.bitsandbytes_import import importing_bitsandbytes

__all__ = ["Attachment", "BaseOverwrittenError", "inject"]

_NAME = "gatekeeper"
_Children = dict[str, nn.Module | None]


class BaseOverwrittenError(AdapterRefused):
    """Attaching the adapter wrote into the base: it must be loaded again."""


@dataclass(frozen=True)
class Attachment:
    """Where the tree differs: (module, its children without the adapter, its children with)."""

    changes: tuple[tuple[nn.Module, _Children, _Children], ...]

    def put_in(self) -> None:
        """Let the adapter compute."""
        for module, _, after in self.changes:
            _set_children(module, after)

    def take_out(self) -> None:
        """Restore the base's own tree."""
        for module, before, _ in self.changes:
            _set_children(module, before)


def _set_children(module: nn.Module, children: _Children) -> None:
    module._modules.clear()
    module._modules.update(children)


def inject(model: nn.Module, adapter: AdapterFolder, device: str) -> Attachment:
    """Build an adapter's modules on the base and take them out again, ready to be put in.

    The adapter must have been inspected. Raises AdapterRefused when PEFT cannot load it completely,
    and BaseOverwrittenError when loading it changed the base.
    """
    tree = [(module, dict(module._modules)) for module in model.modules()]
    tensors = [(tensor, _mark(tensor)) for tensor in _own_tensors(model)]
    try:
        _load(model, adapter, device)
        changes = tuple(
            (module, before, dict(module._modules))
            for module, before in tree
            if module._modules != before
        )
    finally:
        for module, children in tree:
            _set_children(module, children)
        if hasattr(model, "peft_config"):
            del model.peft_config
    if any(_mark(tensor) != mark for tensor, mark in tensors):
        raise BaseOverwrittenError(
            f"Attaching {adapter.path.name} overwrites weights of the base itself, and detaching "
            "would not restore them."
        )
    return Attachment(changes)


def _own_tensors(model: nn.Module) -> list[Tensor]:
    return [*model.parameters(), *model.buffers()]


def _mark(tensor: Tensor) -> tuple[int, int]:
    """Changes when the tensor gets different storage or different numbers.

    Torch's own version counter misses writes through `.data`, which is how PEFT writes.
    """
    flat = tensor.detach().reshape(-1).view(torch.uint8)
    if flat.storage_offset() % 8:
        flat = flat.clone()
    whole = flat.numel() // 8 * 8
    words = int(flat[:whole].view(torch.int64).sum()) if whole else 0
    return tensor.data_ptr(), words + int(flat[whole:].sum(dtype=torch.int64))


def _load(model: nn.Module, adapter: AdapterFolder, device: str) -> None:
    with importing_bitsandbytes():
        from peft import LoraConfig, PeftModel, set_peft_model_state_dict

    # Copies of the base's own weights were found equal to it; loading them would only overwrite it.
    copies = set(base_copies(adapter.config, adapter.tensors))
    stored = _weights(adapter)
    wanted = {name: tensor.to(device) for name, tensor in stored.items() if name not in copies}
    with warnings.catch_warnings(), tempfile.TemporaryDirectory(prefix="gate-") as private:
        warnings.simplefilter("ignore")
        # PEFT reads a folder; it gets the values that were inspected, not what is there now.
        (Path(private) / CONFIG).write_text(json.dumps(dict(adapter.config)), encoding="utf-8")
        config = LoraConfig.from_pretrained(private)
        config.inference_mode = True
        wrapped = PeftModel(model, config, adapter_name=_NAME)
        result: Any = set_peft_model_state_dict(wrapped, wanted, adapter_name=_NAME)
    lost = [_plain(key) for key in _lost(wrapped, result.missing_keys)]
    strange = [_plain(key) for key in result.unexpected_keys]
    if lost or strange:
        what = "is missing" if lost else "has tensors for no module of this base:"
        raise AdapterRefused(f"{adapter.path.name} {what} {', '.join((lost or strange)[:3])}.")
    wrapped.eval()
    for parameter in wrapped.parameters():
        parameter.requires_grad_(False)


def _weights(adapter: AdapterFolder) -> dict[str, Tensor]:
    """Read the weights once, and load just the bytes that were hashed.

    Raises AdapterRefused when they are not those that were inspected.
    """
    from safetensors.torch import load

    data = (adapter.path / WEIGHTS).read_bytes()
    if digest_bytes(data) != adapter.weights_digest:
        raise AdapterRefused(
            f"The weights of {adapter.path.name} changed between inspection and loading.",
            "Another process is writing there; check it again from a folder that does not change.",
        )
    return load(data)


def _lost(wrapped: nn.Module, missing: list[str]) -> list[str]:
    """Parameters of the adapter that nothing was loaded into, except those tied to loaded ones."""
    named = dict(wrapped.named_parameters(remove_duplicate=False))
    absent = set(missing)
    loaded = {id(parameter) for name, parameter in named.items() if name not in absent}
    return [
        key
        for key in missing
        if (f".{_NAME}." in key or key.endswith(f".{_NAME}")) and id(named.get(key)) not in loaded
    ]


def _plain(key: str) -> str:
    return key.replace(f".{_NAME}", "")
