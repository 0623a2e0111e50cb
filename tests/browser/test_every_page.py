import pytest

from browser.serving import settle
from dashboard.pages import PAGES

SIDEBAR = "[data-testid=stSidebar]"


@pytest.mark.parametrize("page", PAGES.values(), ids=list(PAGES))
def test_a_page_opens_without_error_and_stays_on_the_machine(visit, page):
    shown = visit.open(page.address)
    assert shown.locator("h1").count() == 1
    assert shown.locator("[data-testid=stException]").count() == 0


def test_a_copied_url_shows_the_same_view_in_a_fresh_browser(visit, chromium):
    page = visit.open("runs?where=weight_decay:0.3..0.6&structure=grid")
    page.get_by_text("of 56 networks").wait_for()
    context = chromium.new_context(viewport=page.viewport_size)
    try:
        copy = context.new_page()
        copy.goto(page.url)
        settle(copy)
        assert copy.get_by_label("weight decay from").input_value() == "0.3"
        assert copy.locator(SIDEBAR).inner_text() == page.locator(SIDEBAR).inner_text()
    finally:
        context.close()


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
