"""Configs from strangers: refused before PEFT sees them, or told for what they are."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest
from cast import copy_with, save_adapter
from hypothesis import given
from hypothesis import strategies as st

from gatekeeper.candidate.finding_codes import FindingCode
from gatekeeper.candidate.inspect_files import inspect_static
from gatekeeper.candidate.inspection.adapter_config import judge_config
from gatekeeper.candidate.inspection.config_fields import FIELDS
from gatekeeper.candidate.inspection.module_patterns import is_safe_pattern, matches_target
from gatekeeper.evidence import BasePin, Finding, Severity
from gatekeeper.files.model_folder import ModelFolder

SOUND: dict[str, Any] = {
    "peft_type": "LORA",
    "r": 8,
    "lora_alpha": 16,
    "target_modules": ["q_proj"],
}


def judged(**changes: Any) -> dict[str, Finding]:
    return {finding.code: finding for finding in judge_config(SOUND | changes)}


def test_the_table_of_fields_is_loraconfig_of_the_installed_peft() -> None:
    from peft import LoraConfig

    assert set(FIELDS) == {field.name for field in dataclasses.fields(LoraConfig)}


def test_a_plain_config_is_silent() -> None:
    assert judged() == {}


def test_a_field_that_a_later_peft_saved_switched_off_says_nothing() -> None:
    assert judged(use_telepathy=False, telepathy_config=None, telepaths=[]) == {}


def test_experts_are_refused_with_what_to_train_instead() -> None:
    finding = judged(target_parameters=["experts.down_proj"])["unsupported-feature"]
    assert "q_proj" in (finding.hint or "")


def test_an_unknown_field_is_refused_since_a_newer_peft_may_give_it_meaning() -> None:
    finding = judged(use_telepathy=True)["unknown-config-field"]
    assert finding.severity is Severity.REFUSE
    assert finding.names == ("use_telepathy",)


@pytest.mark.parametrize("kind", ["IA3", "PROMPT_TUNING", "NEWEST_THING", None, 7])
def test_an_unknown_peft_type_is_refused_saying_which_is_supported(kind: object) -> None:
    finding = judged(peft_type=kind)["unsupported-peft-type"]
    assert finding.severity is Severity.REFUSE
    assert "LORA" in finding.text


@pytest.mark.parametrize(
    "changes",
    [
        {"r": 0},
        {"r": -4},
        {"r": True},
        {"r": "8"},
        {"r": 10**9},
        {"lora_alpha": None},
        {"lora_alpha": "big"},
        {"target_modules": 5},
        {"target_modules": None},
        {"target_modules": [1, 2]},
        {"rank_pattern": {"q_proj": 0}},
        {"alpha_pattern": {"q_proj": "x"}},
        {"lora_dropout": 3},
        {"bias": "some"},
        {"layers_to_transform": [-1]},
        {"modules_to_save": "lm_head"},
    ],
    ids=str,
)
def test_a_senseless_value_is_refused(changes: dict[str, Any]) -> None:
    assert judged(**changes)["bad-config-value"].severity is Severity.REFUSE


def test_layer_replication_is_refused_as_not_detachable() -> None:
    finding = judged(layer_replication=[[0, 2], [1, 2]])["not-detachable"]
    assert finding.severity is Severity.REFUSE


@pytest.mark.parametrize("start", ["pissa", "pissa_niter_16", "olora", "corda", "loftq", "lora_ga"])
def test_an_initialisation_that_changes_the_base_must_be_converted(start: str) -> None:
    finding = judged(init_lora_weights=start)["base-mutating-init"]
    assert finding.severity is Severity.REFUSE
    assert "path_initial_model_for_weight_conversion" in (finding.hint or "")


def test_a_converted_pissa_adapter_is_a_plain_one(tiny_base: Path, tmp_path: Path) -> None:
    import torch
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM

    model = AutoModelForCausalLM.from_pretrained(tiny_base, dtype=torch.float32)
    wrapped = get_peft_model(
        model, LoraConfig(r=4, target_modules=["q_proj"], init_lora_weights="pissa")
    )
    wrapped.peft_config["default"].init_lora_weights = True
    wrapped.save_pretrained(tmp_path / "start")
    wrapped.peft_config["default"].init_lora_weights = "pissa"
    for parameter in wrapped.parameters():
        if parameter.requires_grad:
            parameter.data += 0.01 * torch.randn_like(parameter)
    wrapped.save_pretrained(tmp_path / "raw")
    wrapped.save_pretrained(
        tmp_path / "plain", path_initial_model_for_weight_conversion=str(tmp_path / "start")
    )
    raw = {f.code for f in inspect_static(tmp_path / "raw", base_folder=ModelFolder(tiny_base))[1]}
    plain = inspect_static(tmp_path / "plain", base_folder=ModelFolder(tiny_base))[1]
    assert "base-mutating-init" in raw
    assert not [f for f in plain if f.severity is Severity.REFUSE]


@pytest.mark.parametrize(
    "changes",
    [
        {"auto_mapping": {"base_model_class": "Model", "parent_library": "evil.module"}},
        {"auto_mapping": {"base_model_class": "__import__('os')", "parent_library": "peft"}},
        {"auto_mapping": {"parent_library": "transformersx", "base_model_class": "Llama"}},
        {"megatron_core": "os"},
    ],
    ids=str,
)
def test_code_that_the_config_names_is_refused(changes: dict[str, Any]) -> None:
    assert judged(**changes)["remote-code"].severity is Severity.REFUSE


def test_the_mapping_that_peft_itself_writes_is_harmless(tiny_base: Path, tmp_path: Path) -> None:
    adapter = save_adapter(tiny_base, tmp_path / "a", task_type=None)
    assert json.loads((adapter / "adapter_config.json").read_text())["auto_mapping"]
    assert not inspect_static(adapter, base_folder=ModelFolder(tiny_base))[1]


@pytest.mark.parametrize(
    "mapping",
    [
        {"base_model_class": "Qwen2ForCausalLM", "unsloth_fixed": True},
        {
            "base_model_class": "Gemma3ForConditionalGeneration",
            "parent_library": "transformers.models.gemma3.modeling_gemma3",
            "unsloth_fixed": True,
        },
        {"base_model_class": None, "parent_library": None},
    ],
)
def test_marks_that_trainers_leave_in_the_mapping_import_nothing(mapping: dict[str, Any]) -> None:
    assert judged(auto_mapping=mapping) == {}


@pytest.mark.parametrize(
    "pattern",
    [
        # What Unsloth writes for text and image models, and what ms-swift writes for them.
        r"(?:.*?(?:language|text).*?(?:self_attn|attention|attn|mlp|dense).*?(?:k_proj|v_proj).*?)"
        r"|(?:\bmodel\.layers\.[\d]{1,}\.(?:self_attn|attn|mlp)\.(?:(?:k_proj|v_proj|q_proj)))",
        r"^(model.language_model(?=\.).*\.(q_proj|v_proj))$",
        r"^(?!.*visual).*(?:q_proj|v_proj)$",
    ],
)
def test_patterns_that_trainers_write_are_no_danger(pattern: str) -> None:
    assert judged(target_modules=pattern) == {}


@pytest.mark.parametrize(
    "key", ["arrow_config", "target_parameters", "alora_invocation_tokens", "megatron_config"]
)
def test_what_depends_on_more_than_adapter_and_base_is_refused(key: str) -> None:
    value: Any = [1] if key == "alora_invocation_tokens" else ["x"]
    assert judged(**{key: value})["unsupported-feature"].severity is Severity.REFUSE


def test_saved_modules_and_biases_are_warned_of() -> None:
    found = judged(modules_to_save=["lm_head"], bias="all", use_dora=True)
    assert found["modules-to-save"].severity is Severity.WARN
    assert "unload()" in found["modules-to-save"].text
    assert found["trained-bias"].severity is Severity.WARN
    assert found["variant"].severity is Severity.INFO


def test_an_extreme_alpha_is_scored_but_told() -> None:
    assert judged(lora_alpha=1_000_000)["extreme-scale"].severity is Severity.WARN


@pytest.mark.parametrize(
    "pattern",
    [
        *("(a+)+$", "(.*)*x", "(a|b*)+", "(a|ab)+", "(?=(a+)+)a", "(.*a|b).*c.*d.*e.*f"),
        *(".{0,50}" * 6 + "b", ".?" * 28 + "b", r"(?:.|\w)" * 25 + "b", r"(x)\1", "[", "a" * 5000),
    ],
)
def test_a_pattern_that_could_take_for_ever_is_refused(pattern: str) -> None:
    assert judged(target_modules=pattern)["unsafe-pattern"].severity is Severity.REFUSE
    assert judged(rank_pattern={pattern: 4})["unsafe-pattern"].severity is Severity.REFUSE


@given(st.from_regex(r"[a-z.*+?()|{}0-9=!]{1,24}", fullmatch=True))
def test_matching_a_pattern_that_is_called_safe_comes_to_an_end(pattern: str) -> None:
    # A pattern that is not safe would keep this test for hours, not fail an assertion.
    if is_safe_pattern(pattern):
        module = "model.layers.17.self_attn." + "a" * 40 + "!"
        matches_target(module, {"target_modules": pattern})


@pytest.mark.parametrize("pattern", ["(?i)q_proj", "(?P<idx>layers)"])
def test_a_pattern_that_peft_could_not_put_into_a_larger_one_is_refused(pattern: str) -> None:
    for key, value in (("rank_pattern", {pattern: 4}), ("layers_pattern", pattern)):
        assert judged(**{key: value})["unsafe-pattern"].severity is Severity.REFUSE


def test_layers_that_a_pattern_does_not_number_are_not_meant() -> None:
    config = {
        "target_modules": ["q_proj"],
        "layers_pattern": "model|layers",
        "layers_to_transform": [1],
    }
    assert not matches_target("model.layers.1.self_attn.q_proj", config)


def test_many_patterns_are_judged_by_what_they_cost_together() -> None:
    few = {f".*a.*b.*c.*d{i}": 4 for i in range(4)}
    many = {f".*a.*b.*c.*d{i}": 4 for i in range(400)}
    assert judged(rank_pattern=few) == {}
    assert judged(rank_pattern=many)["unsafe-pattern"].severity is Severity.REFUSE


def test_thousands_of_patterns_are_refused() -> None:
    found = judged(rank_pattern={f"layer{i}": 4 for i in range(5000)})
    assert found["unsafe-pattern"].severity is Severity.REFUSE


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{",
        '{"r": NaN}',
        '{"r": 1e999}',
        '{"r": 4, "r": 8}',
        "[" * 100_000,
        '{"a": ' * 5000,
        "\x00\xff",
    ],
)
def test_a_config_that_is_no_config_is_refused(
    tiny_adapter: Path, tiny_base: Path, tmp_path: Path, text: str
) -> None:
    broken = copy_with(tiny_adapter, tmp_path / "a")
    (broken / "adapter_config.json").write_text(text)
    found = inspect_static(broken, base_folder=ModelFolder(tiny_base))[1]
    assert [f.code for f in found] == [FindingCode.CONFIG_UNREADABLE]
    assert found[0].severity is Severity.REFUSE


@given(
    st.dictionaries(
        st.sampled_from(sorted(FIELDS)),
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
            lambda inner: (
                st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3)
            ),
            max_leaves=6,
        ),
    )
)
def test_no_config_whatever_makes_judging_crash(changes: dict[str, Any]) -> None:
    for finding in judge_config(SOUND | changes):
        assert finding.text


def test_the_base_of_an_adapter_is_judged_by_digest(
    tiny_adapter: Path, tiny_base: Path, tiny_pin: BasePin
) -> None:
    def codes(manifest: str | None) -> dict[str, Severity]:
        found = inspect_static(tiny_adapter, tiny_pin, ModelFolder(tiny_base), manifest)[1]
        return {f.code: f.severity for f in found}

    assert codes(tiny_pin.digest) == {}
    assert codes(None) == {"base-not-pinned": Severity.HOLD}
    assert codes("sha256:" + "0" * 64) == {"wrong-base": Severity.REFUSE}
