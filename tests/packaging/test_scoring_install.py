"""Installed with what scores: a user's first day, and what people then look at."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from typing import Any

import pytest
from environments import Project

from gatekeeper import __version__
from gatekeeper.suite import load_suite, pin_suite

pytestmark = pytest.mark.wheel


def test_the_action_installs_and_checks(of_action: Project) -> None:
    reports = of_action.folder / "gate-report"
    assert {file.name for file in reports.iterdir()} == {
        "gate.html", "gate.json", "gate.md", "gate.xml"
    }  # fmt: skip
    assert json.loads((reports / "gate.json").read_text())["verdict"] == "promote"


def test_the_sdist_with_its_extra_is_complete(checked_by_sdist: Project) -> None:
    environment = checked_by_sdist.environment
    environment.run("pip", "check")
    assert environment.installed()["gatekeeper"] == __version__


def test_the_command_of_the_error_message_keeps_the_gatekeeper_that_is_there(
    checked_by_sdist: Project,
) -> None:
    """The name belongs to somebody else on PyPI: pip must not fetch that one."""
    environment = checked_by_sdist.environment
    before = environment.installed()
    environment.install("gatekeeper[score]")
    assert environment.installed() == before


def test_a_check_writes_every_report(checked_by_sdist: Project) -> None:
    folder = checked_by_sdist.folder
    assert json.loads((folder / "report.json").read_text())["exit_code"] == 0
    assert "promote" in (folder / "report.md").read_text()
    assert ET.parse(folder / "report.junit").getroot().tag == "testsuites"


def test_a_promotion_and_its_rollback(checked_by_sdist: Project) -> None:
    gate = checked_by_sdist.gate
    assert "production now serves careful@1" in gate("promote", "careful").stdout
    assert "careful@1" in gate("status").stdout
    assert "bit for bit" in gate("rollback", "--prove").stdout
    assert "every hash, link and verdict is valid" in gate("registry", "verify").stdout


@pytest.mark.parametrize("name", ["general", "public"])
def test_a_shipped_suite_is_the_same_suite_as_in_the_checkout(
    checked_by_sdist: Project, name: str
) -> None:
    shown = checked_by_sdist.gate("suite", "show", name).stdout
    assert pin_suite(load_suite(name)).digest in shown


def test_a_shipped_suite_is_scored(checked_by_sdist: Project) -> None:
    """`init` names `general`; its data and its verifiers come from the installed package."""
    gate = checked_by_sdist.gate
    done = gate("check", "careful", "--policy", "policies/gate.yaml", "--max-samples", "300",
                "--json", "-", code=10)  # fmt: skip
    rules = json.loads(done.stdout)["forgetting"]
    assert {rule["capability"] for rule in rules} >= {"grammar", "instructions", "formats"}
    assert all(rule["n"] > 0 for rule in rules)


@pytest.mark.browser
def test_the_page_is_whole_in_a_browser(checked_by_sdist: Project, page: Any) -> None:
    page.open(checked_by_sdist.folder / "report.html")
    assert page.complaints() == []
    assert page.requests() == []
    assert page.driver.find_element("css selector", "#verdict").text == "PROMOTE"


@pytest.mark.browser
def test_the_site_of_the_registry_is_whole_in_a_browser(
    checked_by_sdist: Project, page: Any
) -> None:
    checked_by_sdist.gate("report", "--all", "site")
    page.open(checked_by_sdist.folder / "site" / "index.html")
    assert page.complaints() == []
    page.driver.find_element("css selector", ".checks tbody a").click()
    assert page.driver.find_element("css selector", "#verdict").text in ("PROMOTE", "HOLD")
