"""`gate compare --samples` on files that lm-eval itself wrote, from real runs of a tiny model."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner
from trained import World, rows

from gatekeeper.cli import gate, main
from gatekeeper.comparison.candidates import Advantage, contrasts
from gatekeeper.comparison.lm_eval_runs import join_runs, read_run
from gatekeeper.errors import ConfigError

DOCS = 60


@pytest.fixture(scope="module")
def runs(world: World, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """`base` and `careless` with the same prompts, and `shots`: the base, asked in another way."""
    from lm_eval import simple_evaluate
    from lm_eval.loggers import EvaluationTracker
    from lm_eval.models.huggingface import HFLM
    from lm_eval.tasks import TaskManager

    folder = tmp_path_factory.mktemp("lm-eval")
    _write_task(folder / "tasks", "next")
    manager = TaskManager(include_path=str(folder / "tasks"), include_defaults=False)
    found = {}
    for name, peft, shots in (
        ("base", None, 0), ("careless", str(world.careless), 0), ("shots", None, 1),
    ):  # fmt: skip
        model = HFLM(
            pretrained=str(world.base), peft=peft, device="cpu", dtype="float32", batch_size=16
        )
        results: Any = simple_evaluate(
            model, tasks=["logged_next"], task_manager=manager, num_fewshot=shots,
            log_samples=True, bootstrap_iters=0, verbosity="ERROR",
        )  # fmt: skip
        samples = results.pop("samples")
        tracker = EvaluationTracker(output_path=str(folder / name))
        tracker.general_config_tracker.log_experiment_args(
            model_source="hf", model_args=f"pretrained={name}", system_instruction=None,
            chat_template=None, fewshot_as_multiturn=False,
        )  # fmt: skip
        tracker.save_results_aggregated(results=results, samples=samples)
        for task, logged in samples.items():
            tracker.save_results_samples(task_name=task, samples=logged)
        found[name] = folder / name
    return found


def _write_task(folder: Path, skill: str) -> None:
    folder.mkdir(parents=True)
    alphabet = "abcdefghijklmnopqrstuvwxyz"
    lines = []
    for index, row in enumerate(rows(skill, DOCS, seed=2)):
        wrong = [letter for letter in alphabet if letter != row["completion"]]
        choices = [row["completion"], wrong[index % 25], wrong[(index + 7) % 25]]
        lines.append({"question": row["prompt"], "choices": choices, "gold": 0})
    file = folder / f"{skill}.jsonl"
    file.write_text("".join(json.dumps(line) + "\n" for line in lines))
    task = {
        "task": f"logged_{skill}",
        "dataset_path": "json",
        "dataset_kwargs": {"data_files": {"test": str(file)}},
        "test_split": "test",
        "output_type": "multiple_choice",
        "doc_to_text": "{{question}}",
        "doc_to_choice": "choices",
        "doc_to_target": "gold",
        "target_delimiter": "",
        "metric_list": [{"metric": "acc"}, {"metric": "acc_norm"}],
    }
    (folder / "task.yaml").write_text(yaml.safe_dump(task))


def test_two_runs_are_paired_and_the_loss_is_shown_with_the_test_that_fits(
    runs: dict[str, Path],
) -> None:
    shared, notes = join_runs(read_run(runs["base"]), read_run(runs["careless"]))
    assert notes == []
    found = {row.metric: row for row in contrasts(shared, alpha=0.05)}
    assert set(found) == {"acc", "acc_norm"}
    acc = found["acc"]
    assert (acc.samples, acc.method, acc.advantage) == (DOCS, "exact", Advantage.WORSE)
    reported = json.loads(next(runs["base"].rglob("results_*.json")).read_text())
    assert acc.first_score == pytest.approx(reported["results"]["logged_next"]["acc,none"])


def test_other_prompts_are_other_samples(runs: dict[str, Path]) -> None:
    with pytest.raises(ConfigError, match=r"have no samples in common.*a different prompt"):
        join_runs(read_run(runs["base"]), read_run(runs["shots"]))


def test_the_command_needs_no_registry(
    runs: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    arguments = [
        "compare",
        "--samples",
        str(runs["base"]),
        str(runs["careless"]),
        "--metric",
        "acc",
    ]
    done = CliRunner().invoke(gate, arguments)
    assert done.exit_code == 0, done.output
    assert "worse in 1 of 1 comparison" in done.output
    assert "exact" in done.output


def test_samples_of_one_run_only_are_named_and_left_out(
    runs: dict[str, Path], tmp_path: Path
) -> None:
    [file] = runs["base"].rglob("samples_*.jsonl")
    lines = file.read_text().splitlines()
    (tmp_path / file.name).write_text("\n".join(lines[:-7]) + "\n")
    shared, notes = join_runs(read_run(runs["careless"]), read_run(tmp_path))
    assert {len(each.first) for each in shared} == {DOCS - 7}
    assert any("7 samples are in only one run" in note for note in notes)


def test_the_order_of_the_lines_does_not_matter(runs: dict[str, Path], tmp_path: Path) -> None:
    [file] = runs["base"].rglob("samples_*.jsonl")
    turned = tmp_path / file.name
    turned.write_text("\n".join(reversed(file.read_text().splitlines())) + "\n")
    shared, _ = join_runs(read_run(runs["base"]), read_run(turned))
    assert all(each.first == each.second for each in shared)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("not json\n", "line 1 is not valid JSON"),
        ('{"doc_id": 1, "acc": 1.0}\n', ":1: not a sample of lm-eval"),
        ("[1]\n", ":1: not a sample of lm-eval"),
    ],
)
def test_a_foreign_file_is_refused_with_file_and_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, told: str
) -> None:
    file = tmp_path / "samples_x_2026-01-01T00-00-00.000.jsonl"
    file.write_text(text)
    with pytest.raises(SystemExit) as leaving:
        main(["compare", "--samples", str(file), str(file)])
    assert leaving.value.code == 2
    err = capsys.readouterr().err
    assert told in err
    assert str(file) in err


def test_a_folder_without_samples_says_how_to_get_them(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as leaving:
        main(["compare", "--samples", str(tmp_path), str(tmp_path)])
    assert leaving.value.code == 2
    assert "--log_samples" in capsys.readouterr().err
