"""Charts of runs, a mark a run."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import altair as alt
import pandas as pd

from dashboard.drawn import ROWS, Drawn, Form, data, form, kinds, tips
from dashboard.theme import AS_CANVAS, STRUCTURE_COLOURS
from db.filters import Between

BRUSH = "brush"
_SHAPES = {"circle": "circle", "perfect grid": "triangle-up", "imperfect grid": "square"}


def scatter(rows: pd.DataFrame, x: str, y: str, brushed: Sequence[Between] = ()) -> Drawn:
    """One column against another, a mark a run, coloured and shaped by structure; a rectangle
    drawn over it selects as `brush`. rows: run_id, seed, structure, x and y. brushed: the ranges,
    on x and y, of a rectangle that is there from the start."""
    ends = {found.column: (found.low, found.high) for found in brushed}
    start = tuple((axis, *ends[name]) for axis, name in (("x", x), ("y", y)) if name in ends)
    columns = list(dict.fromkeys(["run_id", "seed", x, y, "structure"]))
    made = _scatter(x, y, kinds(rows, columns), start if len(start) == 2 else ())
    return Drawn(made, {ROWS: rows[columns].dropna(subset=[x, y])})


@lru_cache(maxsize=16)
def _scatter(
    x: str,
    y: str,
    columns: tuple[tuple[str, str], ...],
    start: tuple[tuple[str, float, float], ...],
) -> Form:
    value: Any = {axis: [low, high] for axis, low, high in start} or alt.Undefined
    brush = alt.selection_interval(name=BRUSH, encodings=["x", "y"], value=value)
    domain = list(STRUCTURE_COLOURS)
    chart = (
        data()
        .mark_point(filled=True, size=26, opacity=0.55, aria=False)
        .encode(
            x=_axis(alt.X, x),
            y=_axis(alt.Y, y),
            color=alt.Color(
                "structure:N",
                scale=alt.Scale(domain=domain, range=list(STRUCTURE_COLOURS.values())),
                legend=alt.Legend(title=None, orient="top"),
            ),
            shape=alt.Shape(
                "structure:N",
                scale=alt.Scale(domain=domain, range=[_SHAPES[name] for name in domain]),
                legend=None,
            ),
            tooltip=tips(columns),
        )
        .add_params(brush)
        .properties(height=360, usermeta=AS_CANVAS)
    )
    return form(chart)


def _axis(channel: type[alt.X] | type[alt.Y], column: str) -> alt.X | alt.Y:
    return channel(
        f"{column}:Q",
        title=column.replace("_", " "),
        scale=alt.Scale(zero=False, nice=True),
        axis=alt.Axis(labelFlush=False),  # a label pushed inwards would stand at the wrong place
    )
