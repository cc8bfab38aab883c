"""TrackRun: one line in a training script, and every adapter knows where it comes from.

A callback for transformers' Trainer and everything built on it (TRL's trainers too). It writes
run.yaml and trainer_state.json next to the adapter, and run.yaml into every checkpoint. It changes
nothing about the training. It imports transformers where that is installed, so only training
programs import it.
"""

from __future__ import annotations

import logging
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Literal

from gatekeeper import __version__
from gatekeeper.digests import digest_file
from gatekeeper.errors import GateError, TrainingDataError
from gatekeeper.evidence import RunManifest
from gatekeeper.training.checkpoint_folder import checkpoint_name
from gatekeeper.training.run_manifest import manifest_path, write_manifest

try:
    from transformers import TrainerCallback
except ModuleNotFoundError as problem:
    # Without transformers there is no trainer either, but a script may still import this.
    if problem.name != "transformers":
        raise
    TrainerCallback = object

__all__ = ["TrackRun"]

_PACKAGES = ("torch", "transformers", "peft", "trl", "bitsandbytes")
_log = logging.getLogger(__name__)


class TrackRun(TrainerCallback):  # type: ignore[misc]
    """Write the run manifest and the training curve next to the adapter.

    `trainer.add_callback(TrackRun(dataset="data/train.jsonl"))` is all it needs: base, adapter
    shape, learning rate, seed and split sizes are read from the trainer. `dataset` and
    `validation_dataset` are the files that the rows came from; without them the check cannot look
    for contradictions and contamination. `base` names the base when the model does not
    (default: the path or hub id that the model was loaded from). `folder` is where the adapter
    will be saved (default: the trainer's output_dir). Raises TrainingDataError at construction
    when a named file is missing.
    """

    def __init__(
        self,
        *,
        dataset: str | Path | None = None,
        validation_dataset: str | Path | None = None,
        base: str | None = None,
        name: str | None = None,
        folder: str | Path | None = None,
        parent: str | None = None,
        escalated_from: str | None = None,
    ) -> None:
        for file in (dataset, validation_dataset):
            if file is not None and not Path(file).is_file():
                raise TrainingDataError(
                    f"TrackRun: {file} is not a file.",
                    "Give the file that the training rows were read from.",
                )
        self._dataset = dataset
        self._validation = validation_dataset
        self._base = base
        self._name = name
        self._folder = None if folder is None else Path(folder)
        self._links = {"parent": parent, "escalated_from": escalated_from}
        self._manifest: RunManifest | None = None

    def on_train_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Note everything that is known before the first step."""
        if not state.is_world_process_zero:
            return
        folder = self._place(args)
        model = kwargs.get("model")
        base = self._base or _loaded_from(model)
        self._manifest = RunManifest(
            name=self._name or folder.name,
            method=_method(model),
            base=base,
            base_digest=_base_digest(base),
            dataset=None if self._dataset is None else manifest_path(self._dataset, folder),
            dataset_digest=None if self._dataset is None else digest_file(Path(self._dataset)),
            validation_dataset=(
                None if self._validation is None else manifest_path(self._validation, folder)
            ),
            adapter=_shape(model),
            epochs=float(args.num_train_epochs) if args.max_steps <= 0 else None,
            learning_rate=float(args.learning_rate),
            batch_size=int(args.train_batch_size)
            * int(args.gradient_accumulation_steps)
            * int(args.world_size),
            early_stopping=bool(args.load_best_model_at_end),
            seed=int(args.seed),
            versions=_versions(),
            **self._links,
        )

    def on_save(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Leave a manifest in the checkpoint, so that it can be checked by itself."""
        checkpoint = Path(args.output_dir) / checkpoint_name(state.global_step)
        if self._manifest is not None and state.is_world_process_zero and checkpoint.is_dir():
            write_manifest(self._located(self._finished(state, kwargs), checkpoint), checkpoint)

    def on_train_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Write run.yaml and trainer_state.json next to the adapter."""
        if self._manifest is None or not state.is_world_process_zero:
            return
        folder = self._place(args)
        write_manifest(self._finished(state, kwargs), folder)
        state.save_to_json(str(folder / "trainer_state.json"))

    def _place(self, args: Any) -> Path:
        return self._folder or Path(args.output_dir)

    def _finished(self, state: Any, kwargs: dict[str, Any]) -> RunManifest:
        assert self._manifest is not None
        done = None if state.epoch is None else round(float(state.epoch), 4)
        # The trainer makes its evaluation loader at the first evaluation, not before.
        return self._manifest.model_copy(
            update={"epochs": done or self._manifest.epochs, "splits": _splits(kwargs)}
        )

    def _located(self, manifest: RunManifest, folder: Path) -> RunManifest:
        paths = {"dataset": self._dataset, "validation_dataset": self._validation}
        return manifest.model_copy(
            update={k: manifest_path(v, folder) for k, v in paths.items() if v is not None}
        )


def _loaded_from(model: Any) -> str:
    for config in getattr(model, "peft_config", {}).values():
        if config.base_model_name_or_path:
            return str(config.base_model_name_or_path)
    return str(getattr(model, "name_or_path", "") or "unknown")


def _base_digest(base: str) -> str | None:
    from gatekeeper.base.locate import resolve_base
    from gatekeeper.base.pin import pin_base
    from gatekeeper.files.model_folder import ModelFolder

    try:
        return pin_base(ModelFolder(resolve_base(base)), base).digest
    except (GateError, OSError) as problem:  # not a reason to end a training run
        told = problem.message if isinstance(problem, GateError) else problem
        _log.warning("TrackRun: the base %r is not pinned: %s", base, told)
        return None


def _method(model: Any) -> Literal["lora", "qlora", "full", "other"]:
    configs = list(getattr(model, "peft_config", {}).values())
    if not configs:
        return "full"
    kinds = {str(getattr(c.peft_type, "value", c.peft_type)) for c in configs}
    if kinds != {"LORA"}:
        return "other"
    quantized = getattr(getattr(model, "config", None), "quantization_config", None) is not None
    return "qlora" if quantized else "lora"


def _shape(model: Any) -> dict[str, Any]:
    for config in getattr(model, "peft_config", {}).values():
        targets = config.target_modules
        shape = {
            "r": getattr(config, "r", None),
            "alpha": getattr(config, "lora_alpha", None),
            "target_modules": targets if isinstance(targets, str) else sorted(targets or ()),
            "dropout": getattr(config, "lora_dropout", None),
        }
        layers = getattr(config, "layers_to_transform", None)
        if layers is not None:
            shape["layers"] = [layers] if isinstance(layers, int) else sorted(layers)
        return {key: value for key, value in shape.items() if value is not None}
    return {}


def _splits(kwargs: dict[str, Any]) -> dict[str, int]:
    loaders = {
        "train": kwargs.get("train_dataloader"),
        "validation": kwargs.get("eval_dataloader"),
    }
    sizes = {}
    for name, loader in loaders.items():
        try:
            sizes[name] = len(loader.dataset)  # type: ignore[union-attr]
        except (AttributeError, TypeError):  # none, or a stream without a length
            continue
    return sizes


def _versions() -> dict[str, str]:
    found = {"python": platform.python_version()}
    for package in _PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found | {"gatekeeper": __version__}
