"""The curves of one run over its epochs as charts without their data, the frame's epoch marked."""

import altair as alt

from dashboard.charts_panels import (
    CURVES,
    EPOCHS,
    FRAME,
    LEGEND,
    LENGTH,
    SMALL,
    Layout,
    beside,
)
from dashboard.drawn import Form, composed, data
from dashboard.frames import ROLES
from dashboard.theme import BLUE, QUIET, VERMILLION


def curves(shown: Layout) -> list[Form]:
    """A panel a measure over epochs, three in a row, the frame's epoch marked."""
    parts = [_curve(title, several, shown) for title, several in shown.curves]
    return [beside(parts[start : start + 3], 18) for start in range(0, len(parts), 3)]


def _curve(title: str, several: bool, shown: Layout) -> Form:
    unit, scale = shown.unit, CURVES[title][1]
    # Half of what happens, happens in the first tenth of a run.
    x = alt.X(
        "epoch:Q", title=unit, scale=alt.Scale(type="sqrt", domain=[0, alt.expr(LENGTH)]),
        axis=alt.Axis(tickCount=5, grid=False, format=",d"),
    )  # fmt: skip
    colour = alt.Color(
        "measure:N",
        scale=alt.Scale(domain=list(ROLES[:2]), range=[BLUE, VERMILLION]),
        legend=alt.Legend(
            title=None,
            orient="none",
            legendX=SMALL - 168,
            legendY=-LEGEND,
            direction="horizontal",
            symbolType="stroke",
        ),
    )
    y = alt.Y(
        "value:Q", title=None, scale=alt.Scale(type=scale, zero=scale == "linear", nice=True),
        axis=alt.Axis(tickCount=4, format=".4~r", minExtent=36),
    )  # fmt: skip
    line = data(title).mark_line(strokeWidth=1.6, color=BLUE)
    line = line.encode(
        x=x,
        y=y,
        tooltip=["measure:N", alt.Tooltip("epoch:Q", title=unit), alt.Tooltip("value:Q")],
        **({"color": colour} if several else {}),
    )
    mark = (
        alt.Chart(alt.InlineData(values=[{}]))
        .transform_calculate(now=f"{EPOCHS}[{FRAME}]")
        .mark_rule(color=QUIET, strokeWidth=1.5)
        .encode(x=alt.X("now:Q", title=unit))
    )
    layers = (line, mark) if shown.several else (line,)
    heading = _small_title(title, 0 if several else LEGEND)
    return composed("layer", layers, width=SMALL, height=130, title=heading)


def _small_title(text: str, above: int) -> alt.TitleParams:
    """above: how much further from its panel, so that all titles of a row stand on one line."""
    return alt.TitleParams(text, anchor="start", fontSize=13, fontWeight=600, offset=4 + above)
