"""The report in a browser: it asks for nothing; it is read on a phone, in the dark, in print."""

import pytest

from dashboard.report.build import build
from dashboard.report.write import write_report
from db.connect import reader

SECTIONS = ("claims", "table-1", "classifier", "appendix-d", "initialisation")


@pytest.fixture(scope="module")
def written(report_database, tmp_path_factory):
    folder = tmp_path_factory.mktemp("report")
    engine = reader(str(report_database))
    write_report(build(engine, SECTIONS), folder)
    engine.dispose()
    return folder / "report.html"


@pytest.fixture
def opened(chromium, written):
    """Opens the report in a window without a network; fails if anything is asked for."""
    contexts, asked = [], []

    def open_(**settings):
        contexts.append(chromium.new_context(offline=True, **settings))
        page = contexts[-1].new_page()
        page.on("request", lambda request: asked.append(request.url))
        page.goto(written.as_uri())
        return page

    yield open_
    for context in contexts:
        context.close()
    assert {url for url in asked if not url.startswith("data:")} == {written.as_uri()}


def test_every_figure_is_seen_and_nothing_is_asked_for(opened):
    page = opened(viewport={"width": 1280, "height": 900})
    assert page.locator("h1").count() == 1
    assert page.locator("section").count() == len(SECTIONS)
    for figure in page.locator("figure svg").all():
        box = figure.bounding_box()
        assert box["width"] > 200
        assert box["height"] > 100
    for image in page.locator("svg image").all():
        assert image.get_attribute("xlink:href").startswith("data:image/png;base64,")


def test_clipped_and_other_named_parts_are_each_figure_s_own(opened):
    page = opened()
    names = page.evaluate("[...document.querySelectorAll('[id]')].map(element => element.id)")
    assert len(names) == len(set(names))


def test_a_phone_shows_it_without_scrolling_sideways(opened):
    page = opened(viewport={"width": 390, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_stands_out_in_both_themes(scheme, opened):
    page = opened(color_scheme=scheme)
    lightness = "element => getComputedStyle(element).getPropertyValue('{}').match(/\\d+/g)[0]"
    paper = int(page.locator("body").evaluate(lightness.format("background-color")))
    for place, colour in (("main p", "color"), ("svg text", "fill")):
        ink = int(page.locator(place).first.evaluate(lightness.format(colour)))
        assert abs(ink - paper) > 150, place


def test_print_is_on_white_whatever_the_theme(opened):
    page = opened(color_scheme="dark")
    page.emulate_media(media="print", color_scheme="dark")
    colour = page.locator("body").evaluate("body => getComputedStyle(body).backgroundColor")
    assert colour == "rgb(255, 255, 255)"


def test_nothing_that_is_printed_leaves_the_paper(opened):
    page = opened(viewport={"width": 673, "height": 900})  # A4 less its margins
    page.emulate_media(media="print")
    right_edges = page.locator("table, svg, pre, dl").evaluate_all(
        "elements => elements.map(element => element.getBoundingClientRect().right)"
    )
    assert len(right_edges) > 10
    assert max(right_edges) <= 674


def test_a_claim_links_to_where_it_is_shown(opened):
    page = opened(viewport={"width": 1280, "height": 900})
    page.locator("#claim-list a", has_text="table-1").first.click()
    assert page.locator("#table-1").evaluate(
        "section => location.hash === '#' + section.id && scrollY > 0"
    )
