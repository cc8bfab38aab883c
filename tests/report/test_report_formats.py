"""Machine formats and plain text against committed files, schemas and foreign readers."""

import io
import json
import xml.etree.ElementTree as ET
from dataclasses import replace

import jsonschema
import pytest
import report_factory as factory
from junitparser import JUnitXml
from rich.console import Console

from gatekeeper.report.json_document import build_document, render_json, report_schema
from gatekeeper.report.junit import render_junit
from gatekeeper.report.markdown import render_markdown
from gatekeeper.report.terminal.verdict_screen import print_inspection, print_verdict

CHECKS = {
    "promote": factory.promoted,
    "hold": factory.held,
    "escalate": factory.escalated,
    "escalate-full": factory.escalated_full,
    "refused": factory.refused,
}


def piped(check, **options):
    stream = io.StringIO()
    print_verdict(Console(file=stream, force_terminal=False, width=80), check, **options)
    return stream.getvalue()


def on_terminal(check, **options):
    stream = io.StringIO()
    console = Console(file=stream, force_terminal=True, width=80, color_system=None)
    print_verdict(console, check, **options)
    return stream.getvalue()


@pytest.mark.parametrize("name", CHECKS)
def test_piped_output_is_stable(name, golden):
    golden(f"{name}.txt", piped(CHECKS[name]()))


@pytest.mark.parametrize("name", ["promote", "hold", "refused"])
def test_markdown_is_stable(name, golden):
    golden(f"{name}.md", render_markdown(CHECKS[name](factory.samples(4))))


@pytest.mark.parametrize("name", ["promote", "hold", "refused"])
def test_junit_is_stable(name, golden):
    golden(f"{name}.xml", render_junit(CHECKS[name]()))


@pytest.mark.parametrize("name", CHECKS)
def test_json_is_stable_and_follows_its_schema(name, golden):
    check = replace(CHECKS[name](), check_id="c-1")
    text = render_json(build_document(check, {"html": "gate.html"}))
    document = json.loads(text)
    jsonschema.validate(document, report_schema())
    assert document["schema"] == "gatekeeper/report/v1"
    assert document["exit_code"] == int(check.verdict.exit_code)
    if name == "hold":
        golden("hold.json", text)


def test_the_schema_refuses_a_document_with_an_unknown_verdict():
    document = json.loads(render_json(build_document(factory.held())))
    document["verdict"] = "maybe"
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(document, report_schema())


def test_piped_output_is_ascii_without_escapes_or_wrapping():
    text = piped(factory.held())
    assert text.isascii()
    assert "\x1b" not in text
    assert text.startswith("verdict:   hold\nexit_code: 10\n")
    assert sum(line.startswith("reason:") for line in text.splitlines()) == 4


@pytest.mark.parametrize("name", CHECKS)
def test_a_terminal_of_80_columns_is_never_overrun(name):
    text = on_terminal(CHECKS[name](factory.samples()), verbose=True)
    assert max(map(len, text.splitlines())) <= 80
    assert "What did it lose?" in text or name == "refused"


def test_quiet_is_one_line():
    text = piped(factory.held(), quiet=True)
    assert text.count("\n") == 1
    assert text.startswith("HOLD support-r8-hot: arithmetic: lost 14.6 points")


def test_a_shown_loss_leads_before_an_open_question():
    check = factory.held()
    reordered = check.verdict.model_copy(update={"reasons": check.verdict.reasons[1:]})
    assert check.verdict.reasons[1].code == "inconclusive"
    assert piped(replace(check, verdict=reordered), quiet=True).startswith(
        "HOLD support-r8-hot: format_following"
    )


def test_no_colour_is_written_under_no_color(monkeypatch):
    monkeypatch.setenv("NO_COLOR", "1")
    stream = io.StringIO()
    print_verdict(Console(file=stream, force_terminal=True, width=80), factory.held())
    assert "\x1b[3" not in stream.getvalue()
    assert "HOLD" in stream.getvalue()


def test_an_inspection_names_findings_with_their_next_step():
    evidence = factory.held().evidence
    stream = io.StringIO()
    print_inspection(
        Console(file=stream, force_terminal=False, width=80),
        evidence.candidate,
        evidence.findings,
        evidence.effect,
        evidence.detach,
    )
    text = stream.getvalue()
    assert "digest:     sha256:" in text
    assert "warn: adapter_config.json names its base by a relative path." in text
    assert "  next: Set base_model_name_or_path" in text
    assert "bit for bit" in text


def test_junit_has_one_case_per_rule_and_a_foreign_reader_counts_the_same():
    check = factory.held()
    parsed = JUnitXml.fromstring(render_junit(check).encode())
    cases = {case.name: case for suite in parsed for case in suite}
    assert {rule.rule for rule in check.verdict.rules} < set(cases)
    failed = [name for name, case in cases.items() if case.result and not case.is_skipped]
    assert set(failed) == {
        "verdict",
        "forgetting.general.arithmetic",
        "forgetting.general.currencies",
        "forgetting.general.format_following",
    }
    for suite in parsed:
        assert suite.tests == len(list(suite))


def test_a_refusal_is_an_error_not_a_failure_of_a_rule():
    root = ET.fromstring(render_junit(factory.refused()))
    assert root.find(".//testcase[@name='wrong-base']/error") is not None
    assert root.find(".//testcase[@name='verdict']/failure").get("type") == "refused"


def test_markdown_is_found_again_by_its_first_line():
    first = render_markdown(factory.held()).splitlines()[0]
    assert first == "<!-- gatekeeper:support-r8-hot -->"


@pytest.mark.parametrize("limit", [699, 700, 1500, 4000, 20_000])
def test_markdown_keeps_its_limit_and_cuts_flips_before_the_verdict(limit):
    samples = factory.samples(400, factory.HOSTILE)
    text = render_markdown(factory.held(samples), limit=limit)
    assert len(text.encode()) <= limit
    assert "**HOLD** support-r8-hot" in text
    assert text.count("<details>") == text.count("</details>")
    assert ("| ✗ | arithmetic" in text) == (limit >= 4000)


def test_every_table_row_of_markdown_has_as_many_cells_as_the_head():
    text = render_markdown(factory.hostile(factory.samples(4, factory.HOSTILE)))
    rows = [line for line in text.splitlines() if line.startswith("|")]
    assert len(rows) == 14
    assert len({row.count("|") for row in rows}) == 1
