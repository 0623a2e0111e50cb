"""Through the pages by their links, as people go: each without error and on this machine."""

import re
from io import BytesIO
from urllib.parse import quote, urlencode, urlsplit

import pandas as pd
import pytest
from conftest import MARKUP

from browser.serving import settle, take_away
from dashboard.pages import PAGES
from dashboard.states import ENDED

# A page is headed by its title; or else by this.
HEADINGS = {
    "overview": "Clustering and alignment in modular addition",
    "run": re.compile(r"Run \d+:"),
}


@pytest.fixture(scope="module")
def window(staying):
    staying.open("")
    return staying


def go_to(shown, page):
    shown.get_by_role("link", name=page.title, exact=True).click()
    shown.wait_for_url(lambda url: urlsplit(url).path == f"/{page.address}")
    heading = HEADINGS.get(page.name, page.title)
    shown.get_by_role("heading", level=1, name=heading).wait_for()
    settle(shown)


@pytest.mark.parametrize("page", PAGES.values(), ids=list(PAGES))
def test_a_page_opens_without_error_stays_on_the_machine_and_gives_rows_away(window, page):
    shown = window.page
    go_to(shown, page)
    assert shown.locator("h1").count() == 1
    assert shown.locator("[data-testid=stException]").count() == 0
    assert shown.get_by_text(ENDED).count() == 0
    taken = pd.read_csv(BytesIO(take_away(shown, "", "CSV")))
    assert len(taken)
    shown.keyboard.press("Escape")
    complaints, window.complaints = window.complaints, []
    assert not complaints


def test_what_the_database_holds_is_text(visit):
    """A page that took it for more would ask for an image, or show an alert, and complain."""
    shown = visit.open(f"?{urlencode({'experiment': quote(MARKUP), 'run': 49})}")
    for page in PAGES.values():
        go_to(shown, page)
        if page.filtered:
            shown.get_by_text(MARKUP).first.wait_for(state="attached")
        assert shown.locator("img[src=evil], a[href^=javascript]").count() == 0


def test_the_filter_survives_the_navigation(visit):
    page = visit.open("?where=weight_decay:0.3..0.6")
    page.get_by_role("link", name="Runs").click()
    page.wait_for_url("**/runs?*where=weight_decay*")
    settle(page)
    assert page.get_by_label("weight decay from").input_value() == "0.3"
    page.get_by_role("link", name="Overview").click()
    page.wait_for_url("**/?*where=weight_decay*")


def test_clearing_the_filter_clears_the_url(visit):
    page = visit.open("runs?where=seed:1..3&structure=grid")
    page.get_by_role("button", name="Clear", exact=True).click()
    page.wait_for_url(lambda url: "where" not in url)
    page.get_by_text("56 of 56 networks").wait_for()
