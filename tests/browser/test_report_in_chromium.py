"""The HTML report in a real browser: quiet, offline, readable, usable without a mouse or script."""

import pytest
import report_factory as factory
from trained import HOSTILE_NAME

from gatekeeper.cli import main
from gatekeeper.report.html.check_page import Surroundings, render_html

pytestmark = pytest.mark.browser

PAGES = {
    "hold": lambda: render_html(
        factory.held(factory.samples(500)), Surroundings(factory.candidates(), factory.lineage())
    ),
    "escalate": lambda: render_html(
        factory.escalated_full(factory.samples()),
        Surroundings(factory.candidates(), factory.lineage()),
    ),
    "refused": lambda: render_html(factory.refused()),
    "hostile": lambda: render_html(
        factory.hostile(factory.samples(20, factory.HOSTILE * 60)),
        Surroundings(lineage=factory.lineage(factory.HOSTILE)),
    ),
}


REAL = {"checked": "careless", "checked-hostile": HOSTILE_NAME}
"""Pages of checks that `gate check` really made; see `checked` in tests/conftest.py."""


@pytest.fixture(scope="session")
def pages(tmp_path_factory, checked):
    folder = tmp_path_factory.mktemp("pages")
    for name, render in PAGES.items():
        (folder / f"{name}.html").write_text(render(), encoding="utf-8")
    for name, candidate in REAL.items():
        with pytest.raises(SystemExit):
            main(
                [
                    "report",
                    candidate,
                    "--registry",
                    str(checked / ".gate"),
                    "--html",
                    str(folder / f"{name}.html"),
                ]
            )
    return {name: folder / f"{name}.html" for name in (*PAGES, *REAL)}


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [390, 1400])
@pytest.mark.parametrize("name", [*PAGES, *REAL])
def test_a_report_is_quiet_offline_and_never_scrolls_sideways(page, pages, name, width, dark):
    page.open(pages[name], width=width, dark=dark)
    assert page.complaints() == []
    assert page.requests() == []
    assert page.run("return document.documentElement.scrollWidth") <= width
    shown = ".narrow" if width == 390 else ".wide"
    assert page.run(
        "return [...document.querySelectorAll('.wide, .narrow')]"
        ".every(e => (e.getClientRects().length > 0) === e.matches(arguments[0]))",
        shown,
    )
    background = page.run("return getComputedStyle(document.body).backgroundColor")
    lightness = sum(int(part) for part in background[4:-1].split(","))
    assert (lightness < 200) if dark else (lightness > 650)


@pytest.mark.parametrize("width", [390, 1400])
def test_no_text_of_a_chart_leaves_its_drawing(page, pages, width):
    page.open(pages["hold"], width=width)
    outside = page.run(
        """
        return [...document.querySelectorAll("svg")].filter(s => s.getClientRects().length)
          .flatMap(svg => [...svg.querySelectorAll("text")].filter(t => {
            const a = svg.getBoundingClientRect(), b = t.getBoundingClientRect();
            return b.left < a.left - 3 || b.right > a.right + 3 || b.bottom > a.bottom + 3;
          }).map(t => svg.id + ": " + t.textContent));
        """
    )
    assert outside == []


def test_hostile_text_is_shown_as_text_and_runs_nowhere(page, pages):
    page.open(pages["hostile"])
    assert page.run("return document.images.length") == 0
    assert page.run("return document.scripts.length") == 1
    assert page.run("return document.querySelectorAll('[onerror],[onclick]').length") == 0
    heading = page.run("return document.querySelector('.what').textContent")
    assert "</script><script>alert(1)</script>" in heading
    assert "\u202e" not in page.run("return document.documentElement.outerHTML")


def test_the_policy_of_the_page_stops_a_script_that_would_slip_in(page, pages, tmp_path):
    text = pages["hold"].read_text(encoding="utf-8")
    broken = tmp_path / "broken.html"
    broken.write_text(
        text.replace("<main>", "<main><script>document.title='owned'</script>"
                     "<img src='https://127.0.0.1:9/x.png' onerror=\"document.title='owned'\">"),
        encoding="utf-8",
    )  # fmt: skip
    page.open(broken)
    assert page.run("return document.title") != "owned"
    assert any("Content Security Policy" in text for text in page.complaints())


def test_flips_are_filtered_and_sorted(page, pages):
    page.open(pages["hold"])
    count = "return [...document.querySelectorAll('#flip-table tbody tr')].filter(r => !r.hidden)"
    assert page.run(count + ".length") == 500
    page.run(
        "const k = document.getElementById('kind'); k.value = 'gained';"
        "k.dispatchEvent(new Event('change'))"
    )
    gained = page.run(count + ".length")
    assert 0 < gained < 500
    assert page.run("return document.getElementById('shown').textContent") == (
        f"{gained} of 500 flips"
    )
    page.run(
        "const w = document.getElementById('words'); w.value = 'currencies-0002';"
        "w.dispatchEvent(new Event('input'))"
    )
    assert page.run(count + ".length") == 1
    page.open(pages["hold"])
    first = "return document.querySelector('#flip-table tbody tr td:nth-child(2)').textContent"
    before = page.run(first)
    header = "document.querySelectorAll('#flip-table thead button')[1].click();"
    page.run(header)
    assert page.run(first).startswith("arithmetic")
    page.run(header)
    assert page.run(first).startswith("grammar")
    page.run(header)
    assert page.run(first) == before


