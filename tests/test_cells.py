import numpy as np
import pytest

from dashboard import cells
from db.connect import reader
from db.queries import runs
from modadd.experiments import EXPERIMENTS
from modadd.tables import table


@pytest.fixture(scope="module")
def found(small_database):
    engine = reader(str(small_database))
    experiment = EXPERIMENTS["table-1"]
    stored = runs(engine, experiment.kind, "table-1")
    engine.dispose()
    return table(stored, experiment.groups, experiment.reported)


def test_a_cell_reads_as_the_papers_table_prints_it(found):
    shown = cells.readable(found, ["weight_decay"])
    first = shown[shown["weight_decay"] == 0.6].set_index("quantity")
    assert first.loc["share of circles", "paper"] == "12.0 % [7.0, 19.8]"
    assert first.loc["grid imperfections", "paper"] == "39.6 [35.6, 43.6]"
    assert first.loc["correlation", "paper"] == "-0.84 [-0.89, -0.77]"
    assert first.loc["grids' accuracy", "paper"] == "51.6 %"
    assert first.loc["share of circles", "n"] == 12


def test_every_cell_is_there_with_its_verdict(found):
    shown = cells.readable(found, ["weight_decay"])
    assert len(shown) == (found["quantity"] != "diverged").sum()
    p = found[found["quantity"] != "diverged"]["p"].to_numpy()
    assert shown["verdict"][~np.isnan(p)].str.contains("consistent|differs").all()
    assert (shown["verdict"].str.startswith("▲") == (p < 0.05)).all()
    assert ((shown["p"] == "") == np.isnan(p)).all()


def test_no_p_is_shown_smaller_than_anybody_believes():
    assert [cells.shown_p(p) for p in (0.0, 1e-134, 0.0053, 0.64321, 1.0, np.nan)] == [
        "< 0.0001", "< 0.0001", "0.0053", "0.64", "1", "",
    ]  # fmt: skip


def test_the_interval_of_a_share_stays_within_it(found):
    shares = cells.readable(found, ["weight_decay"])["here"]
    ends = shares[shares.str.contains("%")].str.extract(r"\[(.*), (.*)\]").dropna().astype(float)
    assert (ends[0] >= 0).all()
    assert (ends[1] <= 100).all()


def test_the_summary_counts_what_differs(found):
    differ = (found["p"] < 0.05).sum()
    assert f"{differ} differ" in cells.summary(found)
