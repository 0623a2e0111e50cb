"""Charts: a DataFrame goes in, an `alt.Chart` comes out. No streamlit here."""

import altair as alt
import pandas as pd

# From Okabe & Ito's palette, which the colour-blind can tell apart; shape says it once more.
OURS, PAPER = "#0072B2", "#D55E00"


def beside_the_paper(
    cells: pd.DataFrame, group: str, quantity: str, title: str
) -> alt.LayerChart | alt.FacetChart:
    """One quantity over a group field, ours and the paper's, each with its 95 % interval.

    cells: as `modadd.tables.table` returns them.
    """
    rows = cells[cells["quantity"] == quantity]
    ours = rows[[group, "value", "low", "high", "n"]].assign(source="this database")
    paper = rows[[group, "paper", "paper_low", "paper_high", "paper_n"]].set_axis(
        ours.columns[:-1], axis=1
    )
    both = pd.concat([ours, paper.assign(source="paper")]).dropna(subset=["value"])
    names = ["this database", "paper"]
    base = alt.Chart(both).encode(
        x=alt.X(f"{group}:O", title=group.replace("_", " "), axis=alt.Axis(labelAngle=0)),
        xOffset=alt.XOffset("source:N", sort=names),
        color=alt.Color("source:N", scale=alt.Scale(domain=names, range=[OURS, PAPER]), title=None),
        tooltip=[alt.Tooltip(name) for name in both.columns],
    )
    interval = base.mark_rule(strokeWidth=2).encode(
        y=alt.Y("low:Q", title=title, scale=alt.Scale(zero=True)), y2="high:Q"
    )
    point = base.mark_point(size=70, filled=True).encode(
        y="value:Q", shape=alt.Shape("source:N", scale=alt.Scale(domain=names), title=None)
    )
    return alt.layer(interval, point).properties(height=260)
