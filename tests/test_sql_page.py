"""The SQL page: worked queries, results, limits, and that what is stored stays text."""

import sqlite3

import pandas as pd
import pytest
from conftest import checked
from test_pages import texts

from dashboard.charts_console import MARKS, quick_chart
from dashboard.drawn import ROWS
from db.worked_queries import worked_queries


@pytest.fixture
def shown(open_page, small_database):
    return open_page("sql", small_database)


def ask(shown, sql):
    return checked(shown.text_area(key="sql").set_value(sql).run())


def result(shown):
    return shown.dataframe[-1].value


def test_it_opens_with_the_first_worked_query_and_the_schema(shown):
    assert shown.text_area(key="sql").value == "SELECT * FROM table_1;"
    assert len(result(shown)) == 4
    assert "transformer_runs" in set(shown.dataframe[0].value["table"])


def test_a_click_takes_a_worked_query_and_runs_it(shown):
    title = "How many runs of what"
    checked(shown.button_group(key="example").set_value(title).run())
    assert shown.text_area(key="sql").value == worked_queries()[title]
    assert result(shown)["runs"].sum() == 92


def test_only_worked_queries_that_this_database_can_answer_are_offered(shown):
    offered = shown.button_group(key="example").options
    assert "How many runs of what" in offered
    assert not any("force law explains" in title for title in offered)


def test_the_sql_of_the_url_is_run(open_page, small_database):
    shown = open_page("sql", small_database, sql="SELECT 6 * 7 AS answer")
    assert result(shown)["answer"].tolist() == [42]


def test_a_refusal_is_one_line_of_plain_text(shown):
    ask(shown, "DROP TABLE runs")
    assert "No answer" in texts(shown.markdown)
    assert "the console reads this database's tables" in texts(shown.text)
    assert len(shown.dataframe) == 1


def test_the_row_limit_cuts_and_says_so(shown):
    shown.selectbox(key="most_rows").set_value(100)
    ask(shown, "SELECT * FROM series")
    assert len(result(shown)) == 100
    assert "cut at 100 rows" in texts(shown.caption)


def test_no_rows_say_what_to_do(shown):
    ask(shown, "SELECT run_id FROM runs WHERE 0")
    assert "No row answers this: widen its WHERE" in texts(shown.info)


def test_what_is_stored_is_shown_as_text(open_page, modadd):
    modadd("simulate", "--steps", 1, "--experiment", "mine")
    evil = "<img src=x onerror=alert(1)> [a](javascript:b) :red[x] $x$"
    with sqlite3.connect("modadd.db") as connection:
        connection.execute("UPDATE experiment_runs SET experiment = ?", (evil,))
    shown = open_page("sql", sql="SELECT experiment FROM experiment_runs")
    assert result(shown)["experiment"].tolist() == [evil]
    assert evil not in texts(shown.markdown, shown.caption)


@pytest.mark.parametrize("name", ["a.b", "c[0]", "d:Q", "it's", 'x"y', "<b>", "\\", ""])
@pytest.mark.parametrize("mark", MARKS)
def test_the_chart_draws_columns_of_any_name(name, mark):
    rows = pd.DataFrame({name: [1.0, 2.0, None], "y": [3, 4, 5], "colour": ["u", "v", "u"]})
    chart = quick_chart(rows, name, "y", "colour", mark)
    assert chart.datasets[ROWS]["c0"].tolist() == [1.0, 2.0]
    spec = chart.to_dict()
    assert spec["encoding"]["x"]["field"] == "c0"
    assert spec["encoding"]["x"]["title"] == name


def test_the_chart_leaves_out_what_is_infinite():
    rows = pd.DataFrame({"x": [1.0, float("inf")], "y": [1.0, 2.0]})
    assert len(quick_chart(rows, "x", "y").datasets[ROWS]) == 1
