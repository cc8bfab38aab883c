"""The registry as a static site, from values and from a real registry on disk."""

import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest
import report_factory as factory

from gatekeeper.registry import By, Registry
from gatekeeper.report.from_registry import recorded_site, surroundings_of
from gatekeeper.report.html.check_page import render_html
from gatekeeper.report.html.site_pages import ChannelHistory, ChannelMoment, SiteCheck, render_site


class Links(HTMLParser):
    def __init__(self):
        super().__init__()
        self.found, self.ids = [], set()

    def handle_starttag(self, tag, attrs):
        named = dict(attrs)
        if tag == "a":
            self.found.append(named["href"])
        if "id" in named:
            self.ids.add(named["id"])


def links_of(page):
    parser = Links()
    parser.feed(page)
    return parser


def checks():
    made = (
        factory.escalated, factory.refused, factory.held, factory.hostile, factory.promoted
    )  # fmt: skip
    return [SiteCheck(make(factory.samples(3)), factory.lineage()) for make in made]


def channels():
    moment = ChannelMoment("2026-11-24T02:00:00Z", "promoted to " + factory.HOSTILE, "ci",
                           factory.HOSTILE, checks()[-1].check.check_id)  # fmt: skip
    return [ChannelHistory("production", factory.HOSTILE, (moment,))]


def test_every_link_of_the_site_leads_somewhere():
    pages = dict(render_site(checks(), channels()))
    assert len(pages) == 6
    for path, page in pages.items():
        links = links_of(page)
        for link in links.found:
            if link.startswith("#"):
                assert link[1:] in links.ids, (path, link)
            else:
                folder = path.rpartition("/")[0]
                target = link.removeprefix("../") if folder else link
                assert target in pages, (path, link)


def test_the_site_shows_hostile_text_as_text():
    page = dict(render_site(checks(), channels()))["index.html"]
    assert "<script" not in page
    assert "<img" not in page
    assert "\u202e" not in page


def test_an_empty_registry_has_a_page_that_says_so():
    [(path, page)] = render_site([], [])
    assert path == "index.html"
    assert "Nothing has been checked yet." in page
    assert "the frozen base serves everywhere" in page


def test_the_scatter_holds_each_candidate_once_and_this_check_for_its_own():
    first = replace(factory.held(), check_id="c-1")
    later = first.evidence.model_copy(update={"created": "2026-11-25T00:00:00Z"})
    second = replace(first, check_id="c-2", evidence=later)
    pages = dict(render_site([SiteCheck(first), SiteCheck(second)], []))
    assert "c-2" not in re.findall(r"c-\d", pages["checks/c-1.html"])
    assert "c-1" not in re.findall(r"c-\d", pages["checks/c-2.html"])


@pytest.fixture
def registry(tmp_path):
    store = Registry.create(tmp_path / "registry")
    for index, make in enumerate((factory.escalated, factory.held)):
        check = make(factory.samples(3))
        store.record_check(
            check.evidence, check.verdict, check.samples, check.policy_text,
            name=check.evidence.candidate.name, by=By("ci", f"2026-11-24T0{index}:00:00Z"),
        )  # fmt: skip
    return store


def test_a_recorded_registry_becomes_a_site(registry):
    pages = dict(recorded_site(registry, skipped=[]))
    assert len(pages) == 3
    assert "support-r8-hot" in pages["index.html"]
    assert "Forgetting over time" in pages["index.html"]


def test_a_recorded_check_knows_its_lineage_and_its_rivals(registry):
    check = factory.held()
    around = surroundings_of(registry, check.check_id)
    assert [point.name for point in around.candidates] == ["support-r8", "support-r8-hot"]
    assert around.candidates[-1].check_id == check.check_id
    assert around.candidates[-1].worst_forgetting == pytest.approx(-0.228)
    page = render_html(check, around)
    assert "SmolLM2-135M-Instruct" in around.lineage.label
    assert check.check_id in page
    assert ' focus">' in page
