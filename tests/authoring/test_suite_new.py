"""`gate suite new`: held-out data become a suite that lm-eval loads; unfair data are refused."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from gatekeeper.cli import gate
from gatekeeper.errors import GateError
from gatekeeper.scoring.tasks.loaded_task import LoadedTask, load_tasks
from gatekeeper.suite import load_suite

LABELS = ["billing", "bug", "sales"]
ROWS = [
    {"id": i, "text": f"Ticket number {i}: the {word} thing is not as it should be", "label": label}
    for i, (word, label) in enumerate(
        (w, LABELS[i % 3])
        for i, w in enumerate("red blue green old new big small wet dry".split() * 5)
    )
]


def lines(path: Path, rows: list[dict[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def make(folder: Path, *arguments: str) -> Result:
    out = ["--out", str(folder / "suites")]
    return CliRunner().invoke(gate, ["suite", "new", "mine", *out, *arguments])


def loaded(folder: Path) -> LoadedTask:
    suite = load_suite(str(folder / "suites" / "mine"))
    [[task]] = load_tasks(suite, None).values()
    return task


def refusal(done: Result) -> GateError:
    assert isinstance(done.exception, GateError), done.output
    return done.exception


def test_jsonl_with_few_labels_becomes_a_choice_between_them(tmp_path: Path) -> None:
    data = lines(tmp_path / "held-out.jsonl", ROWS)
    done = make(tmp_path, "--from", str(data), "--question", "text", "--answer", "label")
    assert done.exit_code == 0, done.output
    assert "45 samples, answers: 3 choices" in done.output
    task = loaded(tmp_path)
    assert [str(arguments[1]) for arguments in task.arguments(0)] == [f" {x}" for x in LABELS]
    assert str(task.arguments(0)[0][0]).endswith("as it should be\nAnswer:")
    assert task.gold(4) == "bug"
    assert task.ref.chance == pytest.approx(1 / 3, abs=1e-3)


def test_csv_and_parquet_give_the_same_suite_as_jsonl(tmp_path: Path) -> None:
    import pyarrow
    import pyarrow.parquet

    folders = [tmp_path / kind for kind in ("jsonl", "csv", "parquet")]
    for folder in folders:
        folder.mkdir()
    lines(folders[0] / "data.jsonl", ROWS)
    with (folders[1] / "data.csv").open("w", newline="", encoding="utf-8") as text:
        writer = csv.DictWriter(text, ["id", "text", "label"])
        writer.writeheader()
        writer.writerows(ROWS)
    pyarrow.parquet.write_table(pyarrow.Table.from_pylist(ROWS), folders[2] / "data.parquet")
    made = []
    for folder in folders:
        data = next(folder.glob("data.*"))
        done = make(folder, "--from", str(data), "--question", "text", "--answer", "label")
        assert done.exit_code == 0, done.output
        made.append((folder / "suites" / "mine" / "data.jsonl").read_bytes())
    assert made[0] == made[1] == made[2]


def test_a_template_is_filled_from_the_fields(tmp_path: Path) -> None:
    data = lines(tmp_path / "d.jsonl", ROWS)
    question = r"No. {id}\n{text}\nQueue:"
    make(tmp_path, "--from", str(data), "--question", question, "--answer", "label")
    assert str(loaded(tmp_path).arguments(3)[0][0]).startswith("No. 3\nTicket number 3")


@pytest.mark.parametrize("answer", [1, "B", "Rome"], ids=["number", "letter", "text"])
def test_an_answer_may_be_a_number_a_letter_or_the_text(tmp_path: Path, answer: object) -> None:
    rows = [
        {"q": f"Which of the cities has row {i}?", "options": ["Oslo", "Rome", "Bern"],
         "a": answer if i % 2 else "Oslo"}
        for i in range(8)
    ]  # fmt: skip
    data = lines(tmp_path / "d.jsonl", rows)
    make(tmp_path, "--from", str(data), "--question", "q", "--answer", "a", "--choices", "options")
    assert loaded(tmp_path).gold(1) == "Rome"


def test_many_different_answers_are_generated_and_judged_by_exact_match(tmp_path: Path) -> None:
    rows = [{"q": f"What is {i} plus one?", "a": str(i + 1)} for i in range(50)]
    data = lines(tmp_path / "d.jsonl", rows)
    done = make(tmp_path, "--from", str(data), "--question", "q", "--answer", "a")
    assert "answers: generated" in done.output
    task = loaded(tmp_path)
    assert task.output_type == "generate_until"
    assert task.judge(4, [" 5."])[0] == 1.0
    assert task.judge(4, [" 6"])[0] == 0.0


def test_conversations_are_asked_through_the_chat_template(tmp_path: Path) -> None:
    rows = [
        {"messages": [{"role": "system", "content": "Sort tickets."},
                      {"role": "user", "content": row["text"]},
                      {"role": "assistant", "content": row["label"]}]}
        for row in ROWS
    ]  # fmt: skip
    data = lines(tmp_path / "d.jsonl", rows)
    done = make(tmp_path, "--from", str(data))
    assert done.exit_code == 0, done.output
    suite = load_suite(str(tmp_path / "suites" / "mine"))
    assert suite.apply_chat_template
    assert suite.system_prompt == "Sort tickets."
    text = (tmp_path / "suites" / "mine" / "data.jsonl").read_text().splitlines()[0]
    assert json.loads(text)["prompt"] == ROWS[0]["text"]


def test_held_out_data_that_overlap_the_training_file_are_refused_with_the_pair(
    tmp_path: Path,
) -> None:
    data = lines(tmp_path / "held-out.jsonl", ROWS)
    planted = str(ROWS[7]["text"]).upper().replace(":", " -")
    train = [{"prompt": f"Something else entirely, part {i}", "completion": "x"} for i in range(30)]
    train.append({"prompt": planted, "completion": "bug"})
    file = lines(tmp_path / "train.jsonl", train)
    done = make(tmp_path, "--from", str(data), "--question", "{text}", "--answer", "label",
                "--train", str(file))  # fmt: skip
    problem = refusal(done)
    assert "1 of 45 held-out samples overlap" in problem.message
    assert "training row 31" in problem.message
    assert not (tmp_path / "suites").exists()


def test_the_training_file_itself_is_refused(tmp_path: Path) -> None:
    data = lines(tmp_path / "d.jsonl", ROWS)
    done = make(tmp_path, "--from", str(data), "--question", "text", "--answer", "label",
                "--train", str(data))  # fmt: skip
    assert "is the training file itself" in refusal(done).message


def test_data_apart_from_the_training_file_say_so_in_the_suite(tmp_path: Path) -> None:
    data = lines(tmp_path / "d.jsonl", ROWS)
    train = [{"text": f"A note about gardening, page {i}", "label": "x"} for i in range(20)]
    file = lines(tmp_path / "train.jsonl", train)
    done = make(tmp_path, "--from", str(data), "--question", "text", "--answer", "label",
                "--train", str(file))  # fmt: skip
    assert "no overlap" in done.output
    text = (tmp_path / "suites" / "mine" / "suite.yaml").read_text()
    assert "held out from" in text
    assert "sha256:" in text


def test_one_question_with_two_answers_is_refused(tmp_path: Path) -> None:
    data = lines(tmp_path / "d.jsonl", [*ROWS, {**ROWS[2], "label": "billing"}])
    done = make(tmp_path, "--from", str(data), "--question", "text", "--answer", "label")
    assert "rows 3 and 46 ask the same question" in refusal(done).message


def test_repeated_rows_are_left_out_and_counted(tmp_path: Path) -> None:
    data = lines(tmp_path / "d.jsonl", [*ROWS, ROWS[2]])
    done = make(tmp_path, "--from", str(data), "--question", "text", "--answer", "label")
    assert "45 samples" in done.output
    assert "1 repeated rows were left out" in done.output


@pytest.mark.parametrize(
    ("rows", "arguments", "told"),
    [
        (ROWS, ["--question", "txet", "--answer", "label"], "no field 'txet'"),
        (ROWS, ["--question", "text"], "--answer is missing"),
        (ROWS, ["--answer", "label"], "--question is missing"),
        ([*ROWS, {"text": "x", "label": " "}], ["--question", "text", "--answer", "label"],
         "row 46: the answer is empty"),
        (ROWS, ["--question", "text", "--answer", "label", "--choices", "bug,sales"],
         "row 1: the answer 'billing' is not among its choices"),
        ([{**row, "label": "bug"} for row in ROWS], ["--question", "text", "--answer", "label"],
         "every right answer is 'bug'"),
        ([], ["--question", "text", "--answer", "label"], "has no rows"),
    ],
    ids=["field", "answer", "question", "empty", "choices", "one label", "no rows"],
)  # fmt: skip
def test_what_is_no_fair_question_is_refused_by_its_place(
    tmp_path: Path, rows: list[dict[str, Any]], arguments: list[str], told: str
) -> None:
    data = lines(tmp_path / "d.jsonl", rows)
    assert told in refusal(make(tmp_path, "--from", str(data), *arguments)).message
    assert not (tmp_path / "suites").exists()


@pytest.mark.parametrize("name", ["../up", "a/b", "Große", ""])
def test_a_name_that_is_no_name_is_refused(tmp_path: Path, name: str) -> None:
    data = lines(tmp_path / "d.jsonl", ROWS)
    done = CliRunner().invoke(
        gate,
        ["suite", "new", name, "--out", str(tmp_path / "s"), "--from", str(data),
         "--question", "text", "--answer", "label"],
    )  # fmt: skip
    assert "is not a valid suite name" in refusal(done).message


def test_an_existing_suite_is_never_overwritten(tmp_path: Path) -> None:
    data = lines(tmp_path / "d.jsonl", ROWS)
    arguments = ["--from", str(data), "--question", "text", "--answer", "label"]
    assert make(tmp_path, *arguments).exit_code == 0
    assert "already exists" in refusal(make(tmp_path, *arguments)).message


def test_a_hub_data_set_that_is_not_here_names_the_command(tmp_path: Path) -> None:
    problem = refusal(
        make(tmp_path, "--from", "nobody/nothing", "--question", "text", "--answer", "label")
    )
    assert "datasets.load_dataset('nobody/nothing')" in str(problem.hint)


def test_a_data_set_as_the_hub_has_it_gives_the_names_of_its_labels(tmp_path: Path) -> None:
    import datasets

    names = ["billing", "bug", "sales"]
    features = datasets.Features(
        {"text": datasets.Value("string"), "label": datasets.ClassLabel(names=names)}
    )
    rows = [{"text": row["text"], "label": names.index(str(row["label"]))} for row in ROWS]
    (tmp_path / "tickets").mkdir()
    datasets.Dataset.from_list(rows, features=features).to_parquet(
        tmp_path / "tickets" / "test.parquet"
    )
    done = make(tmp_path, "--from", str(tmp_path / "tickets"), "--question", "text",
                "--answer", "label")  # fmt: skip
    assert done.exit_code == 0, done.output
    assert loaded(tmp_path).gold(4) == "bug"
    done = make(tmp_path, "--from", str(tmp_path / "tickets"), "--split", "dev",
                "--question", "text", "--answer", "label")  # fmt: skip
    assert "--split" in str(refusal(done).hint)


def test_broken_files_are_refused_by_line(tmp_path: Path) -> None:
    (tmp_path / "d.jsonl").write_text('{"text": "a", "label": "b"}\n{oops\n')
    (tmp_path / "d.csv").write_text("text,label\nonly one cell\n")
    for name, told in (
        ("d.jsonl", "d.jsonl:2: is not valid JSON"),
        ("d.csv", "row 2 does not have as many"),
    ):
        done = make(tmp_path, "--from", str(tmp_path / name), "--question", "text",
                    "--answer", "label")  # fmt: skip
        assert told in refusal(done).message


def test_rows_that_share_a_passage_are_grouped_and_a_row_without_one_is_refused(
    tmp_path: Path,
) -> None:
    rows = [{**row, "passage": f"passage {row['id'] // 5}"} for row in ROWS]
    data = lines(tmp_path / "held-out.jsonl", rows)
    options = ["--question", "text", "--answer", "label", "--group-by", "passage"]
    done = make(tmp_path, "--from", str(data), *options)
    assert done.exit_code == 0, done.output
    assert "in 9 groups by passage" in done.output
    task = loaded(tmp_path)
    assert len({task.group(doc) for doc in range(len(task))}) == 9
    assert task.group(0) == task.group(4) != task.group(5)
    del rows[3]["passage"]
    data = lines(tmp_path / "held-out.jsonl", rows)
    assert "row 4" in refusal(make(tmp_path / "again", "--from", str(data), *options)).message
