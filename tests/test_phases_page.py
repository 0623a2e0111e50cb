"""The Phase diagram page, by AppTest, and its charts and SQL."""

import sqlite3

import numpy as np
import pandas as pd
import pytest
import vl_convert
from conftest import checked

from dashboard.charts_phases import CELL, SCHEME, TURN, curve, heat_map
from dashboard.phase_queries import filter_of_cell, grouped_sql
from dashboard.theme import on_paper
from db import run_lists
from db.connect import open_for_reading, reader
from db.filters import Filter, OneOf
from modadd.phases import STRUCTURES, Quantity, phases


@pytest.fixture
def open_page(open_page, small_database):
    def open_(database=small_database, **query):
        return open_page("phases", database, **{key: str(value) for key, value in query.items()})

    return open_


def choice(shown, label):
    (found,) = [element for element in shown.selectbox if element.label == label]
    return found


def texts(elements):
    return " ".join(element.value for element in elements)


@pytest.fixture(scope="module")
def rows(small_database):
    engine = reader(str(small_database))
    rows = run_lists.filtered_runs(engine, Filter())
    engine.dispose()
    return rows


def drawn(chart):
    """The rows of a chart's cells."""
    (data,) = [rows for rows in chart.to_dict()["datasets"].values() if "count" in rows[0]]
    return pd.DataFrame(data)


def test_the_page_opens_on_the_share_of_circles_over_what_varies_most(open_page):
    shown = open_page(kind="particle")
    assert choice(shown, "Over").value == "alignment"
    assert "n = 36 runs in 3 cells" in texts(shown.caption)


def test_fields_that_a_cell_pools_are_named(open_page):
    shown = open_page()
    assert "Runs of one cell differ in" in texts(shown.caption)
    shown = open_page(experiment="table-1")
    assert "Runs of one cell differ in" not in texts(shown.caption)


def test_the_choices_are_those_of_the_url(open_page):
    shown = open_page(
        quantity="mean grid imperfections", among="grids", over="epochs", across="weight_decay"
    )
    assert choice(shown, "Quantity").value == "mean grid imperfections"
    assert choice(shown, "and").value == "weight_decay"
    assert "Mean grid imperfections among the grids" in texts(shown.markdown)


@pytest.mark.parametrize(
    "query", [{"over": "none"}, {"quantity": "no"}, {"across": "x"}, {"among": 1}]
)
def test_choices_that_cannot_be_are_left_out(open_page, query):
    assert "cells" in texts(open_page(**query).caption)


def test_one_field_is_a_curve_and_a_second_a_heat_map(open_page):
    shown = open_page(experiment="table-1", over="weight_decay")
    assert "n = 48 runs in 4 cells" in texts(shown.caption)
    choice(shown, "and").set_value("seed")
    checked(shown.run())
    assert "n = 48 runs in 48 cells" in texts(shown.caption)


def test_runs_of_one_config_say_what_to_train(open_page):
    shown = open_page(experiment="table-1", where="weight_decay:1")
    assert "share one config but for the seed" in texts(shown.info)


def test_runs_that_diverged_are_counted_and_not_drawn(open_page):
    shown = open_page(over="learning_rate", across="(none: a curve)")
    assert "1 diverged and are left out" in texts(shown.caption)


def test_a_set_without_a_value_says_so(open_page):
    shown = open_page(structure="grid", among="circles", quantity="mean radius ratio")
    assert "None of these runs has a mean radius ratio among the circles" in texts(shown.info)


def test_the_marks_are_the_cells(rows):
    cells = phases(rows, ["weight_decay", "epochs"], Quantity("circularity"))
    marks = drawn(heat_map(cells, "weight_decay", "epochs", "circularity", percent=False))
    assert marks["value"].tolist() == pytest.approx(cells["value"].tolist(), nan_ok=True)
    assert marks["count"].tolist() == [f"n = {n}" for n in cells["n"]]
    cells = phases(rows, ["weight_decay"], Quantity("circle"))
    marks = drawn(curve(cells, "weight_decay", "circles", percent=True))
    assert marks["text"].tolist() == [f"{value:.1%}" for value in cells["value"]]
    assert marks["low"].tolist() == pytest.approx(cells["low"].tolist())


def test_numbers_grow_to_the_right_and_upwards(rows):
    cells = phases(rows, ["weight_decay", "epochs"], Quantity("circle"))
    spec = heat_map(cells, "weight_decay", "epochs", "circles", percent=True).to_dict()
    x, y = (spec["layer"][0]["encoding"][axis]["sort"] for axis in "xy")
    assert [float(label) for label in x] == sorted(float(label) for label in x)
    assert [float(label) for label in y] == sorted((float(label) for label in y), reverse=True)


