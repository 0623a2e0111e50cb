"""How fast pages are on ten thousand networks, beside the goals: part of `make bench`, no test.

$MODADD_MANY: a database that `tests/many_runs.py` made, so that none is made here.
"""

import os
import re
import statistics
import time
from pathlib import Path

import pytest
from many_runs import write_many_runs

from browser.serving import APP, free_port, serving
from dashboard.pages import PAGES

pytestmark = pytest.mark.stress

ROUNDS = 5
CHART = ".vega-embed .marks"
LEAST_PAGE = """
import altair, pandas, streamlit

rows = pandas.DataFrame({"x": [1, 2], "y": [3, 4]})
streamlit.altair_chart(altair.Chart(rows).mark_point().encode(x="x", y="y"))
"""
OF_SIDEBAR = "[data-testid=stSidebar]"
# Steps of a slider: of each, the time from its event until the picture has been painted.
SCRUB = """async box => {
    const slider = document.querySelector(`${box} input[type=range]`);
    const painted = () => new Promise(done => requestAnimationFrame(() => setTimeout(done)));
    const times = [];
    for (let step = 0; step < Math.min(40, +slider.max); step++) {
        slider.value = step;
        const start = performance.now();
        slider.dispatchEvent(new Event('input', {bubbles: true}));
        await painted();
        times.push((performance.now() - start) / 1000);
    }
    return times;
}"""


@pytest.fixture(scope="module")
def database(tmp_path_factory):
    if "MODADD_MANY" in os.environ:
        return Path(os.environ["MODADD_MANY"])
    path = tmp_path_factory.mktemp("many") / "many.db"
    write_many_runs(path, 10_000, 59)
    return path


@pytest.fixture
def opened(chromium, database):
    """A page of a server that was just started, in a fresh browser window."""
    with serving(database) as address:
        page = chromium.new_page(viewport={"width": 1400, "height": 2400})
        page.address = address
        yield page
        page.close()


def report(what, values, goal):
    """Print a median. It fails nothing: how fast a page is hangs on what else the machine does."""
    value = statistics.median(values)
    spread = f"[{min(values):.3f}-{max(values):.3f}], n = {len(values)}"
    print(f"\n{what}: {value:.3f} {spread} (goal {goal}, {'met' if value <= goal else 'not met'})")


def seconds(action, done):
    start = time.perf_counter()
    action()
    done()
    return time.perf_counter() - start


def first_charts(chromium, database, app, path):
    """From the request to the first chart of a server that was just started: in a browser that was
    never there, and in the same one, once the server was started again."""
    page, port = chromium.new_page(viewport={"width": 1400, "height": 2400}), free_port()
    for _ in range(2):
        with serving(database, app, port) as address:
            yield seconds(
                lambda address=address: page.goto(f"{address}/{path}", wait_until="commit"),
                lambda: page.wait_for_selector(CHART),
            )
            page.goto("about:blank")
    page.close()


def report_first_charts(what, goal, *where):
    rounds = zip(*(tuple(first_charts(*where)) for _ in range(ROUNDS)), strict=True)
    for times, browser in zip(rounds, ("new browser", "browser that was there"), strict=True):
        report(f"first chart of {what}, cold server, {browser}, s", times, goal)


def test_the_first_chart_of_the_least_page(chromium, database, tmp_path, monkeypatch):
    """What Streamlit itself takes: no page of ours can be there before."""
    app = tmp_path / "app.py"
    app.write_text(LEAST_PAGE)
    monkeypatch.setenv("STREAMLIT_SERVER_HEADLESS", "true")
    monkeypatch.setenv("STREAMLIT_SERVER_ADDRESS", "127.0.0.1")
    monkeypatch.setenv("STREAMLIT_BROWSER_GATHER_USAGE_STATS", "false")
    report_first_charts("a page of two points alone", 2.5, chromium, database, app, "")


@pytest.mark.parametrize("name", PAGES)
def test_the_first_chart_of_a_cold_server(chromium, database, name):
    path = PAGES[name].address
    report_first_charts(f"/{path}", 2.5, chromium, database, APP, path)


