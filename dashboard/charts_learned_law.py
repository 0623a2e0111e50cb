"""Charts of the learnt law: the functions that the true forces ask for, beside the paper's."""

import altair as alt
import pandas as pd

from dashboard.drawn import ROWS, Drawn, composed, data, joined
from dashboard.theme import OURS, PAPER

SOURCES = ["learnt", "the paper's form, fitted"]
_PANELS = {
    "push_different": ("push from other residues", "distance / scale"),
    "push_same": ("push from the same residue", "distance / scale"),
    "align_same": ("along sums of the same residue", "cosine of the angle"),
    "align_different": ("along sums of other residues", "cosine of the angle"),
}


def learned_functions(table: pd.DataFrame, title: str) -> Drawn:
    """The four functions of one weight decay and phase, each with its 95 % band over networks, and
    the paper's 1/r, constant and step, of the strengths that fit the same forces best.

    table: as `modadd.learned_law.functions` returns it. Forces are in units of their own rms.
    """
    panels = [_panel(table[table["function"] == name], *_PANELS[name]) for name in _PANELS]
    heading = alt.TitleParams(title, anchor="start", fontSize=14, fontWeight=600)
    return joined("hconcat", panels, spacing=18, title=heading)


def _panel(rows: pd.DataFrame, title: str, across: str) -> Drawn:
    learnt = rows.assign(source=SOURCES[0])
    paper = rows[["at", "law", "n"]].rename(columns={"law": "value"}).assign(source=SOURCES[1])
    x = alt.X("at:Q", title=across, axis=alt.Axis(tickCount=4, grid=False))
    y = alt.Y("value:Q", title=None, axis=alt.Axis(tickCount=4))
    colour = alt.Color(
        "source:N",
        scale=alt.Scale(domain=SOURCES, range=[OURS, PAPER]),
        legend=alt.Legend(title=None, orient="top", symbolType="stroke"),
    )
    dash = alt.StrokeDash(
        "source:N", scale=alt.Scale(domain=SOURCES, range=[[1, 0], [5, 3]]), legend=None
    )
    hover = [
        alt.Tooltip("source:N", title="law"),
        alt.Tooltip("at:Q", title=across),
        alt.Tooltip("value:Q", title="force", format=".3~g"),
        alt.Tooltip("n:Q", title="n, networks"),
    ]
    band = (
        data()
        .transform_filter(alt.datum.source == SOURCES[0])
        .mark_area(opacity=0.25)
        .encode(x=x, y=alt.Y("low:Q"), y2=alt.Y2("high:Q"))
    )
    lines = (
        data()
        .mark_line(point=alt.OverlayMarkDef(size=24), strokeWidth=1.8)
        .encode(x=x, y=y, color=colour, strokeDash=dash, tooltip=hover)
    )
    zero = (
        alt.Chart(alt.InlineData(values=[{"value": 0}]))
        .mark_rule(opacity=0.35)
        .encode(y=alt.Y("value:Q"))
    )
    small = alt.TitleParams(title, fontSize=11, fontWeight="normal")
    layers = [band.encode(color=alt.ColorValue(OURS)), zero, lines]
    made = composed("layer", layers, width=190, height=150, title=small)
    return Drawn(made, {ROWS: pd.concat([learnt, paper]).dropna(subset=["value"])})
