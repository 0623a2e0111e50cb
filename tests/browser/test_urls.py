"""What is on screen is in the URL: copied into a fresh browser, it shows the same view."""

import re

import pytest

from browser.conftest import VIEWPORT
from browser.serving import settle, take_away

SCATTER = "[class*=st-key-scatter-]"
SIDEBAR = "[data-testid=stSidebar]"


@pytest.fixture(scope="module")
def elsewhere(chromium):
    """Opens a URL in another browser, which shares nothing with the first but the URL."""
    context = chromium.new_context(viewport=VIEWPORT)

    def open_(url):
        for page in context.pages:  # each would ask the server for news as long as it is open
            page.close()
        page = context.new_page()
        page.goto(url)
        settle(page)
        return page

    yield open_
    context.close()


def drag_over(page, chart, start, end):
    """Drag over a chart, from and to places in shares of its size."""
    page.locator(chart).scroll_into_view_if_needed()
    box = page.locator(f"{chart} .vega-embed").bounding_box()
    x, y, width, height = (box[name] for name in ("x", "y", "width", "height"))
    page.mouse.move(x + start[0] * width, y + start[1] * height)
    page.mouse.down()
    page.mouse.move(x + end[0] * width, y + end[1] * height, steps=8)
    page.mouse.up()


def test_the_epoch_of_a_run_which_its_picture_has_too(visit, elsewhere):
    page = visit.open("run?run=40")
    page.locator(".st-key-run-box input[type=range]").fill("3")
    epoch = page.get_by_text(re.compile(r"^epoch \d+$")).text_content()
    page.wait_for_url(f"**epoch={epoch.split()[1]}*")
    assert f">{epoch}<" in take_away(page, "run-40.svg", "SVG").decode()
    copy = elsewhere(page.url)
    copy.get_by_text(epoch, exact=True).wait_for()
    assert copy.locator(".st-key-run-box input[type=range]").input_value() == "3"
    # Another run begins at its end.
    copy.get_by_role("button", name="Next", exact=True).click()
    copy.wait_for_url(lambda url: "epoch" not in url and "run=41" in url)
    copy.get_by_text("epoch 300", exact=True).wait_for()


def test_back_and_forward_between_runs_and_epochs(visit):
    page = visit.open("run?run=40")
    slider, last = page.locator(".st-key-run-box input[type=range]"), None

    def stands(run, place, epoch=None):
        page.wait_for_url(
            lambda url: f"run={run}" in url and ("epoch=" in url) == (epoch is not None)
        )
        page.get_by_role("heading", name=re.compile(f"^Run {run}:")).wait_for()
        page.wait_for_function(
            "place => document.querySelector('.st-key-run-box input[type=range]').value === place",
            arg=place,
        )

    last = slider.get_attribute("max")
    slider.fill("3")
    page.wait_for_url("**epoch=*")
    page.get_by_role("button", name="Next", exact=True).click()
    stands(41, last)
    page.go_back()
    stands(40, last)
    page.go_back()
    stands(40, "3", epoch=3)
    page.go_forward()
    stands(40, last)
    page.go_forward()
    stands(41, last)


def test_a_nearest_run_is_gone_to_and_begins_at_its_end(visit, elsewhere):
    page = visit.open("run?run=40&epoch=0")
    page.get_by_role("button", name=re.compile(r"^(play_circle)?\s*Run \d+: ")).first.click()
    page.wait_for_url(lambda url: "run=40" not in url and "epoch" not in url)
    heading = page.get_by_role("heading", name=re.compile(r"^Run \d+: seed"))
    page.get_by_text("epoch 300", exact=True).wait_for()
    title = heading.inner_text()
    assert not title.startswith("Run 40:")
    copy = elsewhere(page.url)
    copy.get_by_role("heading", name=title).wait_for()


