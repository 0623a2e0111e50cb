"""Charts of two sets of runs beside each other, and of two runs overlaid."""

import math
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import altair as alt
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dashboard.drawn import ROWS, Drawn, Form, composed, data, joined
from dashboard.run_rows import STRUCTURES
from dashboard.theme import BLUE, QUIET, VERMILLION, residue_colours

SIDE_COLOURS = (BLUE, VERMILLION)
_MARGIN = 0.14
_SHOWN = "shown"  # the run that is laid over, as a dataset
_LEGEND = alt.Legend(
    title=None, orient="top", direction="vertical", labelLimit=300, symbolOpacity=1
)
_LINES = alt.Legend(
    title=None, orient="top", direction="vertical", labelLimit=300, symbolOpacity=1,
    labelFontSize=10.5, symbolType="stroke", symbolStrokeWidth=2, symbolSize=120,
)  # fmt: skip


def _sides(rows: pd.DataFrame) -> tuple[str, ...]:
    return tuple(dict.fromkeys(rows["side"]))


def _colour(names: Sequence[str], legend: alt.Legend) -> alt.Color:
    scale = alt.Scale(domain=list(names), range=list(SIDE_COLOURS[: len(names)]))
    return alt.Color("side:N", scale=scale, legend=legend)


def structure_chart(rows: pd.DataFrame) -> Drawn:
    """Shares with intervals. rows: as `dashboard.compare.structures` returns them."""
    return Drawn(_shares(_sides(rows)), {ROWS: rows.dropna(subset=["value"])})


@lru_cache(maxsize=16)
def _shares(names: tuple[str, ...]) -> Form:
    base = data().encode(
        y=alt.Y("structure:N", sort=list(STRUCTURES), title=None),
        yOffset=alt.YOffset("side:N", sort=list(names)),
        color=_colour(names, _LEGEND),
        tooltip=[
            alt.Tooltip("side:N", title="runs"),
            alt.Tooltip("structure:N"),
            alt.Tooltip("value:Q", title="share", format=".1%"),
            alt.Tooltip("low:Q", title="95 % from", format=".1%"),
            alt.Tooltip("high:Q", title="to", format=".1%"),
            alt.Tooltip("n:Q", title="n", format=","),
        ],
    )
    x = alt.X(
        "low:Q", title="share of runs", scale=alt.Scale(domain=[0, 1]),
        axis=alt.Axis(format="%", tickCount=5),
    )  # fmt: skip
    interval = base.mark_rule(strokeWidth=2).encode(x=x, x2=alt.X2("high:Q"))
    point = base.mark_point(size=80, filled=True, opacity=1).encode(
        x=alt.X("value:Q"),
        shape=alt.Shape(
            "side:N",
            scale=alt.Scale(domain=list(names), range=["circle", "diamond"]),
            legend=_LEGEND,
        ),
    )
    return composed("layer", [interval, point], height=260)


def distribution_chart(rows: pd.DataFrame, title: str, *, threshold: float | None = None) -> Drawn:
    """Distributions as steps with their bands. rows: as `dashboard.compare.distribution` returns
    them. threshold: a place to mark; the axis is logarithmic then."""
    return Drawn(_steps(_sides(rows), title, threshold), {ROWS: rows})


@lru_cache(maxsize=16)
def _steps(names: tuple[str, ...], title: str, threshold: float | None) -> Form:
    scale = (
        alt.Scale(zero=False, nice=False)
        if threshold is None
        else alt.Scale(type="log", nice=False)
    )
    # No descriptions: a browser would interpret one for every step of a line, to tell of the first.
    base = data().encode(
        x=alt.X("value:Q", title=title, scale=scale, axis=alt.Axis(tickCount=6)),
        color=_colour(names, _LINES),
    )
    band = base.mark_area(interpolate="step-after", opacity=0.18, aria=False).encode(
        y=alt.Y("low:Q", scale=alt.Scale(domain=[0, 1])), y2=alt.Y2("high:Q")
    )
    line = base.mark_line(interpolate="step-after", strokeWidth=2, aria=False).encode(
        y=alt.Y("share:Q", title="share of runs at or below", axis=alt.Axis(format="%")),
        strokeDash=alt.StrokeDash(
            "side:N", scale=alt.Scale(domain=list(names), range=[[1, 0], [6, 3]]), legend=_LINES
        ),
        tooltip=[
            alt.Tooltip("side:N", title="runs"),
            alt.Tooltip("value:Q", title=title, format=".4~g"),
            alt.Tooltip("share:Q", title="at or below", format=".1%"),
            alt.Tooltip("low:Q", title="95 % from", format=".1%"),
            alt.Tooltip("high:Q", title="to", format=".1%"),
            alt.Tooltip("n:Q", title="n", format=","),
        ],
    )
    layers = [band, line]
    if threshold is not None:
        mark = alt.Chart(alt.InlineData(values=[{"value": threshold}]))
        layers.append(mark.mark_rule(color=QUIET, strokeDash=[2, 3]).encode(x=alt.X("value:Q")))
    return composed("layer", layers, height=310)


