"""Charts of the force law on trial: what it explains over training, and against which rivals."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt
import pandas as pd

from dashboard.drawn import ROWS, Drawn, Form, composed, data, joined, slider
from dashboard.theme import BLUE, CATEGORIES, QUIET

LAW, NULL = "the paper's law", "null: shuffled labels"
_WIDTH, _HEIGHT = 330, 220
_SMALL_HEIGHT = 150
_IN_A_ROW = 4
# Of more epochs than this, bands and lines alone can be told apart.
_MOST_BARS = 12


def explained(rows: pd.DataFrame, nulls: Mapping[str, str], title: str) -> Drawn:
    """R² over epochs, a line with its band a weight decay; the nulls' dashed.

    rows: as `db.law_summaries.fit_medians` returns them, of the law and nulls. nulls: fit → how it
    is called.
    """
    named = rows.assign(what=rows["fit"].map(lambda fit: nulls.get(fit, LAW)))
    order = [LAW, *nulls.values()]
    base = _over_epochs(named, title)
    dash = alt.StrokeDash(
        "what:N",
        scale=alt.Scale(domain=order, range=[[1, 0], [5, 3], [2, 3], [1, 2]][: len(order)]),
        legend=_legend("stroke", columns=2),
    )
    # One wide interval would flatten all medians: the axis ends a little below the least of them.
    lowest, highest = float(named["value"].min()), float(named["value"].max())
    floor = min(0.0, lowest) - 0.2 * (max(highest, 0.0) - min(0.0, lowest))
    ends = alt.Scale(domainMin=floor) if (named["low"] < floor).any() else alt.Scale()
    y = _value(title).scale(ends)
    line = base.mark_line(strokeWidth=1.8).encode(y=y, strokeDash=dash, detail="what:N")
    band = base.transform_filter(alt.datum.what == LAW).mark_area(opacity=0.16, clip=True)
    layers = [band.encode(y=_value(title, "low").scale(ends), y2=alt.Y2("high:Q")), line, _zero()]
    made = composed("layer", layers, width=2 * _WIDTH, height=_HEIGHT + 40)
    return Drawn(made, {ROWS: named})


def strengths(rows: pd.DataFrame, titles: Mapping[str, str]) -> Drawn:
    """The law's coefficients over epochs: a panel each, a line with its band a weight decay.

    rows: as `db.law_summaries.fit_medians`. titles: quantity → over its panel.
    """
    panels = []
    for quantity, title in titles.items():
        some = rows[rows["quantity"] == quantity]
        base = _over_epochs(some, title)
        band = base.mark_area(opacity=0.16).encode(y=_value(None, "low"), y2=alt.Y2("high:Q"))
        line = base.mark_line(strokeWidth=1.6).encode(y=_value(None))
        made = composed(
            "layer", [band, line], width=_WIDTH, height=_SMALL_HEIGHT, title=_small_title(title)
        )
        panels.append(Drawn(made, {ROWS: some}))
    return joined("concat", panels, columns=2, spacing=22)


def rivals(rows: pd.DataFrame, order: Sequence[str], start: int) -> Drawn:
    """R² of every fit at the epoch of a slider, with intervals; a panel a weight decay.

    rows: as `db.law_summaries.fit_medians`. order: the fits from top to bottom. start: the epoch
    shown first.
    """
    epochs = sorted(map(int, rows["epoch"].unique()))
    at = min(range(len(epochs)), key=lambda i: abs(epochs[i] - start))
    moment = slider("moment", at, len(epochs) - 1)
    decays = sorted(rows["weight_decay"].unique())
    low = min(0.0, float(rows["value"].quantile(0.02)))
    # Of a few networks no median has an interval: NaN, which is no number of JSON.
    high = float(rows["high"].fillna(rows["value"]).max())
    floor = max(low, -0.3)
    scale = alt.Scale(domain=[floor, max(0.1, high)], clamp=True, nice=False)
    panels = []
    for place, decay in enumerate(decays):
        labels = alt.Axis(
            labels=not place, ticks=False, title=None, labelLimit=170, labelOverlap=False
        )
        base = (
            data()
            .transform_filter(f"datum.epoch == {json.dumps(epochs)}[moment]")
            .encode(
                y=alt.Y("fit:N", sort=list(order), axis=labels),
                color=alt.ColorValue(
                    QUIET, condition={"test": "datum.fit == 'law'", "value": BLUE}
                ),
                tooltip=[alt.Tooltip("fit:N"), *_numbers("R² held out"), _EPOCH],
            )
        )
        x = alt.X("low:Q", scale=scale, title="R² held out", axis=alt.Axis(tickCount=4))
        rule = base.mark_rule(strokeWidth=2, clip=True).encode(x=x, x2=alt.X2("high:Q"))
        dot = base.mark_circle(size=60, opacity=1).encode(x=alt.X("value:Q", scale=scale))
        further = base.transform_filter(f"min(datum.low, datum.value) < {floor}").mark_point(
            shape="triangle-left", filled=True, size=70, opacity=1
        )
        further = further.encode(x=alt.datum(floor, type="quantitative", scale=scale))
        now = alt.expr(f"'γ = {decay:g}, epoch ' + format({json.dumps(epochs)}[moment], ',')")
        layers, height = [rule, dot, further, _zero("x")], 22 * len(order)
        made = composed("layer", layers, width=170, height=height, title=_small_title(now))
        panels.append(Drawn(made, {ROWS: rows[rows["weight_decay"] == decay]}))
    return joined("hconcat", panels, spacing=14, params=[moment])


def foretold(rows: pd.DataFrame, title: str, *, middle: float) -> Drawn:
    """A quantity over the epoch that predictions are made at: a panel a weight decay, a line a
    predictor, with the n of all in its title. rows: weight_decay, epoch, predictor, value, low,
    high, n; where they are known circles among the n, and split, which the tips show. middle: what
    chance makes.
    """
    finite = rows.dropna(subset=["value"])
    names = tuple(dict.fromkeys(rows["predictor"]))
    counts = tuple(name for name in ("circles", "split") if name in rows)
    dense = rows["epoch"].nunique() > _MOST_BARS
    panels = []
    for place, (decay, some) in enumerate(finite.groupby("weight_decay")):
        first = place % _IN_A_ROW == 0
        made = _foretold_panel(names, counts, title, middle, dense=dense, first=first)
        come = f", circles: {in_range(some['circles'])}" if "circles" in some else ""
        above = _small_title(f"γ = {decay:g}, n = {in_range(some['n'])}{come}")
        panels.append(Drawn(made, {ROWS: some}).having(title=above))
    shared = {"scale": {"y": "shared"}}
    return joined("concat", panels, columns=_IN_A_ROW, spacing=14, resolve=shared)


def in_range(counts: "pd.Series[int]") -> str:
    """From the least to the greatest, or the one that they all are."""
    least, most = int(counts.min()), int(counts.max())
    return f"{most:,}" if least == most else f"{least:,} to {most:,}"


def _foretold_panel(
    names: Sequence[str],
    counts: Sequence[str],
    title: str,
    middle: float,
    *,
    dense: bool,
    first: bool,
) -> Form:
    colours = alt.Scale(domain=list(names), range=[*CATEGORIES, QUIET, "#c9a227"][: len(names)])
    tips = [alt.Tooltip(f"{name}:Q") for name in counts]
    base = data().encode(
        x=_epochs("from epoch"),
        color=alt.Color("predictor:N", scale=colours, legend=_legend("stroke")),
        tooltip=[alt.Tooltip("predictor:N"), _EPOCH, *_numbers(title), *tips],
    )
    y = alt.Y(
        "low:Q", title=title if first else None, axis=alt.Axis(tickCount=5),
        scale=alt.Scale(zero=False),
    )  # fmt: skip
    spread = base.mark_area(opacity=0.16) if dense else base.mark_rule(strokeWidth=1.6)
    rule = spread.encode(y=y, y2=alt.Y2("high:Q"))
    line = base.mark_line(strokeWidth=1.6, point=not dense).encode(y=alt.Y("value:Q"))
    chance = alt.Chart(alt.InlineData(values=[{"value": middle}]))
    level = chance.mark_rule(color=QUIET, strokeDash=[2, 3]).encode(y=alt.Y("value:Q"))
    return composed("layer", [rule, line, level], width=165, height=170)


def shares(rows: pd.DataFrame, label: str, title: str) -> Drawn:
    """A share with its interval for each label, from top to bottom as they come.

    rows: the label's column, value, low, high, n.
    """
    base = data().encode(
        y=alt.Y(f"{label}:N", sort=list(rows[label]), title=None, axis=alt.Axis(labelLimit=260)),
        tooltip=[alt.Tooltip(f"{label}:N"), *_numbers(title, ".1%")],
    )
    x = alt.X("low:Q", title=title, axis=alt.Axis(format="%"), scale=alt.Scale(domainMin=0))
    rule = base.mark_rule(strokeWidth=2, color=BLUE).encode(x=x, x2=alt.X2("high:Q"))
    dot = base.mark_circle(size=75, opacity=1, color=BLUE).encode(x=alt.X("value:Q"))
    made = composed("layer", [rule, dot], width=2 * _WIDTH, height=34 * len(rows))
    return Drawn(made, {ROWS: rows})


_EPOCH = alt.Tooltip("epoch:Q", format=",")


def _over_epochs(rows: pd.DataFrame, title: str) -> alt.Chart:
    decays = sorted(rows["weight_decay"].unique())
    scale = (
        alt.Scale(domain=decays, range=list(CATEGORIES[: len(decays)]))
        if len(decays) <= len(CATEGORIES)
        else alt.Scale(domain=decays, scheme="viridis")
    )
    return data().encode(
        x=_epochs("epoch"),
        color=alt.Color("weight_decay:O", scale=scale, legend=_legend("stroke", "weight decay")),
        tooltip=[
            alt.Tooltip("weight_decay:O", title="weight decay"),
            alt.Tooltip("fit:N"),
            _EPOCH,
            *_numbers(title),
        ],
    )


def _epochs(title: str) -> alt.X:
    # Half of what happens, happens in the first tenth of a run.
    axis = alt.Axis(tickCount=6, grid=False, format=",d")
    return alt.X("epoch:Q", title=title, scale=alt.Scale(type="sqrt"), axis=axis)


def _value(title: str | None, column: str = "value") -> alt.Y:
    return alt.Y(f"{column}:Q", title=title, axis=alt.Axis(tickCount=5))


def _numbers(title: str, form: str = ".3~g") -> list[alt.Tooltip]:
    return [
        alt.Tooltip("value:Q", title=title, format=form),
        alt.Tooltip("low:Q", title="95 % from", format=form),
        alt.Tooltip("high:Q", title="to", format=form),
        alt.Tooltip("n:Q", title="n", format=","),
    ]


def _legend(symbol: Any, title: str | None = None, columns: int = 4) -> alt.Legend:
    return alt.Legend(
        title=title, orient="top", symbolType=symbol, symbolOpacity=1, columns=columns,
        labelLimit=320,
    )  # fmt: skip


def _zero(axis: str = "y") -> alt.Chart:
    chart = alt.Chart(alt.InlineData(values=[{"zero": 0}])).mark_rule(color=QUIET, strokeWidth=0.8)
    return chart.encode(**{axis: "zero:Q"})


def _small_title(text: Any) -> alt.TitleParams:
    return alt.TitleParams(text, anchor="start", fontSize=13, fontWeight=600)