def test_the_lab_goes_on_from_the_epoch_on_screen(visit):
    page = visit.open("run?run=40")
    page.locator(".st-key-run-box input[type=range]").fill("3")
    page.wait_for_url("**epoch=*")
    epoch = page.get_by_text(re.compile(r"^epoch \d+$")).text_content().split()[1]
    link = page.get_by_role("link", name="Go on from here in the Lab")
    page.wait_for_function(  # all of the number: 300 begins with a 3 too
        "([at, epoch]) => new URL(at.href).searchParams.get('epoch') === epoch",
        arg=[link.element_handle(), epoch],
    )
    settle(page)
    link.click()
    page.get_by_text(re.compile(f"epoch {epoch} of run 40")).first.wait_for()


@pytest.mark.parametrize(("name", "label"), [("run", "Run"), ("compare", "Run on the left")])
def test_a_filter_chooses_the_run_until_a_number_is_typed(visit, name, label):
    page = visit.open(name)
    before = page.get_by_label(label, exact=True).input_value()
    page.get_by_role("combobox", name="Structure").click()
    page.get_by_role("option", name="circle", exact=True).click()
    page.wait_for_url("**structure=circle*")
    page.wait_for_function(
        "([name, before]) => [...document.querySelectorAll(`[aria-label='${name}']`)]"
        ".map(at => at.value).join() !== before",
        arg=[label, before],
    )
    page.wait_for_timeout(1500)  # until the page has looked for news, and told all that it shows
    assert "run=" not in page.url
    page.get_by_label(label, exact=True).fill("7")
    page.get_by_label(label, exact=True).press("Enter")
    page.wait_for_url(lambda url: "run=7" in url or "left_run" in url)


def test_the_galleries_epoch_which_a_button_plays(visit, elsewhere):
    page = visit.open("runs?tiles=24&epoch=0")
    slider = page.locator(".st-key-gallery-box input[type=range]")
    page.wait_for_function("at => at.value === '0'", arg=slider.element_handle())
    last = int(slider.get_attribute("max"))
    slider.fill(str(last - 4))
    page.locator(".st-key-gallery-box").get_by_role("button", name="Play").click()
    page.wait_for_url("**epoch=300*")
    copy = elsewhere(page.url)
    slider = copy.locator(".st-key-gallery-box input[type=range]")
    slider.wait_for()
    assert slider.input_value() == str(last)


def test_the_brush_over_the_runs(visit, elsewhere):
    page = visit.open("runs?tiles=24")
    drag_over(page, SCATTER, (0.15, 0.25), (0.55, 0.7))
    page.wait_for_url("**brush=grid_imperfections*")
    page.get_by_text(re.compile(r"^Runs 1 to .* of 56$")).wait_for(state="hidden")
    below = page.get_by_text(re.compile(r"^Runs 1 to .* of \d+$")).inner_text()
    copy = elsewhere(page.url)
    copy.get_by_text(below, exact=True).wait_for()


@pytest.mark.parametrize(
    ("path", "choice", "option"),
    [
        ("phases?experiment=table-1", "Quantity", "mean validation accuracy"),
        ("tables?experiment=table-1&threshold=1.4", "Imperfections by", "prose"),
        ("runs?tiles=24&sort=radius_ratio&down=true&x=seed&y=train_loss", None, None),
        (
            "compare?where=weight_decay:0.6&left_run=27&right_run=60&right_where=alignment:1..2",
            None,
            None,
        ),
        ("?where=weight_decay:0.3..0.6&structure=grid", None, None),
    ],
)
def test_choices_and_filters(visit, elsewhere, path, choice, option):
    page = visit.open(path)
    if choice:
        before = page.url
        page.get_by_role("combobox", name=choice).click()
        page.get_by_role("option", name=option, exact=True).click()
        page.wait_for_url(lambda url: url != before)
        settle(page)
    copy = elsewhere(page.url)
    for part in ("[data-testid=stMain]", SIDEBAR):
        copy.wait_for_function(
            "([part, text]) => document.querySelector(part).innerText === text",
            arg=[part, page.locator(part).inner_text()],
        )
    inputs = "input => input.map(one => one.value)"
    assert copy.locator("input").evaluate_all(inputs) == page.locator("input").evaluate_all(inputs)
    assert copy.url == page.url
