"""Files of any content where gate reads files: typed refusals at most, and never a promotion.

40 cases of each in an ordinary run, fifty times as many in `make torture`.
"""

from __future__ import annotations

import json
import shutil
import struct
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml
from draws import draws
from hypothesis import given
from hypothesis import strategies as st
from registry_factory import NOW, adapter_folder, evidence, policy_text
from strange_logs import json_values

from gatekeeper.candidate.inspect_files import inspect_static
from gatekeeper.decision.decide import decide
from gatekeeper.digests import digest_json
from gatekeeper.errors import GateError
from gatekeeper.policy import LoadedPolicy, policy_from_text
from gatekeeper.registry import By, Registry
from gatekeeper.suite import load_suite
from gatekeeper.verdict import Decision

few = draws(40)

FIELDS = [
    "peft_type", "task_type", "r", "lora_alpha", "target_modules", "exclude_modules", "bias",
    "rank_pattern", "alpha_pattern", "modules_to_save", "layers_to_transform", "layers_pattern",
    "layer_replication", "init_lora_weights", "use_dora", "use_rslora", "auto_mapping",
    "base_model_name_or_path", "fan_in_fan_out", "lora_dropout", "megatron_config", "revision",
    "runtime_config", "target_parameters", "trainable_token_indices", "inference_mode",
    "eva_config",
]  # fmt: skip
hostile = st.sampled_from(
    [
        "../../etc/passwd", "/etc/passwd", "LORA", "all-linear", "(a+)+$", "q_proj", ".*", "\0",
        "\x1b[2J", "os.system", 10**30, -1, 0, 1e308, True, None, "", [], {}, ["q_proj"] * 40,
    ]
)  # fmt: skip
values = json_values | hostile


@contextmanager
def scratch() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp())
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


@st.composite
def torn(draw: st.DrawFn, sound: bytes) -> bytes:
    """A sound file with bytes changed, cut out, put in, or said twice."""
    data = bytearray(sound)
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, max(0, len(data) - 1)))
        how = draw(st.sampled_from(["change", "cut", "insert", "repeat", "end"]))
        if how == "change" and data:
            data[at] = draw(st.integers(0, 255))
        elif how == "cut":
            del data[at : at + draw(st.integers(1, 40))]
        elif how == "insert":
            data[at:at] = draw(st.binary(max_size=12))
        elif how == "repeat":
            data[at:at] = data[at : at + draw(st.integers(1, 60))]
        else:
            del data[at:]
    return bytes(data)


with tempfile.TemporaryDirectory() as _place:
    _sound = adapter_folder(Path(_place) / "sound")
    CONFIG = (_sound / "adapter_config.json").read_bytes()
    WEIGHTS = (_sound / "adapter_model.safetensors").read_bytes()


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Registry:
    return Registry.create(tmp_path_factory.mktemp("fuzz") / "registry")


def try_everything(registry: Registry, config: bytes, weights: bytes) -> None:
    """Inspect, decide, store and promote: typed errors only, and the channel never moves."""
    with scratch() as root:
        folder = root / "adapter"
        folder.mkdir()
        (folder / "adapter_config.json").write_bytes(config)
        (folder / "adapter_model.safetensors").write_bytes(weights)
        try:
            pin, findings = inspect_static(folder)
        except GateError:
            return
        about = evidence(pin.digest).model_copy(
            update={"candidate": pin, "findings": findings, "pairs": ()}
        )
        assert decide(about, _default()).decision is not Decision.PROMOTE
        try:
            digest = registry.store_object(folder, "adapter")
        except GateError:
            return
        assert digest == pin.digest
        with pytest.raises(GateError):
            registry.promote("production", digest, by=By("ana", NOW))
        registry.objects.remove(digest)
        assert registry.folded().sequence == 0


def _default() -> LoadedPolicy:
    return policy_from_text(policy_text())


@few
@given(st.dictionaries(st.sampled_from(FIELDS) | st.text(max_size=8), values, max_size=12))
def test_any_object_as_an_adapter_config(registry: Registry, config: dict[str, Any]) -> None:
    try_everything(registry, json.dumps(config).encode(), WEIGHTS)


