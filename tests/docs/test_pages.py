"""Pages lead where they say: links, anchors, make targets, the index of decisions, the glossary."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
PATTERNS = (
    "*.md", "docs/**/*.md", "registry/*.md", "suites/*/*.md", "examples/*.md", ".github/*.md",
)  # fmt: skip
PAGES = sorted(
    path.relative_to(ROOT).as_posix() for pattern in PATTERNS for path in ROOT.glob(pattern)
)
LINK = re.compile(r"\]\(([^)\s]+)\)")
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
TARGETS = set(re.findall(r"^([a-z][a-z-]*):", MAKEFILE, re.M))


def text_of(page: str) -> str:
    """A page without its code: what stands in a block is no link."""
    text = (ROOT / page).read_text(encoding="utf-8")
    return re.sub(r"`[^`\n]*`", "", re.sub(r"^```.*?^```$", "", text, flags=re.M | re.S))


def anchors(page: Path) -> set[str]:
    """The anchors of a page's headings, as GitHub makes them."""
    heads = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.M)
    plain = (re.sub(r"[`*]|\]\([^)]*\)|\[", "", head).strip().lower() for head in heads)
    return {re.sub(r"[^\w\- ]", "", head).replace(" ", "-") for head in plain}


@pytest.mark.parametrize("page", PAGES)
def test_every_link_leads_somewhere(page: str) -> None:
    for link in LINK.findall(text_of(page)):
        if "://" in link or link.startswith("mailto:"):
            continue
        path, _, anchor = link.partition("#")
        target = (ROOT / page).parent / path if path else ROOT / page
        assert target.exists(), f"{page} links to {link}"
        if anchor:
            assert anchor in anchors(target), f"{page} links to {link}"


@pytest.mark.parametrize("page", PAGES)
def test_every_make_target_that_a_page_names_is_there(page: str) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")
    for command in re.findall(r"(?:`|^\$ )make ([a-z][a-z -]*)", text, re.M):
        assert set(command.split()) <= TARGETS, f"{page}: make {command}"


def test_make_alone_lists_every_target_with_what_it_does() -> None:
    done = subprocess.run(["make"], cwd=ROOT, capture_output=True, text=True, check=True)
    told = dict(re.findall(r"^ +make ([a-z-]+) +(\S.*)$", done.stdout, re.M))
    assert set(told) == TARGETS
    assert len(told) > 10


def test_every_decision_is_in_the_index_under_its_title() -> None:
    index = (ROOT / "docs/decisions/README.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (\d+) \| \[(.+)\]\((.+)\) \|$", index, re.M)
    records = sorted((ROOT / "docs/decisions").glob("0*.md"))
    heads = [(file, file.read_text(encoding="utf-8").splitlines()[0]) for file in records]
    assert [(f"# {n}. {title}", name) for n, title, name in rows] == [
        (head, file.name) for file, head in heads
    ]


def test_a_word_is_defined_once() -> None:
    text = (ROOT / "docs/README.md").read_text(encoding="utf-8")
    glossary = text.partition("## Words")[2]
    words = [w for row in re.findall(r"^\| (\*\*.+?) \|", glossary, re.M)
             for w in re.findall(r"\*\*(.+?)\*\*", row)]  # fmt: skip
    assert len(words) > 30
    assert len(words) == len(set(words))


@pytest.mark.parametrize(
    ("schema", "file"),
    [
        ("vendor.github-issue-forms", ".github/ISSUE_TEMPLATE/fault.yml"),
        ("vendor.github-issue-forms", ".github/ISSUE_TEMPLATE/idea.yml"),
        ("vendor.github-issue-config", ".github/ISSUE_TEMPLATE/config.yml"),
    ],
)
def test_an_issue_form_follows_githubs_schema(schema: str, file: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "check_jsonschema", "--builtin-schema", schema, str(ROOT / file)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_fault_is_reported_with_the_machine_and_the_traceback() -> None:
    form = yaml.safe_load((ROOT / ".github/ISSUE_TEMPLATE/fault.yml").read_text())
    asked = {part["id"]: part for part in form["body"] if "id" in part}
    assert asked["doctor"]["validations"]["required"]
    assert "GATE_DEBUG=1" in asked["debug"]["attributes"]["description"]


def test_a_commit_is_checked_by_what_lint_runs() -> None:
    [repo] = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())["repos"]
    assert repo["repo"] == "local"
    for hook in repo["hooks"]:
        program = hook["entry"].split()[0]
        assert program.startswith(".venv/bin/")
        assert program.removeprefix(".venv/bin/") in {"gate", *re.findall(r"/([\w-]+)", MAKEFILE)}
