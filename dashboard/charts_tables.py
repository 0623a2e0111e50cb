"""Charts of the tables: the runs behind a correlation, and what it hangs on."""

from functools import lru_cache

import altair as alt
import pandas as pd

from dashboard.drawn import ROWS, Drawn, Form, composed, data, form, kinds, tips
from dashboard.theme import AS_CANVAS, BLUE, QUIET, VERMILLION

POINT = "run"
_HERE = "here"  # the setting that is chosen, as a dataset
_STRUCTURES = ["circle", "grid"]


def correlated(rows: pd.DataFrame, x: str, y: str, *, selects: bool = True) -> Drawn:
    """A mark a run, circles told from grids by colour and shape; a click `selects` its run_id.

    rows: run_id, seed, group (text), structure ('circle' or 'grid'), counted, and the two columns.
    """
    names = list(dict.fromkeys(["run_id", "seed", "group", "structure", x, y]))
    made = _marks(x, y, kinds(rows, names), selects)
    return Drawn(made, {ROWS: rows[[*names, "counted"]].dropna(subset=[x, y])})


@lru_cache(maxsize=16)
def _marks(x: str, y: str, columns: tuple[tuple[str, str], ...], selects: bool) -> Form:
    chart = (
        data()
        .mark_point(filled=True, size=30, cursor="pointer", aria=False)
        .encode(
            x=alt.X(
                f"{x}:Q",
                title=x.replace("_", " "),
                scale=alt.Scale(zero=False, nice=True),
                axis=alt.Axis(labelFlush=False),
            ),
            y=alt.Y(f"{y}:Q", title=y.replace("_", " "), scale=alt.Scale(zero=False, nice=True)),
            color=alt.Color(
                "structure:N",
                scale=alt.Scale(domain=_STRUCTURES, range=[BLUE, VERMILLION]),
                legend=alt.Legend(title=None, orient="top"),
            ),
            shape=alt.Shape(
                "structure:N",
                scale=alt.Scale(domain=_STRUCTURES, range=["circle", "square"]),
                legend=None,
            ),
            opacity=alt.OpacityValue(0.15, condition={"test": "datum.counted", "value": 0.7}),
            tooltip=tips(columns),
        )
        .properties(height=360, usermeta=AS_CANVAS)
    )
    if selects:  # a part of other charts does not
        chart = chart.add_params(alt.selection_point(name=POINT, fields=["run_id"], on="click"))
    return form(chart)


def sensitivity(strip: pd.DataFrame, setting: float, title: str) -> Drawn:
    """The correlation's interval over the settings of a definition, a row a group; grey where it
    holds 0, and the setting marked. strip: as `modadd.sensitivity` makes it, with `group` (text)
    for the group fields."""
    settings = sorted(strip["setting"].unique())
    half = (settings[1] - settings[0]) / 2 if len(settings) > 1 else 0.01
    cells = strip.assign(
        left=strip["setting"] - half,
        right=strip["setting"] + half,
        verdict=strip["sign"].map({-1: "negative", 0: "undecided", 1: "positive"}),
        text=[_interval(row) for row in strip[["low", "high"]].itertuples(index=False)],
    )
    made = _cells(title, settings[0] - half, settings[-1] + half, cells["group"].nunique())
    return Drawn(made, {ROWS: cells, _HERE: pd.DataFrame({"left": [setting]})})


@lru_cache(maxsize=16)
def _cells(title: str, least: float, most: float, groups: int) -> Form:
    x = alt.X(
        "left:Q", title=title, axis=alt.Axis(tickCount=8, grid=False),
        scale=alt.Scale(domain=[least, most], nice=False, zero=False),
    )  # fmt: skip
    rects = (
        data()
        .mark_rect()
        .encode(
            x=x,
            x2=alt.X2("right:Q"),
            y=alt.Y("group:N", title=None, sort=None, axis=alt.Axis(labelLimit=260)),
            color=alt.Color(
                "verdict:N",
                scale=alt.Scale(
                    domain=["negative", "undecided", "positive"], range=[BLUE, QUIET, VERMILLION]
                ),
                legend=alt.Legend(title="correlation is", orient="top", labelFontSize=11),
            ),
            # The stronger, the fuller: sign by colour, size by strength.
            opacity=alt.Opacity(
                "strength:Q", scale=alt.Scale(domain=[0, 1], range=[0.2, 1]), legend=None
            ),
            tooltip=[
                alt.Tooltip("group:N"),
                alt.Tooltip("setting:Q", title=title),
                alt.Tooltip("r:Q", format=".3f"),
                alt.Tooltip("text:N", title="95 %"),
                alt.Tooltip("n:Q"),
            ],
        )
        .transform_calculate(strength="abs(datum.r)")
    )
    # White in black: seen on every colour.
    marks = [
        data(_HERE).mark_rule(color=colour, strokeWidth=width).encode(x=x)
        for colour, width in (("black", 4), ("white", 1.5))
    ]
    # The height holds axis and legend too, where a page fits the chart into it.
    height = 140 + groups * max(10, min(30, 600 // max(groups, 1)))
    return composed("layer", [rects, *marks], height=height)


def _interval(ends: tuple[float, float]) -> str:
    return "undefined" if ends[0] != ends[0] else f"[{ends[0]:.2f}, {ends[1]:.2f}]"
