"""The Compare page, by AppTest, and the rows and charts behind it."""

import numpy as np
import pandas as pd
import pytest
import vl_convert
from conftest import checked

from dashboard.charts_compare import (
    distribution_chart,
    structure_chart,
)
from dashboard.compare import comparison, distribution, side, structures
from dashboard.run_rows import with_structure
from dashboard.states import plain
from dashboard.theme import on_paper
from db import arrangements, run_lists
from db.connect import reader
from db.filters import Between, Filter
from modadd import statistics
from modadd.procrustes import fits


@pytest.fixture(scope="module")
def engine(small_database):
    engine = reader(str(small_database))
    yield engine
    engine.dispose()


@pytest.fixture(scope="module")
def sides(engine):
    kinds = {"left: networks": "transformer", "right: particle simulations": "particle"}
    return {
        side: with_structure(run_lists.filtered_runs(engine, Filter(kind=kind)))
        for side, kind in kinds.items()
    }


@pytest.fixture
def open_page(open_page, small_database):
    def open_(**query):
        return open_page(
            "compare", small_database, **{key: str(value) for key, value in query.items()}
        )

    return open_


def in_url(shown, key):
    value = dict(shown.query_params).get(key)
    return value[-1] if isinstance(value, list) else value


def number(shown, label):
    (found,) = [element for element in shown.number_input if element.label == label]
    return found


def metric(shown, label):
    (found,) = [element for element in shown.metric if element.label == label]
    return found.value


def button(shown, label):
    (found,) = [element for element in shown.button if element.label == label]
    return found


def texts(elements):
    return " ".join(element.value for element in elements)


def test_the_right_side_is_the_other_kind_until_another_is_chosen(open_page):
    shown = open_page()
    assert "**Left**: 56 networks, 1 of them diverged" in texts(shown.markdown)
    assert "**Right**: 36 particle simulations" in texts(shown.markdown)
    shown = open_page(right_kind="transformer", right_where="weight_decay:1")
    assert "**Right**: 16 networks, 1 of them diverged" in texts(shown.markdown)
    assert "`where=weight_decay:1`" in texts(shown.markdown)


def test_each_side_has_its_own_filter_in_the_url(open_page):
    shown = open_page(where="weight_decay:0.3", right_where="alignment:2")
    assert "**Left**: 12 networks" in texts(shown.markdown)
    assert "**Right**: 12 particle simulations" in texts(shown.markdown)
    (popover,) = [element for element in shown.multiselect if element.label == "alignment"]
    popover.set_value([1.0, 2.0])
    checked(shown.run())
    assert "**Right**: 24 particle simulations" in texts(shown.markdown)
    assert in_url(shown, "right_where") == "alignment:1,2"
    assert in_url(shown, "where") == "weight_decay:0.3"


def test_a_malformed_right_side_is_one_line_and_the_page_goes_on(open_page):
    for query in ({"right_where": "weight_decay:1..0"}, {"right_kind": "other"}):
        shown = open_page(**query)
        assert "in the URL is left out" in texts(shown.warning)
        assert "36 particle simulations" in texts(shown.markdown)


def test_a_right_side_that_nothing_passes_says_the_next_step(open_page):
    shown = open_page(right_where="seed:1e9..")
    assert "No run passes the right side's filter: widen it" in texts(shown.info)


def test_runs_on_both_sides_are_counted(open_page):
    shown = open_page(where="weight_decay:0.3", right_kind="transformer")
    assert "12 runs are on both sides" in texts(shown.caption)
    assert "on both sides" not in texts(open_page().caption)


def test_runs_of_another_size_cannot_be_laid_over(open_page):
    shown = open_page(where="modulus:8")
    assert "with 8 tokens in 3 dimensions" in texts(shown.info)


def test_a_side_that_diverged_as_a_whole_says_so(open_page):
    shown = open_page(status="diverged")
    assert "All runs on the left diverged" in texts(shown.info)


def test_the_run_most_like_the_left_one_is_found_and_another_may_be_chosen(open_page, engine):
    ids, others = arrangements.alike_arrangements(engine, Filter(kind="particle"), 17, 2)
    one = arrangements.final_arrangements(engine, [5])[5]
    residuals = fits(one, others).residual
    shown = open_page(left_run=5)
    assert number(shown, "Run on the right").value == ids[residuals.argmin()]
    assert metric(shown, "Residual") == f"{residuals.min():.3f}"
    assert metric(shown, "Rank") == f"1 of {len(ids)}"
    number(shown, "Run on the right").set_value(int(ids[residuals.argmax()]))
    checked(shown.run())
    assert metric(shown, "Residual") == f"{residuals.max():.3f}"
    assert metric(shown, "Rank") == f"{len(ids)} of {len(ids)}"
    assert in_url(shown, "right_run") == str(ids[residuals.argmax()])
    button(shown, "Most like it").click()
    checked(shown.run())
    assert metric(shown, "Rank") == f"1 of {len(ids)}"


def test_next_goes_through_the_runs_of_the_left_filter(open_page):
    shown = open_page(where="weight_decay:0.6", left_run=30)
    first = number(shown, "Run on the left").value
    button(shown, "Next").click()
    checked(shown.run())
    second = number(shown, "Run on the left").value
    assert second > first
    assert in_url(shown, "left_run") == str(second)
    button(shown, "Previous").click()
    checked(shown.run())
    assert number(shown, "Run on the left").value == first


