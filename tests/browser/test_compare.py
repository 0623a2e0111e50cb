"""Compare and Phase diagram with a hand on them: choose, swap, copy the URL, take away."""

import re

from browser.serving import settle, take_away

OVERLAY = ".st-key-overlay-box"


def test_a_row_of_the_most_alike_is_laid_over(visit):
    page = visit.open("compare?left_run=5")
    page.locator(OVERLAY).scroll_into_view_if_needed()
    first = page.get_by_label("Run on the right").input_value()
    table = page.locator(".st-key-most-alike")
    table.scroll_into_view_if_needed()
    box = table.locator("canvas").first.bounding_box()
    page.mouse.click(box["x"] + 14, box["y"] + 36 + 46 + 23)  # the second row's box
    page.wait_for_url("**right_run=*")
    page.get_by_text("1 of 36", exact=True).wait_for(state="hidden")
    # The input of the run before may still be fading.
    page.get_by_label("Run on the right").nth(1).wait_for(state="detached")
    assert page.get_by_label("Run on the right").input_value() != first


def test_swapping_keeps_the_two_runs(visit):
    page = visit.open("compare?left_run=5&right_run=60")
    page.get_by_role("button", name="Swap sides").click()
    page.wait_for_url(re.compile("left_run=60.*right_run=5"))
    left, right = (page.get_by_label(f"Run on the {side}") for side in ("left", "right"))
    page.wait_for_function(
        "label => document.querySelector(`[aria-label='${label}']`).value === '5'",
        arg="Run on the right",
    )
    for number in (left, right):  # those of the run before may still be fading
        number.nth(1).wait_for(state="detached")
    assert (left.input_value(), right.input_value()) == ("60", "5")


def test_the_overlay_has_equal_scales(visit):
    page = visit.open("compare?left_run=5")
    page.locator(OVERLAY).scroll_into_view_if_needed()
    settle(page)
    frame = page.locator(f"{OVERLAY} path.background").first.bounding_box()
    assert abs(frame["width"] - frame["height"]) < 1.5


def test_a_phase_diagram_can_be_taken_away(visit):
    page = visit.open("phases?over=weight_decay&across=epochs")
    for form, start in {"CSV": b"weight_decay,", "SVG": b"<svg"}.items():
        assert take_away(page, f"phase-diagram.{form.lower()}", form).startswith(start)
    page.get_by_text("GROUP BY").wait_for()


def test_a_click_on_a_cell_opens_its_runs(visit):
    page = visit.open("phases?over=weight_decay&across=epochs&experiment=table-1")
    page.get_by_text("n = 12", exact=True).first.click()
    page.wait_for_url(re.compile("/runs.*where=weight_decay%3A0"))
    page.get_by_text("12 of 56 networks").wait_for()
