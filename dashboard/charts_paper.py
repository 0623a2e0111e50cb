"""A quantity of the paper's tables, ours beside the paper's."""

from functools import cache

import altair as alt
import pandas as pd

from dashboard.drawn import ROWS, Drawn, Form, composed, data
from dashboard.theme import OURS, PAPER

SOURCES = ["this database", "paper"]


def beside_the_paper(
    cells: pd.DataFrame, group: str, quantity: str, title: str, *, percent: bool = False
) -> Drawn:
    """One quantity over a group field, ours and the paper's, each with its 95 % interval.

    cells: as `modadd.tables.table` returns them.
    """
    rows = cells[cells["quantity"] == quantity]
    ours = rows[[group, "value", "low", "high", "n"]].assign(source=SOURCES[0])
    paper = rows[[group, "paper", "paper_low", "paper_high", "paper_n"]].set_axis(
        ours.columns[:-1], axis=1
    )
    both = pd.concat([ours, paper.assign(source=SOURCES[1])]).dropna(subset=["value"])
    return Drawn(_beside(group, title, percent), {ROWS: both})


@cache
def _beside(group: str, title: str, percent: bool) -> Form:
    numbers = ".1%" if percent else ".3~g"
    # Colour and shape say the same: either is enough.
    base = data().encode(
        x=alt.X(
            f"{group}:O",
            title=group.replace("_", " "),
            axis=alt.Axis(labelAngle=0),
            scale=alt.Scale(type="point", padding=0.5),
        ),
        xOffset=alt.XOffset("source:N", sort=SOURCES, scale=alt.Scale(range=[-7, 7])),
        color=alt.Color(
            "source:N",
            scale=alt.Scale(domain=SOURCES, range=[OURS, PAPER]),
            legend=alt.Legend(title=None, orient="top", offset=4),
        ),
        tooltip=[
            alt.Tooltip("source:N", title="from"),
            alt.Tooltip(f"{group}:O", title=group.replace("_", " ")),
            alt.Tooltip("value:Q", title=title, format=numbers),
            alt.Tooltip("low:Q", title="95 % from", format=numbers),
            alt.Tooltip("high:Q", title="to", format=numbers),
            alt.Tooltip("n:Q", title="n"),
        ],
    )
    axis = alt.Axis(format="%", tickCount=5) if percent else alt.Axis(tickCount=5)
    interval = base.mark_rule(strokeWidth=2).encode(
        y=alt.Y("low:Q", title=None, axis=axis, scale=alt.Scale(zero=True)), y2=alt.Y2("high:Q")
    )
    point = base.mark_point(size=80, filled=True, opacity=1).encode(
        y=alt.Y("value:Q"),
        shape=alt.Shape(
            "source:N", scale=alt.Scale(domain=SOURCES, range=["circle", "diamond"]), title=None
        ),
    )
    heading = alt.TitleParams(title, anchor="start", fontSize=14, fontWeight=600)
    return composed("layer", [interval, point], height=310, title=heading)
