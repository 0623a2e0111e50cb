"""Charts as plain data: a form that is shared, and the rows that fill it."""

import json

import altair as alt
import numpy as np
import pandas as pd
import vl_convert

from dashboard.drawn import ROWS, Drawn, data, form, joined, kinds, tips
from dashboard.theme import on_paper

DATA = pd.DataFrame(
    {"x": [1.0, np.nan, np.inf], "name": ["a", "b", None], "is": [True, False, True]}
)


def points(rows=DATA, **encoding):
    return Drawn(form(data().mark_point().encode(x=alt.X("x:Q"), **encoding)), {ROWS: rows})


def test_a_form_has_neither_rows_nor_a_theme():
    assert form(data().mark_point().encode(x=alt.X("x:Q"))) == {
        "data": {"name": ROWS},
        "mark": {"type": "point"},
        "encoding": {"x": {"field": "x", "type": "quantitative"}},
    }
    own = data().mark_point().configure_view(stroke=None)
    assert form(own)["config"] == {"view": {"stroke": None}}


def test_what_stands_in_a_form_stays_there():
    chart = alt.layer(alt.Chart(alt.InlineData(values=[{"x": 0}])).mark_rule(), data().mark_point())
    assert form(chart)["layer"][0]["data"] == {"values": [{"x": 0}]}


def test_the_rows_are_written_as_json_with_null_for_what_is_no_number():
    assert json.loads(points().to_json())["datasets"] == {
        ROWS: [
            {"x": 1.0, "name": "a", "is": True},
            {"x": None, "name": "b", "is": False},
            {"x": None, "name": None, "is": True},
        ]
    }


def test_a_form_is_not_changed_through_a_chart_of_it():
    chart = points()
    chart.spec["encoding"]["x"]["field"] = chart.to_dict()["mark"]["type"] = "other"
    other = chart.having(width=3).configure(axis=alt.AxisConfig(grid=False))
    assert chart.form == points().form
    assert (other.form["width"], other.form["config"]) == (3, {"axis": {"grid": False}})


def test_a_parameter_is_changed_by_name():
    chart = Drawn({"params": [{"name": "a", "value": 0}, {"name": "b", "value": 1}]}, {})
    changed = chart.having_param("b", value=5)
    assert changed.form["params"] == [{"name": "a", "value": 0}, {"name": "b", "value": 5}]
    assert chart.form["params"][1]["value"] == 1


def test_charts_side_by_side_keep_their_own_rows():
    one, other = points(DATA[:1]), points(pd.DataFrame({"x": [7.0, 8.0]}))
    both = joined("hconcat", [one, other], spacing=3)
    names = [part["data"]["name"] for part in both.form["hconcat"]]
    assert [len(both.datasets[name]) for name in names] == [1, 2]
    assert one.form["data"] == {"name": ROWS}
    svg = vl_convert.vegalite_to_svg(on_paper(both).to_json())
    assert svg.count('aria-roledescription="point"') == 3


def test_a_tip_knows_numbers_from_words():
    found = [tip.to_dict()["type"] for tip in tips(kinds(DATA, DATA))]
    assert found == ["quantitative", "nominal", "nominal"]
