"""The Tables page in a browser: sliders, URL, export."""

import pytest

from browser.serving import settle, take_away

SCATTER = ".st-key-runs-correlated"


@pytest.fixture(scope="module")
def page(staying):
    return staying.open("tables?experiment=table-1")


def test_a_slider_is_in_the_url(page):
    slider = page.get_by_role("slider", name="A circle has a radius ratio below")
    slider.focus()
    for _ in range(4):
        page.keyboard.press("ArrowRight")
    page.wait_for_url("**threshold=1.4*")
    assert float(slider.input_value()) == pytest.approx(1.4)


def test_the_table_can_be_taken_to_a_document(page):
    for form, suffix, start in (("Markdown", "md", b"| weight"), ("LaTeX", "tex", b"% needs")):
        assert take_away(page, f"table.{suffix}", form).startswith(start)


def test_a_click_on_a_mark_opens_its_run(visit):
    page = visit.open("tables?experiment=table-1")
    page.locator(SCATTER).scroll_into_view_if_needed()
    page.locator(f"{SCATTER} .mark-symbol path").nth(5).click(force=True)
    page.wait_for_url("**/run?*run=*")
    settle(page)
