"""The quick chart of whatever a query gave."""

from typing import Any

import altair as alt
import numpy as np
import pandas as pd

from dashboard.drawn import ROWS, Drawn, data, form
from dashboard.theme import CATEGORIES, OURS

MARKS = ("points", "line", "bars")
MOST_CATEGORIES = 20


def quick_chart(
    rows: pd.DataFrame, x: str, y: str, colour: str | None = None, mark: str = MARKS[0]
) -> Drawn:
    """One column over another, and by colour a third; mark: one of `MARKS`.

    The chart's own fields are named c0, c1, …, since a query's columns may be named anything.
    """
    names = list(dict.fromkeys([x, y, *([colour] if colour else [])]))
    fields = {name: f"c{index}" for index, name in enumerate(names)}
    shown = rows[names].replace([np.inf, -np.inf], np.nan).rename(columns=fields).dropna()
    encoding: dict[str, Any] = {
        "x": alt.X(fields[x], type=_type(rows[x]), title=x, scale=_scale(rows[x], mark)),
        "y": alt.Y(fields[y], type=_type(rows[y]), title=y, scale=_scale(rows[y], mark)),
        "tooltip": [
            # Vega's tooltip takes an entry `image` for the address of a picture to load.
            alt.Tooltip(fields[name], type=_type(rows[name]), title=f"{name}\u200b")
            for name in names
        ],
    }
    if colour:
        encoding["color"] = alt.Color(
            fields[colour], type=_type(rows[colour]), title=colour, scale=_colours(rows[colour])
        )
    chart = _marked(data(), mark, bool(colour)).encode(**encoding).properties(height=360)
    return Drawn(form(chart), {ROWS: shown})


def _marked(chart: alt.Chart, mark: str, coloured: bool) -> alt.Chart:
    own: dict[str, Any] = {} if coloured else {"color": OURS}
    if mark == "line":
        return chart.mark_line(point=True, **own)
    if mark == "bars":
        return chart.mark_bar(**own)
    return chart.mark_point(filled=True, size=40, opacity=0.7, **own)


def _type(column: "pd.Series[Any]") -> Any:
    return "quantitative" if pd.api.types.is_numeric_dtype(column) else "nominal"


def _scale(column: "pd.Series[Any]", mark: str) -> Any:
    if _type(column) == "nominal":
        return alt.Undefined
    return alt.Scale(zero=mark == "bars", nice=True)


def _colours(column: "pd.Series[Any]") -> alt.Scale:
    if _type(column) == "quantitative":
        return alt.Scale(scheme="viridis")
    if column.nunique() <= len(CATEGORIES):
        return alt.Scale(range=list(CATEGORIES))
    return alt.Scale(scheme="tableau20")
