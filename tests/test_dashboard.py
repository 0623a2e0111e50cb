import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from dashboard.charts import beside_the_paper
from db.connect import open_for_writing, reader
from db.queries import runs
from modadd.experiments import EXPERIMENTS
from modadd.tables import table

APP = Path(__file__).parent.parent / "dashboard" / "app.py"


@pytest.fixture
def page(monkeypatch):
    def open_page(database):
        monkeypatch.setenv("MODADD_DATABASE", str(database))
        monkeypatch.setattr("sys.argv", ["streamlit"])
        shown = AppTest.from_file(str(APP), default_timeout=30).run()
        assert not shown.exception
        return shown

    return open_page


def texts(elements):
    return " ".join(element.value for element in elements)


def test_without_a_database_the_page_says_how_to_make_one(page):
    assert "no database at none.db: make one with `modadd reproduce`" in texts(page("none.db").info)


def test_an_empty_database_says_what_to_run(page):
    with open_for_writing("empty.db"):
        pass
    assert "holds no runs yet" in texts(page("empty.db").info)


def test_a_part_that_is_missing_says_what_to_run(page, modadd):
    modadd("reproduce", "table-2", "--seeds", 0, "--snapshots", "final")
    assert "run `modadd reproduce table-1`" in texts(page("modadd.db").info)


def test_the_overview_shows_counts_and_both_tables(page, small_database):
    shown = page(small_database)
    assert [(metric.label, metric.value) for metric in shown.metric] == [
        ("Networks", "56"), ("Particle simulations", "36"),
    ]  # fmt: skip
    assert not shown.info
    first, second = (frame.value for frame in shown.dataframe)
    assert set(first["weight_decay"]) == {0.0, 0.3, 0.6, 1.0}
    assert set(second["alignment"]) == {0.5, 1.0, 2.0}
    assert first["verdict"].isin(["consistent"]).any()


def test_new_runs_appear_without_a_restart(page, modadd):
    words = ("simulate", "--steps", 3, "--seeds")
    modadd(*words, 0)
    shown = page("modadd.db")
    assert shown.metric[1].value == "1"
    modadd(*words, "1:4")
    assert shown.run().metric[1].value == "4"


def test_the_charts_marks_are_the_tables_cells(small_database):
    engine = reader(str(small_database))
    experiment = EXPERIMENTS["table-1"]
    stored = runs(engine, experiment.kind, "table-1")
    engine.dispose()
    cells = table(stored, experiment.groups, experiment.reported)
    drawn = beside_the_paper(cells, "weight_decay", "circles", "share").data
    of_quantity = cells[cells["quantity"] == "circles"]
    ours = drawn[drawn["source"] == "this database"]
    pd.testing.assert_series_equal(ours["value"], of_quantity["value"].dropna(), check_names=False)
    paper = drawn[drawn["source"] == "paper"]
    assert paper["value"].tolist() == [0, 0.01, 0.12, 0.18]
    assert (drawn["low"] <= drawn["value"]).all()


def test_the_pages_load_no_torch():
    code = (
        "import sys; from streamlit.testing.v1 import AppTest; "
        f"AppTest.from_file({str(APP)!r}, default_timeout=60).run(); print('torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