@few
@given(st.dictionaries(st.sampled_from(FIELDS), values, min_size=1, max_size=4))
def test_a_sound_config_with_some_fields_changed(
    registry: Registry, changes: dict[str, Any]
) -> None:
    try_everything(registry, json.dumps(json.loads(CONFIG) | changes).encode(), WEIGHTS)


@few
@given(torn(CONFIG) | st.binary(max_size=80))
def test_a_torn_adapter_config(registry: Registry, config: bytes) -> None:
    try_everything(registry, config, WEIGHTS)


_tensor = st.fixed_dictionaries(
    {
        "dtype": st.sampled_from(["F32", "F16", "BF16", "I8", "F64", "F4", "", None, 3]),
        "shape": st.lists(st.integers(-2, 2**62) | values, max_size=3),
        "data_offsets": st.lists(st.integers(-5, 2**62), max_size=3),
    }
)
_names = st.sampled_from(
    ["__metadata__", "base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight", "../x", ""]
)


@few
@given(
    st.dictionaries(_names | st.text(max_size=6), _tensor | values, max_size=4),
    st.integers(-20, 20) | st.integers(0, 2**63),
    st.binary(max_size=64),
)
def test_any_header_of_a_safetensors_file(
    registry: Registry, header: dict[str, Any], off_by: int, data: bytes
) -> None:
    told = json.dumps(header).encode()
    length = (len(told) + off_by) % 2**64
    try_everything(registry, CONFIG, struct.pack("<Q", length) + told + data)


@few
@given(torn(WEIGHTS[: len(WEIGHTS) // 2]).map(lambda head: head + WEIGHTS[len(WEIGHTS) // 2 :]))
def test_a_torn_header_of_a_safetensors_file(registry: Registry, weights: bytes) -> None:
    try_everything(registry, CONFIG, weights)


POLICY_KEYS = [
    "name", "extends", "mode", "alpha", "task", "forgetting", "margin", "margins", "suite", "bar",
    "min_gain", "pins", "contamination", "max_overlap", "require", "escalation", "ladder", "budget",
    "max_samples", "look_every", "on_fail", "seed", "data", "max_kl", "on_no_signal", "skip",
]  # fmt: skip
policies = st.recursive(
    st.dictionaries(st.sampled_from(POLICY_KEYS), values, max_size=5),
    lambda inner: st.dictionaries(st.sampled_from(POLICY_KEYS), inner | values, max_size=5),
    max_leaves=6,
)


def no_scores_no_promotion(text: str) -> None:
    try:
        loaded = policy_from_text(text)
    except GateError:
        return
    about = evidence(digest_json("x")).model_copy(update={"pairs": ()})
    assert decide(about, loaded).decision is not Decision.PROMOTE


@few
@given(policies)
def test_any_document_as_a_policy(policy: dict[str, Any]) -> None:
    no_scores_no_promotion(yaml.safe_dump({"name": "x", **policy}))


@few
@given(torn(policy_text().encode()) | st.text(max_size=60).map(str.encode))
def test_a_torn_policy(text: bytes) -> None:
    no_scores_no_promotion(text.decode(errors="replace"))


SUITE = b"""name: mine
role: task
capabilities:
  - name: triage
    tasks:
      - {task: mine, metric: acc, chance: 0.1}
"""
_capability = st.fixed_dictionaries(
    {"name": values, "tasks": st.lists(st.fixed_dictionaries({"task": values, "metric": values}))}
)
suites = st.fixed_dictionaries(
    {"name": values, "role": st.sampled_from(["task", "forgetting"]) | values},
    optional={
        "capabilities": st.lists(_capability | values, max_size=3) | values,
        "neutral_text": values,
        "folder": values,
        "description": values,
    },
)


def load(text: bytes) -> None:
    with scratch() as root:
        (root / "mine").mkdir()
        (root / "mine" / "suite.yaml").write_bytes(text)
        try:
            load_suite("mine", [root])
        except GateError:
            return


@few
@given(suites)
def test_any_document_as_a_suite(document: dict[str, Any]) -> None:
    load(yaml.safe_dump(document).encode())


@few
@given(torn(SUITE) | st.binary(max_size=80))
def test_a_torn_suite(text: bytes) -> None:
    load(text)
