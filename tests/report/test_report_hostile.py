"""Whatever a model or an adapter says, no format lets it act."""

import io
import re
import unicodedata
import xml.etree.ElementTree as ET
from dataclasses import replace
from html.parser import HTMLParser

import report_factory as factory
from draws import draws
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from gatekeeper.report.github_actions import annotation_lines, tell_github
from gatekeeper.report.html.check_page import Surroundings, render_html
from gatekeeper.report.html.flip_rows import flip_rows
from gatekeeper.report.junit import render_junit
from gatekeeper.report.markdown import escape, render_markdown
from gatekeeper.report.terminal.verdict_screen import print_inspection, print_verdict
from gatekeeper.report.visible_text import clip, one_line, visible

ANY_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)
NASTY = st.sampled_from(
    ["</script>", "<img src=x onerror=a()>", "\u202e", "\x1b[2J", "`", "|", "\n", "[a](b)", "]]>",
     "<!--", "-->", "&lt;", "\r::error::x", "@all", "'", '"', "\u2028", "\U000e0041"]
)  # fmt: skip
HOSTILE_TEXT = st.lists(st.one_of(ANY_TEXT, NASTY), max_size=6).map("".join)


class Tags(HTMLParser):
    """Counts elements and keeps attributes, as a browser's parser would see them."""

    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.found, self.attributes, self.texts = [], [], []

    def handle_starttag(self, tag, attrs):
        self.found.append(tag)
        self.attributes += [name for name, _ in attrs]

    def handle_data(self, data):
        self.texts.append(data)


def page_with(text):
    check = factory.held()
    evidence = check.evidence.model_copy(
        update={
            "candidate": check.evidence.candidate.model_copy(
                update={"name": text, "source": text, "target_modules": (text,)}
            ),
            "contamination": factory.overlap(text),
        }
    )
    record = factory.samples(1)[0].model_copy(
        update={"capability": text, "sample_id": text, "question": text, "candidate_answer": text}
    )
    check = replace(check, evidence=evidence, read_samples=lambda: [record])
    return render_html(check, Surroundings(lineage=factory.lineage(text)))


def tags_of(page):
    parser = Tags()
    parser.feed(page)
    return parser


PLAIN = tags_of(page_with("plain"))


@draws(40)
@given(HOSTILE_TEXT)
def test_no_text_adds_an_element_or_an_attribute_to_the_page(text):
    found = tags_of(page_with(text))
    assert found.found == PLAIN.found
    assert found.attributes == PLAIN.attributes


@given(HOSTILE_TEXT)
def test_visible_text_has_nothing_invisible_left(text):
    for char in visible(text):
        invisible = unicodedata.category(char) in ("Cc", "Cf", "Cs", "Co", "Zl", "Zp")
        assert not invisible or char in "\n\t\u200c\u200d"


def test_every_format_character_that_python_knows_is_spelled_out():
    kept = {
        code
        for code in range(0x110000)
        if unicodedata.category(chr(code)) in ("Cc", "Cf", "Zl", "Zp")
        and visible(chr(code)) == chr(code)
    }
    assert kept == {0x09, 0x0A, 0x200C, 0x200D}


@given(HOSTILE_TEXT)
def test_without_breaks_visible_text_is_one_line_and_keeps_its_columns(text):
    shown = visible(f"name  {text}", breaks=False)
    assert len(shown.splitlines()) == 1
    assert shown.startswith("name  ")
    assert "\t" not in shown


@given(HOSTILE_TEXT)
def test_one_line_is_one_line(text):
    assert len(one_line(text).splitlines()) <= 1


@given(st.text(max_size=300), st.integers(10, 100))
def test_a_clipped_text_keeps_its_head_and_tail(text, limit):
    cut = clip(text, limit)
    assert cut == text or (len(cut) <= limit + 40 and cut[0] == text[0] and cut[-1] == text[-1])


@given(HOSTILE_TEXT)
def test_escaped_markdown_has_no_live_mark(text):
    plain = re.sub(r"&#\d+;", "", escape(text))
    assert not set(plain) & set("\\`*_[]<>|#~@&$")
    assert "://" not in plain


def test_markdown_shows_hostile_text_as_text():
    text = render_markdown(factory.hostile(factory.samples(4, factory.HOSTILE)))
    outside_code = re.sub(r"`[^`\n]*`", "", text)
    allowed = re.compile(r"</?(details|summary|sub|br)>|<!-- gatekeeper:[\w.-]+ -->")
    assert "<" not in allowed.sub("", outside_code).replace("```sh", "")
    assert "\u202e" not in text
    assert "\x1b" not in text


def test_a_terminal_never_receives_a_control_sequence_of_a_model():
    for terminal in (True, False):
        stream = io.StringIO()
        console = Console(file=stream, force_terminal=terminal, width=80, color_system=None)
        check = factory.hostile(factory.samples(8, factory.HOSTILE))
        print_verdict(console, check, verbose=True)
        print_inspection(console, check.evidence.candidate, check.evidence.findings)
        text = stream.getvalue()
        assert "[31mred" in text  # shown, but without the escape before it
        for forbidden in ("\x1b[31m", "\u202e", "\x07", "\r"):
            assert forbidden not in text


def test_rich_markup_in_a_name_is_not_markup():
    check = factory.renamed(factory.held(), "[bold red]x[/]")
    stream = io.StringIO()
    print_verdict(Console(file=stream, force_terminal=True, width=80), check)
    assert "[bold red]x[/]" in stream.getvalue()


def test_junit_stays_well_formed():
    root = ET.fromstring(render_junit(factory.hostile()))
    assert any("</script>" in case.get("name", "") for case in root.iter("testcase"))


def test_an_annotation_cannot_start_a_second_command():
    path = "policies/prod,uction:1.yaml"
    lines = annotation_lines(factory.held(), path)
    assert "file=policies/prod%2Cuction%3A1.yaml" in lines[0]
    for line in [*lines, *annotation_lines(factory.hostile(), path)]:
        assert len(line.splitlines()) == 1
        head = line.removeprefix("::error ").split("::")[0]
        assert {part.split("=")[0] for part in head.split(",")} <= {"file", "line", "title"}


def test_an_output_value_cannot_set_another_output(tmp_path):
    out = tmp_path / "out"
    outputs = {"report": "a\nverdict<<x\npromote"}
    tell_github({"GITHUB_OUTPUT": str(out)}, factory.hostile(), outputs=outputs)
    names = set()
    lines = iter(out.read_text().splitlines())
    for line in lines:
        name, fence = line.split("<<", 1)
        names.add(name)
        for inner in lines:
            if inner == fence:
                break
    assert names == {"verdict", "exit-code", "check", "headline", "report"}


def test_flips_are_cut_to_the_budget_with_the_cut_told():
    rows = flip_rows(factory.samples(600, "x" * 10_000))
    assert len(rows) == 500
    size = sum(len(f"{r.question}{r.base}{r.candidate}{r.gold}".encode()) for r in rows)
    assert size <= 200_000
    assert "characters…]" in rows[0].question
