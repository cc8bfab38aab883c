"""`gate doctor`: is this machine ready?"""

from __future__ import annotations

import os
import platform
from pathlib import Path

import click

from gatekeeper.cli.consoles import say
from gatekeeper.cli.shared_options import config_option, settings_from


@click.command("doctor")
@config_option
@click.option("--fast", is_flag=True, help="Do not load torch or try nf4.")
def command(config: Path | None, fast: bool) -> None:
    """Show what this machine can do: versions, device, cache, hub, nf4."""
    from gatekeeper import __version__
    from gatekeeper.base.embedded import embedded_base
    from gatekeeper.errors import GateError, MissingExtra
    from gatekeeper.extras import require
    from gatekeeper.files.cache_folder import cache_folder
    from gatekeeper.machine import installed_versions

    say(f"gatekeeper   {__version__}, Python {platform.python_version()}")
    for name, version in installed_versions().items():
        say(f"  {name:<14} {version}")
    settings = settings_from(config)
    say(f"settings     {settings.file or 'no gate.yaml found; built-in defaults'}")
    for key, origin in settings.origin.items():
        say(f"  {key:<14} {getattr(settings, key)}  ({origin})")
    cache = cache_folder()
    free = _free_gigabytes(cache)
    say(f"cache        {cache} ({free:.0f} GB free)")
    offline = os.environ.get("HF_HUB_OFFLINE", "").lower() in ("1", "true", "yes", "on")
    say(f"hub          {'offline (HF_HUB_OFFLINE is set)' if offline else 'used when needed'}")
    try:
        say(f"embedded     {embedded_base()}")
    except GateError as problem:
        say(f"embedded     not available: {problem.message}")
    try:
        require("score", "`gate check`")
    except MissingExtra as problem:
        say(f"scoring      {problem.message} {problem.hint}")
        return
    if not fast:
        say(f"device       {_device()}")
        say(f"nf4          {_nf4()}")


def _free_gigabytes(folder: Path) -> float:
    import shutil

    while not folder.exists():
        folder = folder.parent
    return shutil.disk_usage(folder).free / 1e9


def _device() -> str:
    import torch

    if torch.cuda.is_available():
        name = torch.cuda.get_device_name()
        return f"cuda: {name}, bfloat16 {'yes' if torch.cuda.is_bf16_supported() else 'no'}"
    return f"cpu, {torch.get_num_threads()} threads"


def _nf4() -> str:
    """Pack and unpack one small matrix, as a real answer instead of a version check."""
    import torch

    try:
        import bitsandbytes.functional as bnb

        matrix = torch.randn(64, 64)
        if torch.cuda.is_available():
            matrix = matrix.cuda()
        packed, state = bnb.quantize_4bit(matrix, quant_type="nf4")
        back = bnb.dequantize_4bit(packed, state)
    except Exception as problem:  # any failure of a compiled library is an answer here
        return f"does not work here ({type(problem).__name__}: {problem})"
    error = (back - matrix).abs().mean().item()
    return f"works (mean error of a 64x64 normal matrix: {error:.3f})"
