"""The Tables page: what its widgets do to its numbers, and what its URL says."""

import numpy as np
import pandas as pd
import pytest
from conftest import checked
from test_pages import texts

from dashboard import cells
from dashboard.charts_tables import correlated, sensitivity
from dashboard.drawn import ROWS
from dashboard.run_rows import mixed
from dashboard.table_rows import at_epoch, counts_in_prose, named, survival, with_tolerance
from db.connect import open_for_reading
from db.epochs import embeddings_at, metrics_at
from db.filters import Filter
from db.run_lists import filtered_runs
from modadd import paper
from modadd.sensitivity import threshold_strip
from modadd.structures import gaps_in_residue, imperfect_pairs_in_prose
from modadd.tables import Definitions, table

TABLE_1 = Filter(experiments=("table-1",))


@pytest.fixture
def engine(small_database):
    with open_for_reading(str(small_database)) as engine:
        yield engine


@pytest.fixture
def rows(engine):
    return filtered_runs(engine, TABLE_1)


@pytest.fixture
def gaps(engine):
    placed = embeddings_at(engine, TABLE_1)
    return [(some.run_ids, gaps_in_residue(some.embeddings)) for some in placed]


@pytest.fixture
def shown(open_page, small_database):
    return open_page("tables", small_database, experiment="table-1")


def the_table(shown):
    return shown.dataframe[0].value


def test_the_table_is_that_of_the_runs_of_the_filter(shown, rows):
    expected = cells.wide(table(rows, ["weight_decay"]), ["weight_decay"])
    pd.testing.assert_frame_equal(the_table(shown), expected, check_dtype=False)


def test_the_threshold_redraws_the_table(shown, rows):
    before = the_table(shown)
    checked(shown.slider(key="threshold").set_value(3.0).run())
    found = table(rows, ["weight_decay"], definitions=Definitions(threshold=3.0))
    assert the_table(shown)["share of circles"].tolist() == (
        cells.wide(found, ["weight_decay"])["share of circles"].tolist()
    )
    assert not before.equals(the_table(shown))


def test_the_tolerance_redraws_the_prose_s_imperfections(shown):
    checked(shown.selectbox(key="rule").set_value("prose").run())
    before = the_table(shown)["grid imperfections"].tolist()
    checked(shown.slider(key="tolerance").set_value(0.5).run())
    assert the_table(shown)["grid imperfections"].tolist() != before


@pytest.mark.parametrize(
    ("key", "value"),
    [("r", "spearman"), ("interval", "olivoto"), ("interval", "bca"), ("of", "all"),
     ("correlate", "radius_ratio"), ("with", "train_loss"), ("epoch", "0")],
)  # fmt: skip
def test_every_choice_changes_the_correlation(shown, key, value):
    before = the_table(shown)["correlation"].tolist()
    checked(shown.selectbox(key=key).set_value(value).run())
    assert the_table(shown)["correlation"].tolist() != before


def test_rows_may_be_made_by_any_fields(shown):
    checked(shown.multiselect(key="by").set_value(["epochs", "hidden_size"]).run())
    assert the_table(shown)[["epochs", "hidden_size"]].to_numpy().tolist() == [[300, 32]]


def test_too_many_groups_say_what_to_do(open_page, modadd):
    modadd("simulate", "--steps", 1, "--seeds", 0, "--alignment", *range(61))
    shown = open_page("tables", kind="particle")
    assert "61 groups, and a page holds 60: group by fewer fields" in texts(shown.info)


def test_diverged_runs_alone_say_what_to_switch(open_page, small_database):
    shown = open_page("tables", small_database, status="diverged")
    assert "all of them diverged, which a switch above lets in" in texts(shown.info)
    checked(shown.toggle(key="diverged").set_value(True).run())
    assert not shown.info


def test_groups_of_mixed_configs_offer_the_papers_runs(open_page, small_database):
    shown = open_page("tables", small_database)
    assert "Runs of one group differ in" in texts(shown.caption)
    keep = [b for b in shown.button if b.label == "Keep only the runs of table-1"]
    checked(keep[0].click().run())
    assert shown.query_params["experiment"] == "table-1"


