"""Which versions and which machine: part of the evidence, because last bits depend on them."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import sys
from contextlib import suppress
from functools import cache
from pathlib import Path

from gatekeeper import __version__
from gatekeeper.evidence import Environment

__all__ = ["describe_environment", "installed_versions", "processor"]

PACKAGES = (
    "torch",
    "transformers",
    "peft",
    "bitsandbytes",
    "lm_eval",
    "datasets",
    "safetensors",
    "tokenizers",
    "numpy",
    "scipy",
)


def installed_versions() -> dict[str, str]:
    """Versions of the packages that a score depends on, without importing them."""
    found = {}
    for name in PACKAGES:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            found[name] = "not installed"
    return found


@cache
def processor() -> str:
    """The processor model, if the system reports it: kernels, and so last bits, depend on it."""
    with suppress(OSError):
        told = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
        for line in told.splitlines():
            name, _, value = line.partition(":")
            if name.strip() == "model name":
                return value.strip()
    return platform.processor() or platform.machine()


def describe_environment() -> Environment:
    """Describe this process. Torch is asked only if it is already loaded."""
    torch = sys.modules.get("torch")
    return Environment(
        gatekeeper=__version__,
        python=platform.python_version(),
        versions=installed_versions(),
        platform=f"{platform.system()} {platform.machine()}",
        device="cuda" if torch is not None and torch.cuda.is_available() else "cpu",
        threads=torch.get_num_threads() if torch is not None else (os.cpu_count() or 1),
    )
