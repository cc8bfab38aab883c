"""What a GitHub job is told."""

from dataclasses import replace

import report_factory as factory

from gatekeeper.report.github_actions import annotation_lines, tell_github
from gatekeeper.report.markdown import SUMMARY_LIMIT
from gatekeeper.verdict import Outcome


def outputs_of(path):
    values, lines = {}, iter(path.read_text().splitlines())
    for line in lines:
        name, fence = line.split("<<", 1)
        values[name] = "\n".join(iter(lambda: next(lines), fence))
    return values


def test_outputs_carry_the_verdict(tmp_path):
    out = tmp_path / "out"
    tell_github({"GITHUB_OUTPUT": str(out)}, factory.held(), outputs={"report": "gate.html"})
    values = outputs_of(out)
    assert values["verdict"] == "hold"
    assert values["exit-code"] == "10"
    assert values["report"] == "gate.html"


def test_the_summary_is_appended_under_its_cap(tmp_path):
    summary = tmp_path / "summary.md"
    summary.write_text("before\n")
    samples = factory.samples(3000, "y" * 900)
    tell_github({"GITHUB_STEP_SUMMARY": str(summary)}, factory.held(samples))
    text = summary.read_text()
    assert text.startswith("before\n<!-- gatekeeper:support-r8-hot -->")
    assert 500_000 < len(text.encode()) <= SUMMARY_LIMIT


def test_annotations_point_at_the_policy_line_that_decided():
    lines = annotation_lines(factory.held(), "policies/prod.yaml")
    assert lines[0].startswith(
        "::error title=gatekeeper%3A forgetting.general.arithmetic,file=policies/prod.yaml,line=5::"
    )
    assert all("no-signal" not in line for line in lines)


def test_at_most_ten_annotations():
    check = factory.held()
    verdict = check.verdict
    many = tuple(
        verdict.rules[2].model_copy(update={"rule": f"forgetting.general.c{index}"})
        for index in range(30)
    )
    reasons = tuple(
        verdict.reasons[0].model_copy(update={"rule": f"forgetting.general.c{index}"})
        for index in range(30)
    )
    assert all(rule.outcome is Outcome.FAIL for rule in many)
    flooded = verdict.model_copy(update={"rules": many, "reasons": reasons})
    assert len(annotation_lines(replace(check, verdict=flooded), "p.yaml")) == 10


def test_nothing_is_written_or_said_outside_of_a_job(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert tell_github({}, factory.held()) == []
    assert not list(tmp_path.iterdir())


def test_a_promotion_is_a_notice_without_errors():
    lines = annotation_lines(factory.promoted(), "p.yaml")
    assert len(lines) == 1
    assert lines[0].startswith("::notice ")