def luminance(colour):
    channels = np.array([int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)])
    linear = np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)
    return linear @ [0.2126, 0.7152, 0.0722]


# Viridis at 0, 1/9, …, 1, as Matplotlib prints it.
VIRIDIS = [
    "#440154", "#482878", "#3e4989", "#31688e", "#26828e",
    "#1f9e89", "#35b779", "#6ece58", "#b5de2b", "#fde725",
]  # fmt: skip


def test_text_reads_on_every_colour_of_the_scale():
    assert SCHEME == "viridis"
    for place, colour in enumerate(VIRIDIS):
        ink = 0.0 if place / 9 > TURN else 1.0
        high, low = sorted([luminance(colour), ink], reverse=True)
        assert (high + 0.05) / (low + 0.05) > 4.4


@pytest.mark.parametrize("values", [[0.2], [0.2, np.nan], [np.nan, np.nan]])
def test_cells_of_one_value_or_none_can_be_drawn(values):
    count = len(values)
    cells = pd.DataFrame(
        {
            "weight_decay": np.arange(count) / 10, "initialization": "torch", "value": values,
            "low": np.nan, "high": np.nan, "n": np.isfinite(values).astype(int), "diverged": 0,
        }
    )  # fmt: skip
    charts = [
        heat_map(cells, "weight_decay", "initialization", "x", percent=False),
        curve(cells, "weight_decay", "x", percent=False),
        curve(cells, "initialization", "x", percent=True),
    ]
    for chart in charts:
        assert vl_convert.vegalite_to_svg(on_paper(chart).to_json()).startswith("<svg")


def test_the_saved_picture_holds_values_and_n(rows):
    cells = phases(rows, ["weight_decay", "epochs"], Quantity("circle"))
    chart = heat_map(cells, "weight_decay", "epochs", "share of circles", percent=True)
    picture = vl_convert.vegalite_to_svg(on_paper(chart).to_json())
    assert "n = 12" in picture
    assert f"{cells['value'].max():.1%}" in picture


QUANTITIES = [
    *(Quantity(name) for name in STRUCTURES),
    Quantity("validation_accuracy"),
    Quantity("grid_imperfections", among="grid"),
    Quantity("perfect grid", among="grid"),
]


@pytest.mark.parametrize("quantity", QUANTITIES, ids=str)
@pytest.mark.parametrize("fields", [["weight_decay"], ["weight_decay", "epochs"]], ids=len)
def test_the_sql_gives_the_same_cells(small_database, rows, quantity, fields):
    chosen = Filter(where=(OneOf("weight_decay", (0.0, 0.6, 1.0)),))
    some = rows[rows["weight_decay"].isin([0.0, 0.6, 1.0])]
    cells = phases(some, fields, quantity)
    with sqlite3.connect(small_database) as connection:
        found = pd.read_sql(grouped_sql(chosen, fields, quantity, cells), connection)
    counted = cells[cells["n"] > 0]
    np.testing.assert_allclose(found.dropna()[[*fields, "value", "n"]], counted[found.columns])


def test_bins_have_the_sql_of_their_runs(rows):
    many = pd.concat([rows] * 10).assign(seed=np.arange(10 * len(rows)))
    cells = phases(many, ["seed"], Quantity("circle"))
    assert grouped_sql(Filter(), ["seed"], Quantity("circle"), cells) == Filter().sql()


@pytest.mark.parametrize(
    "quantity", [Quantity("circle"), Quantity("grid_imperfections", "grid")], ids=str
)
@pytest.mark.parametrize(
    "fields", [["weight_decay"], ["weight_decay", "epochs"], ["seed"]], ids=str
)
def test_the_filter_of_a_cell_passes_the_runs_that_the_cell_counts(
    small_database, rows, quantity, fields, monkeypatch
):
    monkeypatch.setattr("modadd.phases.MOST_VALUES", 6)
    cells = phases(rows, fields, quantity)
    assert cells["diverged"].any()
    counted = cells[cells["n"] > 0].to_dict("records")
    with open_for_reading(str(small_database)) as engine:
        for cell in counted:
            chosen = filter_of_cell(Filter(), fields, quantity, cell)
            assert run_lists.count_runs(engine, chosen) == cell["n"]


def test_a_click_selects_the_cells_number(rows):
    cells = phases(rows, ["weight_decay", "epochs"], Quantity("circle"))
    chart = heat_map(cells, "weight_decay", "epochs", "share", percent=True, clickable=True)
    (click,) = chart.to_dict()["params"]
    assert click["select"]["fields"] == [CELL]
    assert drawn(chart)[CELL].tolist() == list(range(len(cells)))