def test_without_javascript_every_flip_is_still_there(page, pages):
    page.open(pages["hold"], script=False)
    assert page.run("return document.querySelectorAll('#flip-table tbody tr').length") == 500
    assert page.run("return document.querySelectorAll('#flip-table button').length") == 0
    assert not page.driver.find_element("css selector", ".filters").is_displayed()
    assert page.driver.find_element("css selector", "#flip-table tbody tr").is_displayed()
    assert page.driver.find_element("css selector", "#verdict").text == "HOLD"


def test_everything_that_acts_is_reached_with_the_tab_key_alone(page, pages):
    from selenium.webdriver.common.action_chains import ActionChains
    from selenium.webdriver.common.keys import Keys

    page.open(pages["hold"])
    wanted = page.run(
        "const all = 'a[href], summary, select, input, button, [tabindex]';"
        "return [...document.querySelectorAll(all)].filter(e => e.checkVisibility()).length"
    )
    reached, outlined = set(), True
    for _ in range(wanted + 2):
        ActionChains(page.driver).send_keys(Keys.TAB).perform()
        reached.add(
            page.run(
                "const e = document.activeElement; e.dataset.n ||= String(Math.random());"
                "return e.dataset.n"
            )
        )
        outlined &= page.run(
            "return getComputedStyle(document.activeElement).outlineStyle !== 'none' "
            "|| document.activeElement === document.body"
        )
    assert len(reached) >= wanted
    assert outlined


def test_details_open_with_the_keyboard(page, pages):
    from selenium.webdriver.common.keys import Keys

    page.open(pages["hold"])
    summary = page.driver.find_element("css selector", "#forgetting summary")
    summary.send_keys(Keys.ENTER)
    assert page.run("return document.querySelector('#forgetting details').open")


def test_every_drawing_has_a_name_and_a_description(page, pages):
    page.open(pages["escalate"])
    unnamed = page.run(
        "return [...document.querySelectorAll('svg')].filter(s => !s.getAttribute"
        "('aria-labelledby').split(' ').every(id => document.getElementById(id).textContent.trim()"
        ")).length"
    )
    assert unnamed == 0
    assert page.run("return document.querySelectorAll('svg').length") >= 7
    ids = page.run("return [...document.querySelectorAll('[id]')].map(e => e.id)")
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize(
    ("name", "width"),
    [
        ("hold", 1400),
        ("escalate", 390),
        ("hostile", 390),
        ("checked", 1400),
        ("checked-hostile", 390),
    ],
)
def test_axe_finds_no_serious_problem(page, pages, axe, name, width, dark):
    page.open(pages[name], width=width, dark=dark)
    page.run("document.querySelectorAll('details').forEach(d => d.open = true)")
    page.run(axe)
    found = page.driver.execute_async_script(
        "const done = arguments[0];"
        "axe.run(document, {resultTypes: ['violations']}).then(r => done(r.violations.map("
        "v => [v.impact, v.id, v.nodes.slice(0, 3).map(n => n.html.slice(0, 160) + ' '"
        " + n.failureSummary)])))"
    )
    assert [each for each in found if each[0] in ("serious", "critical")] == []


def test_printing_gives_a_paper_with_the_verdict_and_without_controls(page, pages):
    page.open(pages["escalate"])
    page.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    try:
        assert not page.driver.find_element("css selector", "nav").is_displayed()
        assert not page.driver.find_element("css selector", ".filters").is_displayed()
        assert page.driver.find_element("css selector", "#verdict").is_displayed()
        assert page.run("return getComputedStyle(document.querySelector('.tall')).maxHeight") == (
            "none"
        )
    finally:
        page.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})


@pytest.fixture(scope="session")
def site(tmp_path_factory):
    from gatekeeper.report.html.site_pages import (
        ChannelHistory,
        ChannelMoment,
        SiteCheck,
        render_site,
    )

    folder = tmp_path_factory.mktemp("site")
    made = (factory.escalated, factory.held, factory.hostile, factory.promoted)
    checks = [SiteCheck(make(factory.samples(4)), factory.lineage()) for make in made]
    moment = ChannelMoment(
        "2026-11-24T02:00:00Z", "promoted to it", "ci", "", checks[-1].check.check_id
    )
    for path, text in render_site(checks, [ChannelHistory("production", "it", (moment,))]):
        (folder / path).parent.mkdir(exist_ok=True)
        (folder / path).write_text(text, encoding="utf-8")
    return folder


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [390, 1400])
def test_the_site_is_quiet_offline_and_accessible(page, site, axe, width, dark):
    page.open(site / "index.html", width=width, dark=dark)
    assert page.complaints() == []
    assert page.requests() == []
    assert page.run("return document.documentElement.scrollWidth") <= width
    page.run(axe)
    found = page.driver.execute_async_script(
        "axe.run(document).then(r => arguments[0](r.violations.map(v => [v.impact, v.id, "
        "v.nodes[0].html])))"
    )
    assert [each for each in found if each[0] in ("serious", "critical")] == []


def test_the_way_into_a_check_and_back(page, site):
    page.open(site / "index.html")
    page.driver.find_element("css selector", ".checks tbody a").click()
    assert page.driver.find_element("css selector", "#verdict").text == "PROMOTE"
    page.driver.find_element("css selector", ".brand a").click()
    assert page.driver.current_url.endswith("/index.html")
