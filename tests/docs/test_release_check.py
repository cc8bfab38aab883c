"""What `make release-check` finds wrong, and what it only reminds of."""

from __future__ import annotations

from email.message import Message
from pathlib import Path

import pytest

import release_check

CHANGELOG = (Path(__file__).parents[2] / "CHANGELOG.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("# Changelog\n## 0.2.0 (unreleased)\n", [False]),
        ("# Changelog\n## 0.2.0 (2026-12-01)\n## 0.1.0\n", []),
        ("# Changelog\n## 0.1.0 (2026-11-01)\n", [True]),
        ("# Changelog\n", [True]),
    ],
)
def test_the_changelog_begins_with_the_version_and_its_date(text: str, wrong: list[bool]) -> None:
    assert [is_wrong for _, is_wrong in release_check.changelog(text, "0.2.0")] == wrong


def test_the_changelog_can_be_read() -> None:
    version = CHANGELOG.partition("\n## ")[2].split()[0]
    assert not any(is_wrong for _, is_wrong in release_check.changelog(CHANGELOG, version))


@pytest.mark.parametrize(
    ("wanted", "at_head", "elsewhere", "faults"),
    [
        (None, [], "", 0),
        (None, ["v0.2.0"], "", 0),
        (None, ["v0.1.9"], "", 1),
        ("v0.2.0", [], "", 0),
        ("0.2.0", [], "", 1),
        ("v0.2.0", [], "0123456789abcdef", 1),
        ("v0.2.0", ["v0.2.0"], "0123456789abcdef", 0),
    ],
)
def test_a_tag_is_the_version_and_is_not_moved(
    wanted: str | None, at_head: list[str], elsewhere: str, faults: int
) -> None:
    assert len(release_check.tag(wanted, at_head, elsewhere, "0.2.0")) == faults


def test_metadata_that_is_missing_is_named() -> None:
    given = Message()
    for name in release_check.WANTED[1:]:
        given[name] = "something"
    assert release_check.metadata(given) == [f"The metadata has no {release_check.WANTED[0]}."]


def test_links_that_work_only_beside_the_files_are_found() -> None:
    readme = "[a](docs/a.md) ![b](b.png) [c](https://example.org/x) [d](#words) [e](docs/a.md#x)"
    assert release_check.relative_links(readme) == ["b.png", "docs/a.md"]
