"""Charts of phase diagrams. cells: as `modadd.phases.phases` returns them."""

from typing import Any, Literal

import altair as alt
import pandas as pd

from dashboard.drawn import APART, ROWS, Drawn, composed, data
from dashboard.theme import BLUE, QUIET

# Even to the eye and in grey, and safe for the colour-blind. Dark below, light above.
SCHEME: Literal["viridis"] = "viridis"
# The place on it where black text begins to read better than white.
TURN = 0.47
HEIGHT = 420
CELL = "cell"  # a row's number among the cells
_CROWDED = 14  # columns from which numbers would not fit their cells
_ROOMY = (11, 8)  # columns and rows up to which the interval fits, too
_FIRST_LINE = {"fontSize": 13, "fontWeight": 600}
_CURSORS: dict[bool, Literal["default", "pointer"]] = {False: "default", True: "pointer"}


def heat_map(
    cells: pd.DataFrame,
    x: str,
    y: str,
    title: str,
    *,
    percent: bool,
    height: int = HEIGHT,
    clickable: bool = False,
) -> Drawn:
    """A cell for each combination of two fields: colour and text say the value, the text also n.
    A cell without a value is an outline. clickable: a click selects the cell's number as `cell`.
    """
    rows = _labelled(cells, (x, y), percent)
    low, high = _ends(rows, "value", "value")
    rows["ink"] = ((rows["value"] - low) / (high - low) > TURN).map(
        {True: "#000000", False: "#ffffff"}
    )
    rows.loc[rows["value"].isna(), "ink"] = QUIET
    base = data().encode(
        x=alt.X(**_bands(rows, x)),
        y=alt.Y(**_bands(rows, y, upwards=True)),
        tooltip=_tooltip(rows, title),
    )
    colour = alt.Color(
        "value:Q",
        scale=alt.Scale(scheme=SCHEME, domain=[low, high]),
        legend=alt.Legend(
            title=None, format=".0%" if percent else "~g", gradientLength=height - 20
        ),
    )
    cursor = _CURSORS[clickable]
    outline = base.mark_rect(fill="transparent", stroke=QUIET, strokeWidth=0.6, strokeDash=[2, 2])
    filled = base.transform_filter("isValid(datum.value)").mark_rect(cursor=cursor)
    layers: list[alt.Chart] = [
        outline.add_params(_click()) if clickable else outline,
        filled.encode(color=colour),
    ]
    if rows[x].nunique() < _CROWDED:
        ink = alt.Color("ink:N", scale=None)
        roomy = rows[x].nunique() <= _ROOMY[0] and rows[y].nunique() <= _ROOMY[1]
        lines = ("text", "interval", "count") if roomy else ("text", "count")
        for place, line in enumerate(lines):
            size: dict[str, Any] = {"fontSize": 10.5} if place else _FIRST_LINE
            middle = (len(lines) - 1) / 2
            words = base.mark_text(dy=16 * (place - middle), cursor=cursor, **size)
            layers.append(words.encode(text=alt.Text(f"{line}:N"), color=ink))
    return Drawn(composed("layer", layers, height=height, resolve=APART), {ROWS: rows})


def curve(
    cells: pd.DataFrame, x: str, title: str, *, percent: bool, clickable: bool = False
) -> Drawn:
    """A quantity over one field: its band of 95 % intervals, and n at each point. Over words: no
    line between them, and each its own interval. clickable: a click on a point selects its number
    as `cell`.
    """
    rows = _labelled(cells, (x,), percent)
    numeric = pd.api.types.is_numeric_dtype(rows[x])
    place = (
        alt.X(f"{x}:Q", title=_name(x), scale=alt.Scale(zero=False, padding=24))
        if numeric
        else alt.X(**_bands(rows, x))
    )
    base = data().encode(x=place, tooltip=_tooltip(rows, title))
    axis = alt.Axis(format="%" if percent else "~g", tickCount=6)
    bottom, top = _ends(rows, "low", "high")
    rise = top - bottom
    start = 0.0 if percent else bottom - rise / 20
    scale = alt.Scale(domain=[start, top + rise / 8], nice=False, zero=False)
    y = alt.Y("low:Q", title=title, axis=axis, scale=scale)
    if numeric:
        spread = base.mark_area(opacity=0.2, color=BLUE, line=False).encode(
            y=y, y2=alt.Y2("high:Q")
        )
        line = [base.mark_line(color=BLUE, strokeWidth=2).encode(y=alt.Y("value:Q"))]
    else:
        spread, line = (
            base.mark_rule(color=BLUE, strokeWidth=2).encode(y=y, y2=alt.Y2("high:Q")),
            [],
        )
    cursor = _CURSORS[clickable]
    point = base.mark_circle(color=BLUE, size=70, opacity=1, cursor=cursor).encode(
        y=alt.Y("value:Q")
    )
    if clickable:
        point = point.add_params(_click())
    # Above the interval; above the point where n = 1 leaves it undefined.
    n = (
        base.transform_calculate(top="isValid(datum.high) ? datum.high : datum.value")
        .mark_text(dy=-13, fontSize=10.5, color=QUIET)
        .encode(y=alt.Y("top:Q"), text=alt.Text("count:N"))
    )
    made = composed("layer", [spread, *line, point, n], height=HEIGHT)
    return Drawn(made, {ROWS: rows.dropna(subset=["value"])})


