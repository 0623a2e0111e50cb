import io

import altair as alt
import pandas as pd
import pytest

from dashboard.takeaway import PICTURES, to_parquet, to_picture, to_table

ROWS = pd.DataFrame(
    {"run_id": [1, 2], "loss": [-0.5, None], "text": ["=1+1", "plain"], "@odd": ["-x", "+y"]}
)


def test_a_spreadsheet_computes_nothing_of_a_csv():
    read = pd.read_csv(io.BytesIO(to_table(ROWS, "CSV")))
    assert read["text"].tolist() == ["'=1+1", "plain"]
    assert read["'@odd"].tolist() == ["'-x", "'+y"]
    assert read["loss"][0] == -0.5


@pytest.mark.parametrize(
    ("text", "harmless"),
    [
        (" =1+1", "' =1+1"),
        ("＝1", "'＝1"),
        ("a;=cmd|x", "a;'=cmd|x"),
        ("a; @x;-y", "a;' @x;'-y"),
        ("\ta", "'\ta"),
        ("a\n=1", "a\n'=1"),
        ("x = 1; y > 2", "x = 1; y > 2"),
        ("p < 0.05 (n = 100), r = -0.5", "p < 0.05 (n = 100), r = -0.5"),
    ],
)
def test_what_begins_a_formula_is_marked_wherever_a_cell_may_begin(text, harmless):
    rows = pd.DataFrame({"text": [text]})
    assert pd.read_csv(io.BytesIO(to_table(rows, "CSV")))["text"].tolist() == [harmless]


def test_parquet_gives_the_rows_back():
    pd.testing.assert_frame_equal(pd.read_parquet(io.BytesIO(to_parquet(ROWS))), ROWS)


@pytest.mark.parametrize(
    ("picture", "start"), [("SVG", b"<svg"), ("PNG", b"\x89PNG"), ("PDF", b"%PDF")]
)
def test_a_chart_becomes_a_picture(picture, start):
    chart = alt.Chart(ROWS).mark_point().encode(x="run_id:Q", y="loss:Q")
    assert to_picture(chart, picture).startswith(start)
    assert picture in PICTURES