@pytest.mark.parametrize("query", [{"left_run": 10**6}, {"left_run": "x"}, {"right_run": "1"}])
def test_a_run_that_is_not_there_is_one_line_and_the_page_goes_on(open_page, query):
    shown = open_page(**query)
    assert f"{plain(next(iter(query)))} is left out" in texts(shown.warning)
    assert metric(shown, "Rank").startswith("1 of")


def test_swapping_makes_each_side_the_other(open_page):
    shown = open_page(where="weight_decay:0.3", right_where="alignment:2")
    button(shown, "Swap sides").click()
    checked(shown.run())
    assert "**Left**: 12 particle simulations" in texts(shown.markdown)
    assert "**Right**: 12 networks" in texts(shown.markdown)
    assert (in_url(shown, "kind"), in_url(shown, "right_where")) == (
        "particle", "weight_decay:0.3",
    )  # fmt: skip


def test_a_run_is_not_found_most_like_itself(open_page):
    shown = open_page(right_kind="transformer", left_run=5)
    assert number(shown, "Run on the right").value != 5


def test_alike_arrangements_are_the_last_ones_of_the_filters_done_runs(engine):
    ids, found = arrangements.alike_arrangements(engine, Filter(), 17, 2)
    final = arrangements.final_arrangements(engine, ids.tolist())
    assert np.array_equal(found, np.stack(list(final.values())))
    rows = run_lists.filtered_runs(engine, Filter(status="done"))
    alike = rows[(rows["modulus"] == 17) & (rows["embedding_dim"] == 2)]
    assert ids.tolist() == alike["run_id"].tolist()
    some = Filter(where=(Between("weight_decay", 0.5),), experiments=("table-1",))
    assert len(arrangements.alike_arrangements(engine, some, 17, 2)[0]) == 24
    assert arrangements.alike_arrangements(engine, some, 16, 2)[1].shape == (0, 16, 2)
    assert len(arrangements.alike_arrangements(engine, Filter(kind="none"), 17, 2)[0]) == 0


def compared(sides):
    return {name: side(runs) for name, runs in sides.items()}


def test_shares_and_means_are_those_of_the_runs_that_did_not_diverge(sides):
    rows, table = structures(compared(sides)), comparison(compared(sides))
    for name, runs in sides.items():
        done = runs[runs["status"] == "done"]
        part = rows[rows["side"] == name].set_index("structure")
        assert part["value"].sum() == pytest.approx(1)
        assert (part["n"] == len(done)).all()
        assert part["value"]["circle"] == pytest.approx(done["is_circle"].mean())
        cells = table.set_index("quantity")[[name.split(":")[0], f"n {name.split(':')[0]}"]]
        grids = done[done["is_circle"] == 0]["grid_imperfections"]
        text, n = cells.loc["mean imperfections of the grids"]
        assert n == len(grids)
        assert float(text.split()[0]) == pytest.approx(grids.mean(), abs=0.051)


def test_p_is_that_of_the_tests_named(sides):
    left, right = (runs[runs["status"] == "done"] for runs in sides.values())
    p = comparison(compared(sides)).set_index("quantity")["p"]
    assert p["share of circles"] == statistics.compare_counts(
        int(left["is_circle"].sum()), len(left), int(right["is_circle"].sum()), len(right)
    )
    assert p["mean circularity"] == statistics.compare_distributions(
        left["circularity"], right["circularity"]
    )


def test_sides_of_one_run_have_values_without_intervals(sides):
    one = {name: runs.head(1) for name, runs in sides.items()}
    table = comparison(compared(one))
    assert (table[table["quantity"].str.startswith("mean circ")]["n left"] == 1).all()
    assert "[" not in table.set_index("quantity")["left"]["mean circularity"]


def test_the_steps_end_at_one_and_hold_the_band(sides):
    for metric_name in ("grid_imperfections", "radius_ratio", "circularity"):
        rows = distribution(compared(sides), metric_name)
        for _, part in rows.groupby("side"):
            assert part["share"].iloc[-1] == 1
            assert part["share"].is_monotonic_increasing
            assert ((part["low"] <= part["share"]) & (part["share"] <= part["high"])).all()
            assert part["low"].min() >= 0
            assert part["high"].max() <= 1


def test_a_distribution_of_many_values_is_thinned_to_what_can_be_seen():
    many = {"radius_ratio": np.arange(1, 5001.0), "status": "done", "structure": "perfect grid"}
    rows = distribution(compared({"left": pd.DataFrame(many)}), "radius_ratio")
    assert len(rows) == 400
    assert (rows["n"] == 5000).all()
    np.testing.assert_allclose(rows["share"], rows["value"] / 5000)


def test_the_charts_can_be_saved(sides):
    charts = [
        structure_chart(structures(compared(sides))),
        distribution_chart(
            distribution(compared(sides), "radius_ratio"), "radius ratio", threshold=1.2
        ),
    ]
    for chart in charts:
        assert vl_convert.vegalite_to_svg(on_paper(chart).to_json()).startswith("<svg")
