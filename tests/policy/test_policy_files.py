"""Policy files: errors with file and line, inheritance, schema, and the built-in ones."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest
import yaml

from gatekeeper.authoring.policy_cases import run_cases
from gatekeeper.authoring.policy_explained import explain
from gatekeeper.errors import PolicyError
from gatekeeper.policy import (
    BUILTIN_FOLDER,
    builtin_policies,
    load_policy,
    policy_from_text,
    policy_schema,
)

CASES = sorted((BUILTIN_FOLDER / "tests").glob("*.yaml"))
CASES = [path for path in CASES if "cases:" in path.read_text()]


def write(folder: Path, text: str) -> str:
    path = folder / "p.yaml"
    path.write_text(text)
    return str(path)


@pytest.mark.parametrize("name", builtin_policies())
def test_a_built_in_policy_loads_explains_itself_and_fits_its_schema(name: str) -> None:
    loaded = load_policy(name)
    assert explain(loaded.policy)
    jsonschema.validate(
        yaml.safe_load((BUILTIN_FOLDER / f"{name}.yaml").read_text()), policy_schema()
    )


def test_the_committed_schema_is_the_generated_one() -> None:
    committed = json.loads((BUILTIN_FOLDER / "schema.json").read_text())
    assert committed == policy_schema()


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_declared_cases_get_the_verdicts_that_they_expect(path: Path) -> None:
    failed = [result.case.name for result in run_cases(path) if not result.passed]
    assert failed == []


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("name: x\nforgetting:\n  suite: g\n  margns: {a: 0.1}\n  margin: 0.1\n",
         "p.yaml:4: forgetting.margns: unknown key."),
        ("name: x\nforgetting: {suite: g, margn: 0.1}\n",
         "p.yaml:2: forgetting.margn: unknown key."),
        ("Name: x\nforgetting: {suite: g, margin: 0.1}\n",
         "p.yaml:1: Name: unknown key."),
        ("extends: builtin:default\nname: x\n\nTask[0]: 3\n", "p.yaml:4: Task[0]: unknown key"),
        ("name: x\nalpha: 0.05\nalpha: 0.01\n", "p.yaml:3: alpha: duplicate key"),
        ("name: x\nalpha: yes\n", "p.yaml:2: alpha"),
        ("name: x\nforgetting: {suite: g, margin: -0.1}\n", "p.yaml:2: forgetting.margin"),
        ("name: x\ntask: {suite: t}\n", "needs a bar, a min_gain, or both"),
        ("- a\n", "must be a mapping"),
        ("name: [\n", "not valid YAML"),
        ("extends: builtin:nope\nname: x\n", "There is no built-in policy called 'nope'"),
        ("extends: p.yaml\nname: x\n", "extends itself"),
        ("extends: builtin:default\nname: x\nforgetting:\n- suite: [a]\n",
         "p.yaml:4: forgetting.0.suite"),
        ("extends: builtin:default\nname: x\nforgetting: [{suite: {a: 1}}, 3]\n",
         "p.yaml:3: forgetting.0.suite"),
        ("extends: builtin:default\nname: x\ntask: 3\n", "p.yaml:3: task"),
        ("extends: builtin:default\nname: x\nforgetting:\n- {suite: mine, margin: 0.02}\n"
         "- {suite: mine, margin: 0.2}\n", "suite mine is named twice"),
        ("extends: builtin:default\nname: x\nforgetting:\n- {suite: general, margin: 0.02}\n"
         "- {suite: general, margin: 0.2}\n", "suite general is named twice"),
        ("name: x\nescalation: {ladder: [full, {r: 8, targets: all-linear}]}\n",
         "full can only be the last rung"),
        ("a: &a [1,1,1,1,1,1,1,1,1]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\n"
         "c: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b]\nd: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c]\n"
         "e: &e [*d,*d,*d,*d,*d,*d,*d,*d,*d]\nf: [*e,*e,*e,*e,*e,*e,*e,*e,*e]\n",
         "too deep or too large"),
    ],
)  # fmt: skip
def test_a_wrong_policy_is_refused_with_the_place(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(PolicyError) as refusal:
        load_policy(write(tmp_path, text))
    assert message in refusal.value.message


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("name: x\nforgetting: {suite: g, margns: {a: 0.1}, margin: 0.1}\n", "margins"),
        ("name: x\nforgetting: {suite: g, margn: 0.1}\n", "margin"),
        ("Name: x\nforgetting: {suite: g, margin: 0.1}\n", "name"),
    ],
)
def test_a_misspelt_key_is_answered_with_the_key_that_was_meant(
    tmp_path: Path, text: str, meant: str
) -> None:
    with pytest.raises(PolicyError) as refusal:
        load_policy(write(tmp_path, text))
    assert refusal.value.hint == f"Did you mean {meant}? Fix or remove it."
    assert refusal.value.hint


def test_a_child_changes_only_what_it_says(tmp_path: Path) -> None:
    child = load_policy(
        write(
            tmp_path,
            "extends: builtin:strict\nname: mine\nforgetting: {margins: {arithmetic: 0.01}}\n",
        )
    )
    parent = load_policy("strict").policy
    rule = child.policy.forgetting[0]
    assert rule.margins == {"arithmetic": 0.01}
    assert rule.margin == parent.forgetting[0].margin
    assert child.policy.alpha == parent.alpha
    assert child.line("forgetting", 0, "margins", "arithmetic") == 3
    assert child.line("alpha") is None


def test_each_rule_of_a_child_has_the_line_on_which_it_stands(tmp_path: Path) -> None:
    child = load_policy(
        write(
            tmp_path,
            "extends: builtin:default\nname: x\ntask: {suite: t, bar: 0.8}\nforgetting:\n"
            "- {suite: mine, margin: 0.03}\n- {suite: general, margin: 0.05}\n",
        )
    )
    lines = {
        rule.suite: child.line("forgetting", index, "margin")
        for index, rule in enumerate(child.policy.forgetting)
    }
    assert lines == {"mine": 5, "general": 6}
    assert child.line("task", 0, "bar") == 3


def test_a_rule_of_the_parent_has_no_line_in_the_child(tmp_path: Path) -> None:
    child = load_policy(
        write(
            tmp_path, "extends: builtin:default\nname: x\nforgetting: {suite: mine, margin: 0.03}\n"
        )
    )
    lines = {
        rule.suite: child.line("forgetting", index, "margin")
        for index, rule in enumerate(child.policy.forgetting)
    }
    assert lines == {"mine": 3, "general": None}


def test_what_the_registry_keeps_is_the_same_policy() -> None:
    loaded = load_policy("strict")
    assert policy_from_text(loaded.text).policy == loaded.policy
    assert policy_from_text(loaded.text).policy.digest == loaded.policy.digest