def overlay_chart(rows: pd.DataFrame, *, side: int = 480) -> Drawn:
    """Two arrangements over each other, matched tokens linked; a panel a pair of axes, with equal
    scales. rows: as `dashboard.compare.overlaid` returns them."""
    panels = [_panel(part, axes, side) for axes, part in rows.groupby("axes", sort=False)]
    chart = panels[0] if len(panels) == 1 else joined("hconcat", panels)
    # Fitting into the page's width would squeeze one axis and not the other.
    return chart.having(autosize={"type": "pad"})


def _panel(rows: pd.DataFrame, axes: object, side: int) -> Drawn:
    places = rows[["x", "y", "other_x", "other_y"]].to_numpy().reshape(-1, 2)
    x, y, reach = _frame((places.max(axis=0) + places.min(axis=0)) / 2, np.ptp(places, axis=0))
    made = _linked(str(axes), int(rows["token"].max()) + 1, side, (x - reach, x + reach),
                   (y - reach, y + reach))  # fmt: skip
    return Drawn(made, {ROWS: rows})


def _frame(centre: NDArray[Any], extent: NDArray[Any]) -> tuple[float, float, float]:
    """The middle of a square around arrangements, and how far it reaches: round numbers, so that
    most pairs of runs make the same form, and a browser exchanges its rows alone."""
    half = (1 + _MARGIN) * (float(extent.max()) / 2 or 1.0)
    unit = 10.0 ** math.floor(math.log10(half)) / 2
    middle = np.round(centre / unit) * unit
    reach = math.ceil((half + float(np.abs(centre - middle).max())) / unit) * unit
    return float(middle[0]), float(middle[1]), reach


@lru_cache(maxsize=32)
def _linked(
    axes: str, tokens: int, side: int, across: tuple[float, float], upwards: tuple[float, float]
) -> Form:
    first, second = axes.split(", ")
    frame = alt.Axis(grid=False, tickCount=5)
    x, y = (alt.Scale(domain=list(d), nice=False, zero=False) for d in (across, upwards))
    colours = alt.Scale(domain=list(range(tokens)), range=residue_colours(tokens))
    base = data().encode(
        color=alt.Color("token:N", scale=colours, legend=None),
        tooltip=[
            alt.Tooltip("token:Q", title="token on the left"),
            alt.Tooltip("other:Q", title="matched with, on the right"),
        ],
    )
    here = {
        "x": alt.X("x:Q", scale=x, axis=frame, title=f"dimension {first}"),
        "y": alt.Y("y:Q", scale=y, axis=frame, title=f"dimension {second}"),
    }
    there = {"x": alt.X("other_x:Q", scale=x), "y": alt.Y("other_y:Q", scale=y)}
    # Their own base: marks that are not coloured by token.
    plain = data()
    layers = [
        plain.mark_rule(color=QUIET, strokeWidth=1.2).encode(
            **here, x2=alt.X2("other_x:Q"), y2=alt.Y2("other_y:Q")
        ),
        base.mark_point(shape="diamond", size=260, strokeWidth=2.2, filled=False).encode(**there),
        base.mark_circle(size=95, opacity=1).encode(**here),
        plain.mark_text(dy=-13, fontSize=12, fontWeight=600, color=QUIET).encode(
            **here, text=alt.Text("token:Q")
        ),
    ]
    return composed("layer", layers, width=side, height=side)


def residual_chart(fits: pd.DataFrame, shown: float) -> Drawn:
    """How the residuals of all runs are spread, the shown run's marked. fits: with `residual` and
    `unlabelled`."""
    bins = np.linspace(0, 1, 51)
    counts, _ = np.histogram(fits["residual"], bins)
    rows = pd.DataFrame({"low": bins[:-1], "high": bins[1:], "runs": counts, "none": 0})
    return Drawn(_spread(), {ROWS: rows, _SHOWN: pd.DataFrame({"residual": [shown]})})


@lru_cache(maxsize=1)
def _spread() -> Form:
    bars = (
        data()
        .mark_rect(color=BLUE, opacity=0.75)
        .encode(
            x=alt.X("low:Q", title="residual", scale=alt.Scale(domain=[0, 1])),
            x2=alt.X2("high:Q"),
            y=alt.Y("none:Q", title="runs"),
            y2=alt.Y2("runs:Q"),
            tooltip=[
                alt.Tooltip("low:Q", title="residual from", format=".2f"),
                alt.Tooltip("high:Q", title="to", format=".2f"),
                alt.Tooltip("runs:Q", format=","),
            ],
        )
    )
    rule = (
        data(_SHOWN)
        .mark_rule(color=VERMILLION, strokeWidth=2.5)
        .encode(
            x=alt.X("residual:Q"),
            tooltip=[alt.Tooltip("residual:Q", title="the run shown", format=".3f")],
        )
    )
    return composed("layer", [bars, rule], height=170)