def _click() -> alt.Parameter:
    return alt.selection_point(name=CELL, fields=[CELL], on="click", clear=False, toggle=False)


def _ends(rows: pd.DataFrame, low: str, high: str) -> tuple[float, float]:
    """The least and the greatest value with their intervals, apart even if all are one or none."""
    numbers = rows[["value", low, high]].dropna(how="all")
    if numbers.empty:
        return 0.0, 1.0
    least, greatest = float(numbers.min().min()), float(numbers.max().max())
    return (least, greatest) if least < greatest else (least - 0.5, greatest + 0.5)


def _labelled(cells: pd.DataFrame, fields: tuple[str, ...], percent: bool) -> pd.DataFrame:
    """The cells with text (the value), interval, count (n), cell (its number) and, of each field,
    <field>_label."""
    form = "{:.1%}" if percent else "{:.3g}"
    texts = [
        form.format(value) if n else "–"
        for value, n in zip(cells["value"], cells["n"], strict=True)
    ]
    counts = [f"n = {n:,}" for n in cells["n"]]
    ends = zip(cells["low"], cells["high"], strict=True)
    known = [
        f"[{form.format(low)}, {form.format(high)}]".replace("%", "") if low == low else ""
        for low, high in ends
    ]
    rows = cells.assign(text=texts, interval=known, count=counts, cell=range(len(cells)))
    for field in fields:
        rows[f"{field}_label"] = [_label(row, field) for row in cells.to_dict("records")]
    return rows


def _label(row: dict[Any, Any], field: str) -> str:
    """A value, or the first and the last value of a bin."""
    ends = (row.get(f"{field}_from", row[field]), row.get(f"{field}_to", row[field]))
    texts = [end if isinstance(end, str) else _number(end) for end in ends]
    return texts[0] if texts[0] == texts[1] else f"{texts[0]} – {texts[1]}"


def _number(value: float) -> str:
    whole = 1000 <= abs(value) < 1e6 and value == int(value)
    return f"{value:,.0f}" if whole else f"{value:.3g}"


def _bands(rows: pd.DataFrame, field: str, *, upwards: bool = False) -> dict[str, Any]:
    """A channel of the field as ordered bands, numbers growing to the right or upwards."""
    order = list(dict.fromkeys(rows.sort_values(field)[f"{field}_label"]))
    return {
        "shorthand": f"{field}_label:N",
        "title": _name(field),
        "sort": order[::-1] if upwards else order,
        "scale": alt.Scale(padding=0.02),
        "axis": alt.Axis(labelAngle=0, labelOverlap=True, grid=False),
    }


def _tooltip(rows: pd.DataFrame, title: str) -> list[alt.Tooltip]:
    percent = rows["text"].str.endswith("%").any()
    form = ".1%" if percent else ".4~g"
    labels = [name for name in map(str, rows) if name.endswith("_label")]
    return [
        *(alt.Tooltip(f"{name}:N", title=_name(name.removesuffix("_label"))) for name in labels),
        alt.Tooltip("value:Q", title=title, format=form),
        alt.Tooltip("low:Q", title="95 % from", format=form),
        alt.Tooltip("high:Q", title="to", format=form),
        alt.Tooltip("n:Q", title="n", format=","),
        alt.Tooltip("diverged:Q", title="diverged, left out", format=","),
    ]


def _name(field: str) -> str:
    return field.replace("_", " ")
