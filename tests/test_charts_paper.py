import pandas as pd
import pytest

from dashboard.charts_paper import beside_the_paper
from dashboard.drawn import ROWS
from db.connect import reader
from db.queries import runs
from modadd.experiments import EXPERIMENTS
from modadd.tables import table


@pytest.fixture(scope="module")
def cells(small_database):
    engine = reader(str(small_database))
    experiment = EXPERIMENTS["table-1"]
    stored = runs(engine, experiment.kind, "table-1")
    engine.dispose()
    return table(stored, experiment.groups, experiment.reported)


def test_the_marks_beside_the_paper_are_the_tables_cells(cells):
    drawn = beside_the_paper(cells, "weight_decay", "circles", "share").datasets[ROWS]
    of_quantity = cells[cells["quantity"] == "circles"]
    ours = drawn[drawn["source"] == "this database"]
    pd.testing.assert_series_equal(ours["value"], of_quantity["value"].dropna(), check_names=False)
    paper = drawn[drawn["source"] == "paper"]
    assert paper["value"].tolist() == [0, 0.01, 0.12, 0.18]
    assert (drawn["low"] <= drawn["value"]).all()
