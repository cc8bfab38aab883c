"""`gate check` from folder to verdict, on adapters that were really trained."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml
from cast import copy_with, save_checkpoint
from jsonschema import validate
from trained import World

from gatekeeper.cli import main
from gatekeeper.registry import Registry
from gatekeeper.scoring.forwards.packing import Packing
from gatekeeper.scoring.forwards.packing_selftest import SelfTest


def gate(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> tuple[int, str, str]:
    capsys.readouterr()
    with pytest.raises(SystemExit) as leaving:
        main(arguments)
    told = capsys.readouterr()
    return int(leaving.value.code or 0), told.out, told.err


def checked(
    adapter: Path, capsys: pytest.CaptureFixture[str], *more: str
) -> tuple[int, dict[str, Any]]:
    code, out, err = gate(["check", str(adapter), "--json", "-", *more], capsys)
    assert "Traceback" not in err
    return code, json.loads(out)


def codes(report: dict[str, Any]) -> set[str]:
    return {reason["code"] for reason in report["reasons"]}


def rules(report: dict[str, Any]) -> list[dict[str, Any]]:
    return [*report["task"], *report["forgetting"]]


def test_an_adapter_that_learned_and_kept_is_promoted_without_any_flag(
    world: World, place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, report = checked(world.careful, capsys)
    assert (code, report["verdict"]) == (0, "promote"), report["reasons"]
    outcomes = {rule["rule"]: rule["outcome"] for rule in rules(report)}
    assert set(outcomes.values()) == {"pass"}
    assert set(outcomes) == {
        "task.rot.bar", "task.rot.min-gain", "forgetting.skills.next", "forgetting.skills.caps",
    }  # fmt: skip


def test_an_adapter_that_learned_and_forgot_is_held(
    world: World, place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, report = checked(world.careless, capsys)
    assert (code, report["verdict"]) == (10, "hold")
    assert "forgot" in codes(report)
    assert report["next"]["action"] in ("reduce-forgetting", "use-checkpoint", "rescale")


def test_with_json_on_stdout_everything_else_goes_to_stderr_and_the_schema_holds(
    world: World, place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, err = gate(["check", str(world.careful), "--json", "-"], capsys)
    assert code == 0
    schema = json.loads(gate(["schema", "report"], capsys)[1])
    validate(json.loads(out), schema)
    assert "promote" in err


def test_markdown_on_stdout_is_all_that_is_there(
    world: World, place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, err = gate(["check", str(world.careful), "--md", "-"], capsys)
    assert code == 0
    assert out.startswith("<!-- gatekeeper:careful -->")
    assert "verdict:" in err
    assert "verdict:" not in out
    assert not (place / "-").exists()


def test_every_report_format_is_written_and_the_check_is_in_the_registry(
    world: World, place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, report = checked(
        world.careful, capsys, "--html", "r.html", "--md", "r.md", "--junit", "r.xml"
    )
    assert code == 0
    for name in ("r.html", "r.md", "r.xml"):
        assert (place / name).stat().st_size > 500
    state = Registry.open(place / ".gate").state()
    assert list(state.checks) == [report["check"]]


def test_the_same_check_again_scores_nothing_and_says_the_same(
    world: World, place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _, first = checked(world.careful, capsys)
    _, again = checked(world.careful, capsys)
    assert again["cost"]["samples_scored"] == 0
    assert rules(again) == rules(first)
    assert again["verdict"] == first["verdict"]


def test_what_will_be_a_hold_in_any_case_is_said_before_the_time_is_spent(
    world: World, place: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    adapter = tmp_path / "bare"
    shutil.copytree(world.careful, adapter)
    (adapter / "run.yaml").unlink()
    policy = yaml.safe_load(world.policy.read_text())
    asked = policy | {"task": [], "contamination": {"require": True}}
    (tmp_path / "bare.yaml").write_text(yaml.safe_dump(asked))
    code, out, err = gate(
        ["check", str(adapter), "--policy", str(tmp_path / "bare.yaml"), "--json", "-"], capsys
    )
    assert code == 10
    before, _, _ = err.partition("proving that the adapter switches on")
    assert "names no task suite" in before
    assert "training data is not available" in before
    assert json.loads(out)["verdict"] == "hold"


@pytest.mark.parametrize("seed", ["1", "2", "3"])
def test_another_draw_of_the_samples_gives_the_same_verdicts(
    world: World, place: Path, capsys: pytest.CaptureFixture[str], seed: str
) -> None:
    assert checked(world.careful, capsys, "--seed", seed)[0] == 0
    assert checked(world.careless, capsys, "--seed", seed)[0] == 10


def test_promote_serves_at_once_and_rollback_proves_the_base(
    world: World, place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, _ = gate(["check", str(world.careful), "--promote", "-q"], capsys)
    assert code == 0
    assert "production now serves careful" in out
    store = Registry.open(place / ".gate")
    assert not store.state().channel("production").serving.is_base
    code, out, _ = gate(["rollback", "--prove"], capsys)
    assert code == 0, out
    assert "bit for bit" in out
    assert Registry.open(place / ".gate").state().channel("production").serving.is_base


def test_promote_does_nothing_for_an_adapter_that_is_held(
    world: World, place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, _, _ = gate(["check", str(world.careless), "--promote"], capsys)
    assert code == 10
    assert Registry.open(place / ".gate").state().channel("production").serving.is_base
    code, _, err = gate(["promote", "careless"], capsys)
    assert code != 0
    assert "--force" in err


def test_several_candidates_share_one_load_and_each_gets_its_verdict(
    world: World, place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, _ = gate(["check", str(world.careful), str(world.careless), "--json", "-"], capsys)
    assert code == 10
    assert [r["verdict"] for r in json.loads(out)] == ["promote", "hold"]


def test_exit_codes_can_be_softened(
    world: World, place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert gate(["check", str(world.careless), "-q", "--exit-zero"], capsys)[0] == 0
    assert gate(["check", str(world.careless), "-q", "--fail-on", "escalate"], capsys)[0] == 0
    assert gate(["check", str(world.careless), "-q", "--fail-on", "hold"], capsys)[0] == 10


def test_too_few_samples_are_a_hold_that_names_the_command_for_more(
    world: World, place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, report = checked(world.careful, capsys, "--max-samples", "20")
    assert (code, report["verdict"]) == (10, "hold")
    assert "inconclusive" in codes(report)
    assert "--max-samples" in report["next"]["command"]


def test_the_base_against_itself_is_never_promoted_and_never_fails(
    world: World, place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, _ = gate(["check", "--aa", "--json", "-"], capsys)
    report = json.loads(out)
    assert code == 10
    forgetting = report["forgetting"]
    assert {r["outcome"] for r in forgetting} == {"pass"}
    assert all(r["flips"] == {"lost": 0, "gained": 0} for r in forgetting)


def test_a_report_holds_the_flips_against_the_noise_that_an_aa_check_measured(
    world: World, place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _, before = checked(world.careless, capsys, "--md", "before.md")
    assert before["noise_floor"] is None
    assert "not been measured: run gate check --aa" in (place / "before.md").read_text()
    _, out, _ = gate(["check", "--aa", "--json", "-"], capsys)
    noise = json.loads(out)
    assert noise["noise_floor"] is None, "it is the noise"
    _, after = checked(world.careless, capsys, "--md", "after.md", "--html", "after.html")
    floor = after["noise_floor"]
    assert floor["check"] == noise["check"]
    assert (floor["flips"], floor["samples"] > 100) == (0, True)
    said = f"Through noise alone, 0 of {floor['samples']}"
    assert said in (place / "after.md").read_text()
    assert said in (place / "after.html").read_text()
    _, other = checked(world.careless, capsys, "--dtype", "bfloat16")
    assert other["noise_floor"] is None, "the noise of another dtype says nothing"


def test_a_base_that_cannot_be_packed_is_checked_all_the_same_and_the_report_says_so(
    world: World, place: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    _, packed = checked(world.careful, capsys)
    monkeypatch.setenv("GATE_CACHE", str(place / "cache"))
    fault = SelfTest(Packing.BATCHED, "its masks differ", pads=True)
    monkeypatch.setattr("gatekeeper.scoring.packing_choice.self_test", lambda *_: fault)
    code, report = checked(world.careful, capsys, "--html", "r.html")
    assert (code, report["verdict"]) == (0, "promote")
    said = "The base is scored in plain batches, which is slower: its masks differ."
    assert (packed["scoring_notes"], report["scoring_notes"]) == ([], [said])
    assert said in (place / "r.html").read_text()
    assert [r["delta"] for r in rules(report)] == [r["delta"] for r in rules(packed)]


def test_on_fail_stop_ends_a_check_at_the_first_loss_before_the_task_is_settled(
    world: World, place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    policy = yaml.safe_load(world.policy.read_text())
    policy["task"]["bar"] = 0.99  # near what it scores: takes many samples to settle
    budget = policy.setdefault("budget", {})
    budget["look_every"] = 10
    (place / "complete.yaml").write_text(yaml.safe_dump(policy))
    budget["on_fail"] = "stop"
    (place / "stop.yaml").write_text(yaml.safe_dump(policy))
    whole, first = (
        checked(world.careless, capsys, "--policy", f"{name}.yaml")[1]
        for name in ("complete", "stop")
    )
    assert whole["verdict"] == first["verdict"] == "hold"
    assert "forgot" in codes(first)
    [lost, *_] = [rule for rule in first["forgetting"] if rule["outcome"] == "fail"]
    assert all(rule["n"] <= lost["n"] for rule in rules(first)), "looks were taken in turn"
    used = [sum(rule["n"] for rule in rules(report)) for report in (first, whole)]
    assert used[0] < used[1] / 2


def test_a_folder_that_cannot_be_read_is_to_be_mended_not_to_be_pinned(
    world: World, place: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    junk = tmp_path / "junk"
    junk.mkdir()
    (junk / "adapter_config.json").write_text("hi")
    code, report = checked(junk, capsys)
    assert (code, report["verdict"]) == (30, "refused")
    assert report["next"]["action"] == "fix-adapter"
    assert "adapter_config.json cannot be read" in report["next"]["text"]


def test_an_adapter_without_a_manifest_is_held_for_its_pins(
    world: World, place: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bare = tmp_path / "bare"
    bare.mkdir()
    for name in ("adapter_config.json", "adapter_model.safetensors"):
        shutil.copy(world.careful / name, bare)
    code, report = checked(bare, capsys)
    assert (code, report["next"]["action"]) == (10, "pin")
    assert {"pin-missing", "base-not-pinned"} <= codes(report)


def test_training_rows_that_stand_in_the_suite_refuse_the_check_before_it_scores(
    world: World, place: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from gatekeeper.digests import digest_file
    from gatekeeper.training.run_manifest import read_manifest, write_manifest

    folder = tmp_path / "seen"
    shutil.copytree(world.careful, folder)
    data = folder / "train.jsonl"
    doc = json.loads((world.suites / "rot" / "rot.jsonl").read_text().splitlines()[7])
    row = {"prompt": doc["question"], "completion": doc["choices"][doc["gold"]]}
    data.write_text(world.data.read_text() + json.dumps(row) + "\n")
    manifest = read_manifest(folder / "run.yaml").model_copy(
        update={"dataset": "train.jsonl", "dataset_digest": digest_file(data)}
    )
    write_manifest(manifest, folder)
    code, report = checked(folder, capsys)
    assert (code, report["verdict"]) == (30, "refused")
    assert "contaminated" in codes(report)
    assert report["cost"]["samples_scored"] == 0


def test_a_lost_tensor_is_refused_by_name_and_recorded(
    world: World, place: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def lose(tensors: dict[str, Any]) -> None:
        del tensors[sorted(tensors)[0]]

    torn = copy_with(world.careful, tmp_path / "torn", tensors=lose)
    code, report = checked(torn, capsys)
    assert code == 30
    assert "lora_A" in report["reasons"][0]["text"]
    assert Registry.open(place / ".gate").state().checks


def test_one_bad_adapter_among_several_does_not_take_the_others_along(
    world: World, place: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def spoil(tensors: dict[str, Any]) -> None:
        tensors[sorted(tensors)[0]].flat[0] = float("nan")

    spoilt = copy_with(world.careful, tmp_path / "spoilt", tensors=spoil)
    code, out, _ = gate(["check", str(spoilt), str(world.careful), "--json", "-"], capsys)
    assert code == 30
    assert [r["verdict"] for r in json.loads(out)] == ["refused", "promote"]


def test_a_no_op_is_held_without_scoring(
    world: World, place: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def never_trained(tensors: dict[str, Any]) -> None:
        for name, tensor in tensors.items():
            if "lora_B" in name:
                tensor[:] = 0

    idle = copy_with(world.careful, tmp_path / "idle", tensors=never_trained)
    code, report = checked(idle, capsys)
    assert (code, report["verdict"]) == (10, "hold")
    assert "no-effect" in codes(report)
    assert report["cost"]["samples_scored"] == 0


@pytest.mark.parametrize("more", [["--dtype", "bfloat16"], ["--quantization", "nf4"]])
def test_other_formats_of_the_base_are_scored_and_detached_bit_for_bit(
    world: World, place: Path, capsys: pytest.CaptureFixture[str], more: list[str]
) -> None:
    code, report = checked(world.careful, capsys, *more)
    assert code in (0, 10)
    # Four bits cost a model of this size some of the task, but the gain is plain.
    assert {r["outcome"] for r in report["task"] if r["kind"] == "min-gain"} == {"pass"}
    assert report["proofs"]["detach_identical"] is True


def test_a_full_checkpoint_is_checked_and_its_rollback_is_the_channels_move(
    world: World, place: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    whole = save_checkpoint(world.base, tmp_path / "whole", strength=0.001)
    shutil.copy(world.careful / "run.yaml", whole)
    code, report = checked(whole, capsys)
    assert (code, report["verdict"]) == (10, "hold")
    assert {"below-bar", "gain-too-small"} & codes(report)
    kept = report["forgetting"]
    assert {r["outcome"] for r in kept} == {"pass"}
    assert any(f["code"] == "checkpoint-not-detachable" for f in report["findings"])


def test_in_a_folder_made_by_init_no_flag_is_needed_and_the_adapters_config_names_the_base(
    world: World,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert gate(["init", "--task", "rot"], capsys)[0] == 0
    shutil.copytree(world.suites, tmp_path / "suites", dirs_exist_ok=True)
    shutil.copy(world.policy, tmp_path / "policies" / "gate.yaml")
    shutil.copytree(world.careful, tmp_path / "my-adapter")
    manifest = tmp_path / "my-adapter" / "run.yaml"
    named = manifest.read_text().replace("../data/train.jsonl", str(world.data))
    manifest.write_text(named)
    code, out, err = gate(["check", "./my-adapter"], capsys)
    assert code == 0, out + err
    assert (
        str(world.base)
        in json.loads((tmp_path / "my-adapter" / "adapter_config.json").read_text())[
            "base_model_name_or_path"
        ]
    )
