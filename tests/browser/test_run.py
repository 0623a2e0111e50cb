"""The pages Run and Lab with a hand on them: scrub, play, step."""

import re

import pytest

from browser.serving import changed, picture

BOX = ".st-key-run-box"


@pytest.fixture(scope="module")
def page(staying):
    page = staying.open("run?run=40")
    page.locator(f"{BOX} input[type=range]").wait_for()
    return page


def test_a_step_of_the_slider_moves_all_panels_in_the_browser(page):
    page.get_by_text("epoch 300", exact=True).wait_for()
    before = picture(page, f"{BOX} .vega-embed")
    page.locator(f"{BOX} input[type=range]").fill("0")
    page.get_by_text("epoch 0", exact=True).wait_for()
    assert changed(picture(page, f"{BOX} .vega-embed"), before) > 0.01


def test_play_runs_to_the_end_by_itself(page):
    slider = page.locator(f"{BOX} input[type=range]")
    slider.fill(str(int(slider.get_attribute("max")) - 4))
    page.get_by_role("button", name=re.compile("Play")).click()
    page.get_by_text("epoch 300", exact=True).wait_for()
    page.get_by_role("button", name=re.compile("Play")).wait_for()


def test_next_and_the_url(visit):
    page = visit.open("run?run=40")
    page.get_by_role("button", name="Next", exact=True).click()
    page.wait_for_url("**run=41*")
    page.get_by_role("heading", name=re.compile("^Run 41:")).wait_for()


def test_the_lab_plays_and_pauses(visit):
    page = visit.open("lab")
    page.get_by_role("button", name="Play", exact=True).click()
    page.get_by_text(re.compile("^Epoch [1-9]0")).wait_for(timeout=60_000)
    page.get_by_role("button", name="Pause", exact=True).click()
    page.get_by_role("button", name="Play", exact=True).wait_for(timeout=12_000)
    assert page.locator("[data-testid=stException]").count() == 0
