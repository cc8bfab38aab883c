"""A device that keeps a GPU's rules towards Python, and computes on the CPU.

Its tensors name another device, are made by `.to(...)` and `device=...`, and refuse to meet a CPU
tensor, or numpy, wherever a GPU's do. So a machine without a GPU can show that tensors meet where
they should. What hardware alone can show (its kernels, speed, memory) it does not show.

It changes torch for the rest of the process: use it in a process of its own, and import this
module before anything that may import torch.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch.utils._python_dispatch import TorchDispatchMode

__all__ = ["NAME", "stand_in_gpu"]

NAME = "standin"
_MAY_MIX = {"copy_", "_to_copy", "index", "index_put", "index_put_", "_index_put_impl_"}
"""Copies between devices, and indices, which a GPU takes from the CPU."""

# A tensor that wraps another cannot be made in inference mode, which forbids no more than this.
torch.inference_mode = torch.no_grad  # type: ignore[misc, assignment]


class _OnDevice(torch.Tensor):
    """A tensor whose numbers lie in `inner`, on the CPU; it says it is on the device `index`."""

    inner: torch.Tensor

    @staticmethod
    def __new__(cls, inner: torch.Tensor, index: int) -> _OnDevice:
        found = torch.Tensor._make_wrapper_subclass(
            cls,
            inner.shape,
            strides=inner.stride(),
            storage_offset=inner.storage_offset(),
            dtype=inner.dtype,
            device=torch.device(NAME, index),
        )
        found.inner = inner
        return found

    def __init__(self, inner: torch.Tensor, index: int) -> None:
        pass

    def tolist(self) -> Any:
        return self.inner.tolist()

    def numpy(self, **_: Any) -> Any:
        raise TypeError(f"can't convert a {NAME} tensor to numpy; use Tensor.cpu() first")

    __torch_function__ = torch._C._disabled_torch_function_impl

    @classmethod
    def __torch_dispatch__(cls, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        return _run(func, args, kwargs or {})


class _Device(TorchDispatchMode):
    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        return _run(func, args, kwargs or {})


def _mapped(change: Callable[[torch.Tensor], Any], value: Any) -> Any:
    """The same lists, tuples and dicts with other tensors; torch's own tree_map takes minutes."""
    if isinstance(value, torch.Tensor):
        return change(value)
    if type(value) in (list, tuple):
        return type(value)([_mapped(change, each) for each in value])
    if type(value) is dict:
        return {name: _mapped(change, each) for name, each in value.items()}
    return value


def _run(func: Any, args: Any, kwargs: dict[str, Any]) -> Any:
    """Run one operation on the tensors inside, if its tensors are on one device."""
    if func._can_decompose():
        with _Device():
            return func.decompose(*args, **kwargs)
    name = func._schema.name.partition("::")[2]
    tensors: list[torch.Tensor] = []
    _mapped(tensors.append, (args, kwargs))
    ours = [tensor for tensor in tensors if isinstance(tensor, _OnDevice)]
    if name == "_fused_sdp_choice" and ours:
        return 0  # attention from plain products: the CPU's fused kernel would see the wrong device
    strangers = [tensor for tensor in tensors if not isinstance(tensor, _OnDevice) and tensor.dim()]
    several = len({tensor.device.index for tensor in ours}) > 1
    if (ours and strangers and name not in _MAY_MIX) or (several and name != "copy_"):
        raise RuntimeError(f"Expected all tensors to be on the same device: aten::{name}")
    wanted = kwargs.get("device")
    if wanted is not None:
        device = torch.device(wanted)
        place = (device.index or 0) if device.type == NAME else None
    else:
        place = ours[0].device.index if ours else None
    if wanted is not None:
        kwargs = {**kwargs, "device": torch.device("cpu")}
    args, kwargs = _mapped(lambda x: x.inner if isinstance(x, _OnDevice) else x, (args, kwargs))
    if name == "histc":  # a GPU counts whole numbers too
        result = func(args[0].float(), *args[1:], **kwargs).to(args[0].dtype)
    else:
        result = func(*args, **kwargs)
    if func._schema.is_mutable:
        known = {id(tensor.inner): tensor for tensor in ours}
        return _mapped(lambda x: known.get(id(x), x), result)
    if place is None:
        return result
    return _mapped(lambda x: _OnDevice(x, place), result)


def stand_in_gpu() -> TorchDispatchMode:
    """For the length of this context there is one device more."""
    from torch.utils import backend_registration

    class Backend(backend_registration._DummyBackendModule):
        """What `torch.cuda` is for a GPU; there are two."""

        def device_count(self) -> int:
            return 2

        def get_amp_supported_dtype(self) -> list[torch.dtype]:
            return [torch.bfloat16]

        def get_rng_state(self, device: Any = None) -> torch.Tensor:
            return torch.get_rng_state()

        def set_rng_state(self, state: torch.Tensor, device: Any = None) -> None:
            pass

    backend_registration._setup_privateuseone_for_python_backend(NAME, backend_module=Backend())
    torch._C._set_only_lift_cpu_tensors(True)  # torch.tensor(..., device=) makes, then moves
    return _Device()
