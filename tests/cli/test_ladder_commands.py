"""`gate escalate` and `gate rescale` on adapters that were really trained."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import yaml
from trained import World

from gatekeeper.candidate.folder import read_adapter
from gatekeeper.cli import main
from gatekeeper.registry import Registry
from gatekeeper.registry.events import Rescaled


def gate(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> tuple[int, str, str]:
    capsys.readouterr()
    with pytest.raises(SystemExit) as leaving:
        main(arguments)
    told = capsys.readouterr()
    return int(leaving.value.code or 0), told.out, told.err


@pytest.fixture
def careless(world: World, place: Path) -> Path:
    """A copy beside the user's files: the new adapter is written next to it."""
    folder = place / "runs" / "careless"
    shutil.copytree(world.careless, folder)
    run = yaml.safe_load((folder / "run.yaml").read_text())
    (folder / "run.yaml").write_text(yaml.safe_dump(run | {"dataset": str(world.data)}))
    return folder


def test_rescaling_ends_in_a_linked_adapter_checked_on_samples_the_choice_never_saw(
    world: World, place: Path, careless: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    policy = yaml.safe_load(world.policy.read_text())
    policy["forgetting"]["margin"] = 0.5  # wide: this is about the way, not about the outcome
    policy["task"] = {"suite": "rot", "bar": 0.5}
    Path("wide.yaml").write_text(yaml.safe_dump(policy))
    arguments = ["rescale", str(careless), "--policy", "wide.yaml", "--scales", "0.7,0.5"]
    code, out, err = gate(arguments, capsys)
    assert code in (0, 10), out + err
    [written] = [p for p in careless.parent.iterdir() if p != careless]
    store = Registry.open(place / ".gate")
    [event] = [e for e in store.state().events if isinstance(e, Rescaled)]
    assert event.source == read_adapter(careless).digest
    assert event.result == read_adapter(written).digest
    [check] = store.state().checks.values()
    evidence = store.load_check(check.check_id).evidence
    assert evidence.sampling.window == (0.4, 1.0)
    assert all(pairs.available == round(0.6 * 260) for pairs in evidence.pairs)
    assert "o0.7" in out
    assert store.verify() == []


def test_a_scale_above_one_or_no_number_is_a_usage_error(
    careless: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for scales in ("1.5", "0", "half"):
        assert gate(["rescale", str(careless), "--scales", scales], capsys)[0] == 2


def test_the_ladder_is_explained_from_the_registry_alone(
    world: World, place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, _, err = gate(["check", str(world.careless), "--write", "next.yaml", "-q"], capsys)
    assert "not written" in err or Path("next.yaml").is_file()
    again, out, _ = gate(["escalate", str(world.careless)], capsys)
    assert again == code
    assert "<- here" in out
    assert "Before full fine-tuning" in out
    by_name = gate(["escalate", "careless"], capsys)
    assert by_name[1] == out


def test_an_adapter_that_was_never_checked_has_no_ladder(
    world: World, place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Registry.create(place / ".gate")
    code, _, err = gate(["escalate", str(world.careful)], capsys)
    assert code == 2
    assert "gate check" in err


def test_every_claim_of_the_json_report_survives_a_plan(
    world: World, place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _, out, _ = gate(["check", str(world.careless), "--json", "-", "--write", "n.yaml"], capsys)
    assert json.loads(out)["next"]["action"]
