"""Make the broken members of the cast from a sound adapter, one fault each.

    python make_broken.py adapters/low-capacity adapters

no-op: every lora_B is zero, as PEFT initialises it: saved, never trained.
nan: one number of one tensor is not a number.
missing-tensor: one lora_B is not in the file; PEFT only warns and serves the rest.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import Any

from gatekeeper.training.run_manifest import read_manifest, write_manifest

WEIGHTS = "adapter_model.safetensors"


def main() -> None:
    sound, cast = Path(sys.argv[1]), Path(sys.argv[2])
    for name, fault in FAULTS.items():
        broken(sound, cast / name, fault)
        print(cast / name)


def broken(sound: Path, folder: Path, fault: Any) -> None:
    """Copy a sound adapter and give its weights one fault."""
    from safetensors.torch import load_file, save_file

    folder.mkdir(parents=True, exist_ok=True)
    shutil.copy(sound / "adapter_config.json", folder)
    shutil.copy(sound / "trainer_state.json", folder)
    manifest = read_manifest(sound / "run.yaml")
    write_manifest(manifest.model_copy(update={"name": folder.name}), folder)
    tensors = load_file(sound / WEIGHTS)
    fault(tensors)
    save_file(tensors, folder / WEIGHTS, metadata={"format": "pt"})


def never_trained(tensors: dict[str, Any]) -> None:
    for name in tensors:
        if ".lora_B." in name:
            tensors[name].zero_()


def not_a_number(tensors: dict[str, Any]) -> None:
    tensors[_middle(tensors)].view(-1)[0] = float("nan")


def lost(tensors: dict[str, Any]) -> None:
    del tensors[_middle(tensors)]


def _middle(tensors: dict[str, Any]) -> str:
    names = sorted(name for name in tensors if ".lora_B." in name)
    return names[len(names) // 2]


FAULTS = {"no-op": never_trained, "nan": not_a_number, "missing-tensor": lost}

if __name__ == "__main__":
    main()