def test_the_papers_row_stands_below_with_a_verdict():
    ours = pd.DataFrame(
        {"weight_decay": 0.6, "status": "done", "radius_ratio": [1.1, *np.linspace(2, 3, 30)],
         "grid_imperfections": np.arange(31.0), "validation_accuracy": np.linspace(0.9, 0.2, 31)}
    )  # fmt: skip
    found = cells.wide(table(ours, ["weight_decay"], paper.TABLE_1), ["weight_decay"])
    assert found["source"].tolist() == ["here", "paper", "verdict"]
    assert found["correlation"][1] == "-0.84 [-0.89, -0.77], n = 88"
    assert found["share of circles"].tolist() == [
        "3.2 % [0.6, 16.2], n = 31", "12.0 % [7.0, 19.8], n = 100", "● consistent",
    ]  # fmt: skip


def test_counts_in_prose_are_the_structures(engine, rows, gaps):
    (placed,) = embeddings_at(engine, TABLE_1)
    counts = counts_in_prose(rows, gaps, [0.1, 0.3])
    for row, tolerance in zip(counts, (0.1, 0.3), strict=True):
        assert (
            row.tolist() == imperfect_pairs_in_prose(placed.embeddings, tolerance).sum(1).tolist()
        )
    assert with_tolerance(rows, gaps, 0.1)["imperfections_in_prose"].tolist() == (
        rows["imperfections_in_prose"].tolist()
    )


def test_a_run_without_an_arrangement_has_no_count(rows, gaps):
    more = pd.concat([rows, rows[:1].assign(run_id=10**6)])
    assert np.isnan(counts_in_prose(more, gaps, [0.1])[0, -1])


def test_at_an_epoch_the_metrics_are_those_of_that_epoch(engine, rows):
    found = at_epoch(rows, metrics_at(engine, TABLE_1, 0))
    assert len(found) == len(rows)
    assert set(found) == set(rows)
    assert not np.allclose(found["grid_imperfections"], rows["grid_imperfections"])
    assert found["weight_decay"].tolist() == rows["weight_decay"].tolist()


def test_fields_that_vary_within_a_group_are_found(rows):
    assert mixed(rows, ["seed", "epochs", "weight_decay"], ["weight_decay"]) == []
    assert mixed(rows, ["seed", "epochs", "weight_decay"], ["epochs"]) == ["weight_decay"]


def test_the_marks_of_the_scatter_are_the_runs(rows):
    shown = named(rows, ["weight_decay"]).assign(structure="grid", counted=True)
    data = correlated(shown, "grid_imperfections", "validation_accuracy").datasets[ROWS]
    assert data["run_id"].tolist() == rows["run_id"].tolist()
    assert data["group"][0] == "weight decay 0"


def test_the_strip_and_its_words_are_the_correlations(rows):
    strip = named(threshold_strip(rows, ["weight_decay"], Definitions()), ["weight_decay"])
    data = sensitivity(strip, 1.2, "threshold").datasets[ROWS]
    assert data["r"].equals(strip["r"])
    assert set(data["verdict"]) <= {"negative", "undecided", "positive"}
    lines = survival(strip, 1.2)
    assert len(lines) == 4
    assert all("n = " in line and "significant" in line for line in lines)


def test_what_the_url_asks_of_widgets_in_vain_is_said_to_be_left_out(open_page, small_database):
    asked = {"epoch": "300", "threshold": "1.50", "r": "spearman", "diverged": "TRUE"}
    shown = open_page("tables", small_database, **asked)
    assert not shown.warning
    values = {box.key: box.value for box in (*shown.selectbox, *shown.slider, *shown.toggle)}
    assert [values[key] for key in asked] == ["300", 1.5, "spearman", True]

    in_vain = {"epoch": "123456", "threshold": "9", "r": "kendall", "by": "nope", "interval": ""}
    shown = open_page("tables", small_database, **in_vain)
    (warning,) = shown.warning
    assert warning.value.replace("\\", "") == (
        "Left out of what the URL asks for: epoch=123456 (end of the run is chosen), "
        "threshold=9 (1.2 is chosen), r=kendall (pearson is chosen), "
        "by=nope (weight_decay is chosen), interval= (fisher-z is chosen)."
    )
    assert not shown.run().warning, "the URL has none of it any more"


def test_defaults_may_stand_in_the_url(open_page, small_database):
    shown = open_page("tables", small_database, threshold="1.2", r="pearson", by="weight_decay")
    assert not shown.warning
