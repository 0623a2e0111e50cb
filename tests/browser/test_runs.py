"""The Runs page with a hand on it: scrub, brush, sort, take away."""

import re

import pytest

from browser.serving import changed, picture, settle, take_away

GALLERY = ".st-key-gallery-box"
CHART = f"{GALLERY} .vega-embed"
SCATTER = "[class*=st-key-scatter-]"


def opened(visit):
    page = visit.open("runs?tiles=24")
    page.locator(GALLERY).scroll_into_view_if_needed()
    page.locator(f"{GALLERY} input[type=range]").wait_for()
    return page


@pytest.fixture(scope="module")
def page(staying):
    return opened(staying)


def test_scrubbing_moves_every_square_tile_without_asking_the_server(staying, page):
    # The margins come on top of the tiles' own pixels: nothing is squeezed to fit the page.
    box = page.locator(f"{GALLERY} canvas").bounding_box()
    assert box["width"] > 960
    assert box["height"] > 3 * 960 / 8
    slider = page.locator(f"{GALLERY} input[type=range]")
    last = int(slider.get_attribute("max"))
    slider.fill("0")
    start = picture(page, CHART)
    staying.sent.clear()
    for frame in range(last + 1):
        slider.fill(str(frame))
    # The watch for new rows asks once a second; a step of the slider never does.
    assert len(staying.sent) < last / 2
    assert changed(picture(page, CHART), start) > 0.01
    slider.fill("0")
    assert changed(picture(page, CHART), start) == 0


def test_a_brush_narrows_what_is_below_and_can_become_the_filter(visit):
    page = opened(visit)
    page.locator(SCATTER).scroll_into_view_if_needed()
    box = page.locator(f"{SCATTER} .vega-embed").bounding_box()
    page.mouse.move(box["x"] + 0.15 * box["width"], box["y"] + 0.25 * box["height"])
    page.mouse.down()
    page.mouse.move(box["x"] + 0.55 * box["width"], box["y"] + 0.7 * box["height"], steps=8)
    page.mouse.up()
    keep = page.get_by_role("button", name="Keep the brush as filter")
    keep.wait_for()
    page.get_by_text(re.compile(r"^Runs 1 to .* of 56$")).wait_for(state="hidden")
    below = page.get_by_text(re.compile(r"^Runs 1 to .* of \d+$")).inner_text()
    kept = int(below.split()[-1])
    assert 0 < kept < 56
    keep.click()
    page.wait_for_url("**where=grid_imperfections*validation_accuracy*")
    settle(page)
    page.get_by_text(f"{kept} of 56 networks").wait_for()


def test_what_is_on_screen_can_be_taken_away(page):
    page.locator(SCATTER).scroll_into_view_if_needed()
    starts = {"CSV": b"run_id,", "Parquet": b"PAR1", "PDF": b"%PDF", "SVG": b"<svg"}
    for form, start in starts.items():
        assert take_away(page, f"scatter.{form.lower()}", form).startswith(start)
