"""The SQL page in a browser: a worked query, one's own, and a link to it."""

from browser.serving import settle


def test_a_worked_query_is_one_click(visit):
    page = visit.open("sql")
    page.get_by_text("4 rows in").wait_for()
    page.get_by_role("radio", name="How many runs of what", exact=True).click()
    page.wait_for_url("**sql=SELECT+kind*")
    settle(page)
    page.get_by_text("3 rows in").wait_for()


def test_one_s_own_query_is_run_and_its_link_brings_it_back(visit):
    page = visit.open("sql")
    page.get_by_text("4 rows in").wait_for()
    box = page.get_by_role("textbox", name="One SELECT")
    box.fill("SELECT kind, run_id FROM runs WHERE run_id <= 7")
    box.press("Control+Enter")
    page.get_by_text("7 rows in").wait_for()
    again = visit.open(page.url.split("/", 3)[3])
    again.get_by_text("7 rows in").wait_for()
    assert "run_id <= 7" in again.get_by_role("textbox", name="One SELECT").input_value()


def test_a_refusal_runs_nothing_in_the_browser(visit):
    page = visit.open("sql?sql=SELECT+%3Cimg+src%3Dx+onerror%3Dalert(1)%3E")
    page.get_by_text("No answer").wait_for()
    page.get_by_text('near "<": syntax error').wait_for()
    assert page.locator("img[src=x]").count() == 0


def test_tables_are_taken_away_only_by_what_marks_formulae(visit):
    page = visit.open("sql")
    page.get_by_text("4 rows in").wait_for()
    table = page.get_by_test_id("stDataFrame").last
    table.hover()
    table.get_by_label("Fullscreen").wait_for()
    assert table.get_by_label("Download as CSV").count() == 1
    assert not table.get_by_label("Download as CSV").is_visible()
