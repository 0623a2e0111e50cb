"""Charts of conditions that have names and no order of their own."""

from collections.abc import Sequence

import altair as alt
import pandas as pd

from dashboard.drawn import ROWS, Drawn, composed, data
from dashboard.theme import BLUE, QUIET, VERMILLION

FIELD = "condition"


def conditions(
    cells: pd.DataFrame,
    order: Sequence[str],
    title: str,
    *,
    percent: bool = False,
    baselines: Sequence[str] = (),
    labels: bool = True,
) -> Drawn:
    """A quantity by condition, from top to bottom in the order: points with their 95 % intervals,
    the baselines in another colour and shape, and a thin rule down from each.

    cells: as `modadd.phases.phases` returns them over the field `condition`.
    """
    rows = cells.assign(baseline=cells[FIELD].isin(list(baselines)))
    numbers = ".1%" if percent else ".3~g"
    place = alt.Y(
        f"{FIELD}:N",
        title=None,
        sort=list(order),
        axis=alt.Axis(labels=labels, ticks=labels, domain=labels, labelLimit=120),
    )
    x = alt.X(
        "low:Q", title=title, scale=alt.Scale(zero=percent),
        axis=alt.Axis(format="%" if percent else ".3~f", tickCount=5),
    )  # fmt: skip
    base = data().encode(
        y=place,
        color=alt.Color(
            "baseline:N",
            scale=alt.Scale(domain=[False, True], range=[BLUE, VERMILLION]),
            legend=None,
        ),
        tooltip=[
            alt.Tooltip(f"{FIELD}:N"),
            alt.Tooltip("value:Q", title=title, format=numbers),
            alt.Tooltip("low:Q", title="95 % from", format=numbers),
            alt.Tooltip("high:Q", title="to", format=numbers),
            alt.Tooltip("n:Q", format=","),
        ],
    )
    reference = (
        data()
        .transform_filter(alt.datum.baseline)
        .mark_rule(color=QUIET, strokeDash=[3, 3])
        .encode(x=alt.X("value:Q"))
    )
    interval = base.mark_rule(strokeWidth=2).encode(x=x, x2=alt.X2("high:Q"))
    point = base.mark_point(size=60, filled=True, opacity=1).encode(
        x=alt.X("value:Q"),
        shape=alt.Shape(
            "baseline:N",
            scale=alt.Scale(domain=[False, True], range=["circle", "diamond"]),
            legend=None,
        ),
    )
    made = composed("layer", [reference, interval, point], height=22 * len(order))
    return Drawn(made, {ROWS: rows.dropna(subset=["value"])})