def test_overview_of_ten_thousand_runs(opened):
    times = []
    for _ in range(ROUNDS):
        opened.goto(f"{opened.address}/runs")
        opened.wait_for_selector(CHART)
        times.append(
            seconds(
                lambda: opened.goto(opened.address),
                lambda: opened.get_by_role("heading", name="Experiments").wait_for(),
            )
        )
    report("the whole Overview, s", times, 2)


@pytest.mark.parametrize("name", [name for name, page in PAGES.items() if page.filtered])
def test_a_filter_change(opened, name):
    """Until the count in the sidebar is the new one, and until the script has run to its end."""
    opened.goto(f"{opened.address}/{PAGES[name].address}")
    opened.wait_for_selector(CHART)
    opened.wait_for_timeout(3000)
    answers, wholes = [], []
    for structure in ("circle", "grid", "imperfect grid", "circle", "grid"):
        count = opened.locator(OF_SIDEBAR).get_by_text(re.compile(r"of [\d,]+ networks")).first
        before = count.inner_text()
        opened.get_by_role("combobox", name="Structure").click()
        option = opened.get_by_role("option", name=structure, exact=True)
        option.wait_for()
        start = time.perf_counter()
        option.click()
        opened.locator(OF_SIDEBAR).get_by_text(before, exact=True).wait_for(state="hidden")
        answers.append(time.perf_counter() - start)
        opened.wait_for_selector("[data-testid=stApp][data-test-script-state=notRunning]")
        wholes.append(time.perf_counter() - start)
        opened.wait_for_timeout(1500)
    report(f"a filter change on /{PAGES[name].address}, the first answer, s", answers, 0.4)
    report(f"a filter change on /{PAGES[name].address}, the whole page, s", wholes, 0.4)


def test_the_gallery_and_its_scrub_steps(opened):
    opened.goto(f"{opened.address}/runs?tiles=48")
    opened.get_by_text(re.compile(r"^48 of 10,000 runs")).wait_for()
    opened.wait_for_timeout(3000)
    for tiles in (100, 200):
        opened.get_by_role("radio", name=str(tiles), exact=True).click()
        shown = seconds(
            lambda: None,
            lambda tiles=tiles: opened.get_by_text(re.compile(f"^{tiles} of 10,000")).wait_for(),
        )
        report(f"gallery of {tiles} runs × 59 epochs, s", [shown], 3)
        opened.wait_for_timeout(4000)
        times = opened.evaluate(SCRUB, ".st-key-gallery-box")
        report(f"a scrub step of {tiles} tiles, s", times, 0.06)


def test_a_scrub_step_of_one_run(opened):
    opened.goto(f"{opened.address}/run?run=5")
    opened.wait_for_selector(CHART)
    opened.wait_for_timeout(3000)
    report("a scrub step of one run, s", opened.evaluate(SCRUB, ".st-key-run-box"), 0.06)


def test_a_step_of_a_definitions_slider(opened):
    opened.goto(f"{opened.address}/tables")
    opened.wait_for_selector(CHART)
    opened.wait_for_timeout(4000)
    slider = opened.get_by_role("slider", name="A circle has a radius ratio below")
    slider.focus()
    times = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        opened.keyboard.press("ArrowRight")
        opened.wait_for_selector("[data-testid=stApp][data-test-script-state=running]")
        opened.wait_for_selector("[data-testid=stApp][data-test-script-state=notRunning]")
        times.append(time.perf_counter() - start)
        opened.wait_for_timeout(1500)
    report("a step of a slider on /tables, s", times, 0.4)


def test_the_servers_memory(opened):
    for path in (
        "",
        "runs?tiles=200",
        "runs?tiles=200&structure=grid",
        "runs?where=seed:0..900",
        "compare",
        "tables",
        "law",
    ):
        opened.goto(f"{opened.address}/{path}")
        opened.wait_for_selector(CHART)
        opened.wait_for_timeout(3000)
    resident = max(
        _resident(int(entry.name))
        for entry in Path("/proc").glob("[0-9]*")
        if _serves(entry, opened.address)
    )
    report("memory, GB", [resident], 1)


def _serves(process, address):
    try:
        return f"--server.port\0{address.rpartition(':')[2]}" in (process / "cmdline").read_text()
    except OSError:
        return False


def _resident(pid):
    status = Path(f"/proc/{pid}/status").read_text()
    return int(re.search(r"VmHWM:\s+(\d+)", status)[1]) / 1e6
