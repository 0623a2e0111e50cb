"""The Tables page in a browser: sliders, URL, export."""

import numpy as np
import pytest

from browser.serving import picture, settle, take_away

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
    chart = page.locator(f"{SCATTER} canvas")
    chart.scroll_into_view_if_needed()
    red, _, blue = np.moveaxis(picture(page, f"{SCATTER} canvas"), 2, 0)
    below_legend = 50
    rows, columns = np.nonzero((red - blue)[below_legend:] > 100)  # a grid's vermilion
    x, y = int(columns[0]) + 2, int(rows[0]) + below_legend + 2
    chart.click(position={"x": x, "y": y})
    page.wait_for_url("**/run?*run=*")
    settle(page)
