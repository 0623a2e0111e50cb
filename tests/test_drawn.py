"""A chart is drawn once for the same rows."""

import numpy as np
import pandas as pd

from dashboard.drawn import drawn
from dashboard.gallery import Gallery

ROWS = pd.DataFrame({"x": [1.0, 2.0], "name": ["a", "b"]})
calls = []


def draw(rows, *more, **settings):
    calls.append((rows, more, settings))
    return object()


def draw_otherwise(rows):
    return draw(rows)


def test_the_same_rows_and_settings_give_the_chart_that_was_drawn():
    chart = drawn(draw, ROWS, "x", threshold=1.2)
    assert drawn(draw, ROWS.copy(), "x", threshold=1.2) is chart


def test_whatever_differs_is_drawn_anew():
    gallery = Gallery([0, 1], ROWS, ROWS, 2, 1)
    asked = [
        (draw, ROWS),
        (draw_otherwise, ROWS),
        (draw, ROWS[::-1]),
        (draw, ROWS.rename(columns={"x": "y"})),
        (draw, ROWS.assign(x=[1.0, np.nan])),
        (draw, ROWS, "x"),
        (draw, ROWS, ("x",)),
        (draw, gallery),
        (draw, gallery._replace(columns=3)),
        (draw, gallery._replace(tokens=ROWS.assign(x=0.0))),
    ]
    charts = [drawn(*arguments) for arguments in asked] + [drawn(draw, ROWS, threshold=1.0)]
    assert len(set(charts)) == len(charts)
    assert [drawn(*arguments) for arguments in asked] == charts[:-1]
