"""From settings to a request: find the base, load policy and suites, fix the draw.

The edge before `one_check.py`: everything that is looked up by name is looked up here, once.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from gatekeeper.base.locate import BaseSpec, resolve_base
from gatekeeper.base.pin import pin_base
from gatekeeper.check.request import Request, suites_of
from gatekeeper.errors import BaseError, RegistryError
from gatekeeper.evidence import (
    BasePin,
    CandidatePin,
    Evidence,
    NoiseFloor,
    Sampling,
    TrainingEvidence,
)
from gatekeeper.evidence.noise_floor import newest_floor
from gatekeeper.files.model_folder import ModelFolder
from gatekeeper.files.untrusted import parse_json
from gatekeeper.policy import load_policy
from gatekeeper.registry import Registry
from gatekeeper.settings import Settings
from gatekeeper.verdict import PastCheck

__all__ = ["base_of", "prepare"]

_HINT_LIMIT = 4 << 20


def base_of(
    settings: Settings, adapters: Sequence[Path], *, device: str | None = None
) -> tuple[ModelFolder, BasePin]:
    """Find and pin the base: from the settings, else from what the first adapter's config names.

    `device` settles the dtype "auto"; where none is given torch is loaded and asked. Raises
    BaseError when neither names one that can be found.
    """
    ref = settings.base or _hinted(adapters)
    if ref is None:
        raise BaseError(
            "No base model is named, and the adapter's config names none.",
            "Give --base, or set base in gate.yaml.",
        )
    if device is None:
        from gatekeeper.scoring.model.load_model import default_device

        device = default_device()
    spec = BaseSpec(
        ref=ref,
        revision=settings.revision,
        dtype=settings.dtype,
        quantization=settings.quantization,
    )
    folder = ModelFolder(resolve_base(spec.ref, spec.revision))
    name = Path(ref).name if Path(ref).exists() else ref
    pin = pin_base(
        folder, name, spec.dtype, spec.quantization, device=device, revision=spec.revision
    )
    return folder, pin


def prepare(
    settings: Settings,
    adapters: Sequence[Path],
    *,
    max_samples: int | None = None,
    seed: int | None = None,
    against_itself: bool = False,
    registry: Registry | None = None,
) -> Request:
    """Everything a check needs. Raises GateError for what a user can fix."""
    loaded = load_policy(settings.policy)
    suites = suites_of(loaded, settings.suites)
    folder, pin = base_of(settings, adapters)
    budget = loaded.policy.budget

    def history(candidate: CandidatePin, training: TrainingEvidence) -> tuple[PastCheck, ...]:
        from gatekeeper.suite import pin_suite

        manifest = training.manifest
        if registry is None or manifest is None or candidate.kind == "base":
            return ()
        task_suites = {rule.suite for rule in loaded.policy.task}
        pins = {s.name: pin_suite(s).digest for s in suites if s.name in task_suites}
        return registry.past_checks(pin.digest, pins, manifest.dataset_digest)

    return Request(
        candidates=tuple(adapters),
        base_folder=folder,
        base=pin,
        policy=loaded,
        suites=suites,
        sampling=Sampling(
            seed=budget.seed if seed is None else seed,
            max_samples=max_samples or budget.max_samples,
            look_every=budget.look_every,
        ),
        history=history,
        noise_floor=_noise_floor(registry, pin),
        against_itself=against_itself,
    )


def _noise_floor(registry: Registry | None, base: BasePin) -> NoiseFloor | None:
    """From the registry's A/A checks of this base; `verify` reports any damage there."""
    from gatekeeper.machine import describe_environment

    if registry is None:
        return None
    return newest_floor(_against_itself(registry, base), base, describe_environment())


def _against_itself(registry: Registry, base: BasePin) -> Iterator[Evidence]:
    """Evidence of the A/A checks of a base, newest first; each is read only when needed."""
    for check in reversed(list(registry.state().checks.values())):
        if check.candidate_kind == "base" and check.base_digest == base.digest:
            with suppress(RegistryError):
                yield registry.load_check(check.check_id).evidence


def _hinted(adapters: Sequence[Path]) -> str | None:
    """`base_model_name_or_path` of the first adapter: a hint, never an identity."""
    for folder in adapters:
        file = folder / "adapter_config.json"
        try:
            if file.stat().st_size > _HINT_LIMIT:
                return None
            content = parse_json(file.read_bytes())
        except (OSError, ValueError):
            return None
        hint = content.get("base_model_name_or_path") if isinstance(content, dict) else None
        return hint if isinstance(hint, str) and hint else None
    return None
