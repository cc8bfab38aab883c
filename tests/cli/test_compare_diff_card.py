"""Compare, diff, card and report: commands that read what was checked, on real checks."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner

from gatekeeper.cli import gate, main
from gatekeeper.registry import Registry


@pytest.fixture
def here(checked: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(checked)
    return checked


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    capsys.readouterr()
    with pytest.raises(SystemExit) as leaving:
        main(list(arguments))
    told = capsys.readouterr()
    return int(leaving.value.code or 0), told.out, told.err


def test_the_candidate_that_forgot_is_worse_where_it_forgot_and_no_worse_at_the_task(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, _ = run(capsys, "compare", "careful", "careless", "--json", "-")
    assert code == 0
    rows = {row["capability"]: row for row in json.loads(out)["contrasts"]}
    assert rows["rot"]["advantage"] == "open"
    assert "worse" in {rows["next"]["advantage"], rows["caps"]["advantage"]}
    for row in rows.values():
        assert row["low"] <= row["estimate"] <= row["high"]
        assert row["samples"] > 0


def test_compare_can_fail_a_pipeline_and_turns_round(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(capsys, "compare", "careful", "careless", "--fail-on-worse", "-q")[0] == 10
    code, out, _ = run(capsys, "compare", "careless", "careful", "--fail-on-worse", "-q")
    assert code == 0
    assert "careful@1 against careless@1: better in" in out
    assert len(out.splitlines()) == 1


def test_a_candidate_is_no_better_than_itself(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, _ = run(capsys, "compare", "careful", "careful")
    assert code == 0
    assert "no difference is shown" in out


def test_a_wrong_name_is_answered_with_the_nearest(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, _, err = run(capsys, "compare", "carful", "careless")
    assert code == 2
    assert "Did you mean" in err
    assert "careful" in err


def test_diff_says_what_went_in_and_what_came_out(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, _ = run(capsys, "diff", "careful", "careless")
    assert code == 0
    for line in ("Inputs", "candidate digest", "promote -> hold", "NEW OUTCOME"):
        assert line in out
    assert "base digest" not in out
    _, text, _ = run(capsys, "diff", "careful", "careless", "--json")
    assert {"verdict", "exit code"} <= {c["what"] for c in json.loads(text)["outcomes"]}


def test_a_check_does_not_differ_from_itself(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _, out, _ = run(capsys, "diff", "careful", "careful")
    assert "No pin differs" in out
    assert "NEW OUTCOME" not in out


def test_a_card_is_written_into_the_adapters_folder_and_makes_no_other_adapter_of_it(
    here: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from gatekeeper.candidate.folder import read_adapter

    folder = tmp_path / "careful"
    shutil.copytree(here / "careful", folder)
    before = read_adapter(folder).digest
    (folder / "README.md").write_text("---\nlicense: mit\n---\n\n# Mine\n\nMy words.\n")
    assert run(capsys, "card", str(folder), "--write")[0] == 0
    text = (folder / "README.md").read_text()
    assert "My words." in text
    assert "## Checked by gatekeeper" in text
    data = yaml.safe_load(text.split("---")[1])
    assert data["license"] == "mit"
    [entry] = data["model-index"]
    assert {r["dataset"]["name"] for r in entry["results"]} == {
        "rot: rot", "skills: next", "skills: caps",
    }  # fmt: skip
    assert read_adapter(folder).digest == before
    assert run(capsys, "card", str(folder), "--write")[0] == 0
    assert (folder / "README.md").read_text() == text


def test_without_write_the_section_is_only_shown(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = (here / "careful" / "README.md").read_bytes()
    code, out, err = run(capsys, "card", "careful")
    assert code == 0
    assert "## Checked by gatekeeper" in out
    assert "--write" in err
    assert (here / "careful" / "README.md").read_bytes() == before


def test_no_card_is_written_about_other_weights(
    here: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "changed"
    shutil.copytree(here / "careful", folder)
    config = folder / "adapter_config.json"
    config.write_text(config.read_text().replace('"lora_alpha": 32', '"lora_alpha": 31'))
    code, _, err = run(capsys, "card", str(folder), "--write")
    assert code == 2
    assert "has never been checked" in err


def test_the_site_has_a_page_for_every_check_and_its_links_lead_somewhere(
    here: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    import re

    code, out, _ = run(capsys, "report", "--all", str(tmp_path / "site"))
    assert code == 0
    assert "index.html" in out
    index = tmp_path / "site" / "index.html"
    links = re.findall(r'href="([^"#]+?)"', index.read_text())
    pages = [link for link in links if link.endswith(".html")]
    checks = Registry.open(here / ".gate").state().checks
    assert {Path(page).stem for page in pages} >= set(checks)
    for page in pages:
        assert (index.parent / page).is_file()
        assert "../index.html" in (index.parent / page).read_text()


@pytest.mark.parametrize(
    ("option", "begins"),
    [("--md", "<!-- gatekeeper:"), ("--html", "<!doctype html>"), ("--junit", "<?xml")],
)
def test_a_dash_writes_a_report_to_standard_output_and_no_file_of_that_name(
    option: str, begins: str, here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, err = run(capsys, "report", "careful", option, "-")
    assert (code, err) == (0, "")
    assert out.lower().startswith(begins)
    assert not Path("-").exists()


def test_two_reports_cannot_share_standard_output(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, err = run(capsys, "report", "careful", "--md", "-", "--json", "-")
    assert (code, out) == (2, "")
    assert "Only one format" in err


def test_a_report_asks_for_a_check_or_for_all(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, _, err = run(capsys, "report")
    assert code == 2
    assert "--all DIR" in err


def test_the_page_of_a_check_shows_its_lineage_and_the_candidates_beside_it(
    here: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(capsys, "report", "careless", "--html", str(tmp_path / "r.html"))[0] == 0
    page = (tmp_path / "r.html").read_text()
    for absent in ("No lineage is recorded", "no other candidate to compare", "not available"):
        assert absent not in page
    order = [page.index(f'id="{part}"') for part in (
        "verdict", "forgetting", "ladder", "candidates", "flips", "training", "weights",
        "lineage", "contamination", "pins", "cost",
    )]  # fmt: skip
    assert order == sorted(order)


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("gate report ca", {"careful", "careless"}),
        ("gate compare careful ca", {"careful", "careless"}),
        ("gate promote careful --channel pro", {"production"}),
        ("gate check x --policy st", {"strict"}),
        ("gate rescale x --policy st", {"strict"}),
        ("gate policy check st", {"strict"}),
        ("gate policy explain st", {"strict"}),
        ("gate policy replay st", {"strict"}),
        ("gate registry policy st", {"strict"}),
        ("gate registry policy strict --channel pro", {"production"}),
        ("gate registry retire ca", {"careful", "careless"}),
        ("gate escalate ca", {"careful", "careless"}),
        ("gate rollback --to ca", {"careful", "careless"}),
        ("gate compl", {"completion"}),
    ],
)
def test_a_shell_completes_names(here: Path, typed: str, offered: set[str]) -> None:
    words = typed.split()
    environment = {
        "_GATE_COMPLETE": "bash_complete",
        "COMP_WORDS": typed,
        "COMP_CWORD": str(len(words) - 1),
    }
    done = CliRunner().invoke(gate, [], prog_name="gate", env=environment)
    found = {line.split(",", 1)[1] for line in done.output.splitlines() if "," in line}
    assert offered <= found, done.output


def test_completion_outside_of_any_registry_is_silent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    environment = {
        "_GATE_COMPLETE": "bash_complete", "COMP_WORDS": "gate report x", "COMP_CWORD": "2",
    }  # fmt: skip
    done = CliRunner().invoke(gate, [], prog_name="gate", env=environment)
    assert (done.exit_code, done.output.strip()) == (0, "")


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_each_shell_gets_its_script(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "completion", shell)
    assert code == 0
    assert f"_GATE_COMPLETE={shell}_complete" in out


@pytest.mark.parametrize(
    "arguments",
    [["diff", "careful", "careless"], ["report", "careless", "--html", "{}"], ["card", "careful"]],
)
def test_reading_a_check_loads_no_model_library(
    here: Path, tmp_path: Path, arguments: list[str]
) -> None:
    probe = (
        "import sys; from gatekeeper.cli import main\n"
        f"try: main({[a.format(tmp_path / 'r.html') for a in arguments]!r})\n"
        "except SystemExit: pass\n"
        "heavy = {'torch', 'transformers', 'datasets', 'lm_eval', 'scipy', 'peft'}\n"
        "sys.exit(str(heavy & set(sys.modules)) if heavy & set(sys.modules) else 0)"
    )
    done = subprocess.run(
        [sys.executable, "-c", probe], capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stderr
