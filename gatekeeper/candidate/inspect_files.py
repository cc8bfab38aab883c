"""A candidate as shown by its files alone: pinned, with everything found, from unsafe to unusual.

No torch, and nothing is loaded. What is inspected should be a `snapshot`, so that what was judged
is what is loaded later.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from gatekeeper.candidate.finding_codes import FindingCode, held, refused, told
from gatekeeper.candidate.folder import (
    WEIGHTS,
    AdapterFolder,
    missing_weights,
    read_adapter,
)
from gatekeeper.candidate.inspection.adapter_config import judge_config
from gatekeeper.candidate.inspection.adapter_tensors import judge_tensors
from gatekeeper.candidate.inspection.full_checkpoint import judge_checkpoint
from gatekeeper.candidate.inspection.surroundings import judge_surroundings
from gatekeeper.evidence.evidence import BasePin, CandidatePin, Finding, Severity
from gatekeeper.files.model_folder import ModelFolder

__all__ = ["inspect_static"]


def inspect_static(
    folder: Path,
    base_pin: BasePin | None = None,
    base_folder: ModelFolder | None = None,
    manifest_base_digest: str | None = None,
    *,
    source: Path | None = None,
) -> tuple[CandidatePin, tuple[Finding, ...]]:
    """Pin a candidate and find what its files show, from unsafe to merely unusual.

    `folder` is usually a snapshot; `source` is where it came from, for its name and for the files
    next to it. Without a base the findings say what could not be determined. Raises AdapterRefused
    only when there is nothing to read at all, BaseError when the base itself is broken.
    """
    read = read_adapter(folder)
    origin = source or folder
    pin = _pin(read, origin)
    problems = tuple(
        missing_weights(origin) if p.code == FindingCode.WEIGHTS_UNREADABLE and _lost(read) else p
        for p in read.problems
    )
    findings = [*problems, *_base_identity(read, base_pin, manifest_base_digest)]
    if read.readable:
        findings += _judge(read, base_folder)
        findings += judge_surroundings(origin, base_folder)
    return pin, _ordered(findings)


def _lost(read: AdapterFolder) -> bool:
    """The snapshot has no weights: only the source can say whether a pickle is to blame."""
    return read.kind == "adapter" and not (read.path / WEIGHTS).exists()


def _judge(read: AdapterFolder, base_folder: ModelFolder | None) -> Iterator[Finding]:
    base = base_folder.tensors if base_folder else None
    base_config = base_folder.config if base_folder else None
    if read.kind == "checkpoint":
        yield from judge_checkpoint(read.config, read.tensors, base, base_config)
        return
    judged = judge_config(read.config)
    yield from judged
    if base is None:
        yield told(
            FindingCode.BASE_NOT_COMPARED,
            "Without the base, names and shapes could only be checked against each other.",
        )
    # A config that is not understood says nothing about which tensors to expect.
    if not any(finding.severity is Severity.REFUSE for finding in judged):
        yield from judge_tensors(read.config, read.tensors, base, base_config)


def _base_identity(
    read: AdapterFolder, base_pin: BasePin | None, manifest_digest: str | None
) -> Iterator[Finding]:
    if base_pin is None:
        return
    if manifest_digest is None:
        yield held(
            FindingCode.BASE_NOT_PINNED,
            "Nothing pins, by digest, the base that it was trained on; a different base of the "
            "same shape would load silently.",
            hint=f"If it was this base, write base_digest: {base_pin.digest} into the run "
            "manifest.",
        )
    elif manifest_digest != base_pin.digest:
        yield refused(
            FindingCode.WRONG_BASE,
            f"It was trained on the base {manifest_digest[:19]}, not on {base_pin.name} "
            f"({base_pin.digest[:19]}).",
            hint="Check it against the base that its run manifest names.",
        )


def _pin(read: AdapterFolder, source: Path) -> CandidatePin:
    config = read.config
    size = sum(tensor.size for tensor in read.tensors.values()) or None
    common: dict[str, Any] = {
        "kind": read.kind,
        "name": source.resolve().name,
        "source": str(source),
        "digest": read.digest,
        "parameters": size,
    }
    if read.kind == "checkpoint":
        return CandidatePin(**common)
    rank, alpha = config.get("r"), config.get("lora_alpha")
    return CandidatePin(
        **common,
        peft_type=_text(config.get("peft_type")),
        rank=rank if isinstance(rank, int) else None,
        alpha=float(alpha) if isinstance(alpha, int | float) else None,
        target_modules=_strings(config.get("target_modules")),
        modules_to_save=_strings(config.get("modules_to_save")),
        base_hint=_text(config.get("base_model_name_or_path")),
    )


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def _strings(value: Any) -> tuple[str, ...]:
    if isinstance(value, str):
        return (value,)
    return tuple(sorted(str(v) for v in value)) if isinstance(value, list) else ()


_RANKING = (Severity.REFUSE, Severity.HOLD, Severity.WARN, Severity.INFO)


def _ordered(findings: list[Finding]) -> tuple[Finding, ...]:
    """Worst first, each only once."""
    return tuple(sorted(dict.fromkeys(findings), key=lambda f: _RANKING.index(f.severity)))
