"""What a hand does on the Runs page leads on: a brush goes away again, a tile opens its run."""

import re

BRUSH = "brush=grid_imperfections:0..60;validation_accuracy:0..0.9"
GALLERY = ".st-key-gallery-box"


def test_a_brush_that_came_by_the_url_is_taken_away(visit):
    page = visit.open(f"runs?tiles=24&{BRUSH}")
    below = page.get_by_text(re.compile(r"^Runs 1 to .* of \d+$"))
    below.wait_for()
    assert not below.inner_text().endswith(" of 56")
    page.get_by_role("button", name="Take the brush away").click()
    page.wait_for_url(lambda url: "brush" not in url)
    page.get_by_text(re.compile("^Runs 1 to .* of 56$")).wait_for()
    page.get_by_role("button", name="Take the brush away").wait_for(state="detached")


def test_a_click_on_a_tile_opens_its_run(visit):
    page = visit.open("runs?tiles=24&sort=run_id&experiment=table-1")
    page.locator(f"{GALLERY} input[type=range]").wait_for()
    canvas = page.locator(f"{GALLERY} canvas")
    canvas.scroll_into_view_if_needed()
    # Eight tiles a row: the middle of the third one.
    canvas.click(position={"x": 2.5 * 960 / 8, "y": 60})
    page.wait_for_url("**/run?*run=3*")
    page.get_by_role("heading", name=re.compile("^Run 3:")).wait_for()


def test_a_click_on_a_row_opens_its_run(visit):
    page = visit.open("runs?tiles=24&sort=run_id&experiment=table-1")
    grid = page.locator(".st-key-runs-table .dvn-scroller")
    grid.scroll_into_view_if_needed()
    page.get_by_text(re.compile("^Runs 1 to ")).wait_for()
    # The box before the second row, below the head.
    grid.click(position={"x": 16, "y": 35 + 1.5 * 46})
    page.wait_for_url("**/run?*run=2*")
    page.get_by_role("heading", name=re.compile("^Run 2:")).wait_for()
