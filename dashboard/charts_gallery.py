"""The gallery as a chart: one slider scrubs all tiles, in the browser alone."""

import json
from collections.abc import Sequence
from typing import Any

import altair as alt
import pandas as pd

from dashboard.drawn import Drawn, composed, data, kinds, slider, tips
from dashboard.gallery import UNITS, Gallery
from dashboard.theme import AS_CANVAS, QUIET, STRUCTURE_COLOURS

WIDTH = 960
FRAME, TILE = "frame", "tile"
_TOKENS, _TILES = "tokens", "tiles"
_X, _Y, _END = "from_x", "from_y", "to_y"
_LABELLED = 64  # pixels of a tile's side, below which its label would cover the tokens


def gallery_chart(
    shown: Gallery,
    tooltip: Sequence[str],
    *,
    width: int = WIDTH,
    start: int | None = None,
    heading: bool = True,
) -> Drawn:
    """Tiles in a grid, framed by structure. A click selects a tile's run_id as `tile`.

    tooltip: columns of the tiles. start: the frame that is shown first, by default the last one.
    heading: whether the epoch stands above.
    """
    last = len(shown.frames) - 1
    frame = slider(FRAME, last if start is None else start, last)
    side = width / shown.columns
    x = alt.Scale(domain=[0, shown.columns], nice=False, zero=False)
    y = alt.Scale(domain=[shown.rows, 0], nice=False, zero=False)
    layers = [_tokens(side), _tiles(shown.tiles, x, y, tooltip)]
    if heading:
        layers.append(_epoch(shown))
    if side >= _LABELLED:
        layers.append(_labels(x, y))
    made = composed(
        "layer",
        layers,
        params=[frame, *_places()],
        width=width,
        height=round(side * shown.rows),
        padding={"top": 4, "left": 2, "right": 2, "bottom": 2},
        # Fitting into the page's width would squeeze one axis and not the other.
        autosize={"type": "pad"},
        usermeta=AS_CANVAS,
        config={"view": {"stroke": None}},
    )
    frames = shown.tiles.assign(
        left=shown.tiles["column"] + 0.03,
        right=shown.tiles["column"] + 0.97,
        top=shown.tiles["row"] + 0.03,
        bottom=shown.tiles["row"] + 0.97,
    )
    tokens = shown.tokens.assign(
        left=shown.tokens["column"] * side, top=shown.tokens["row"] * side
    ).drop(columns=["column", "row"])
    return Drawn(made, {_TOKENS: tokens, _TILES: frames})


def _places() -> list[dict[str, str]]:
    """Where a frame's digits lie in a path, worked out once a step."""
    places = ((_X, 0), (_Y, 3), (_END, 6))
    return [{"name": name, "expr": f"6 * {FRAME} + {digits}"} for name, digits in places]


def _tokens(side: float) -> alt.Chart:
    # Each row holds its whole path; only as many points as are seen are ever computed. Pixels, not
    # scales, and no descriptions: a browser interprets all that, token by token, at each step.
    def pixels(start: str, stop: str, tile: str) -> Any:
        digits = f"substring(datum.path, {start}, {stop})"
        return alt.value(alt.expr(f"{digits} * {side / UNITS} + datum.{tile}"))

    return (
        data(_TOKENS)
        .mark_circle(size=max(9, (side / 13) ** 2), opacity=1, aria=False)
        .encode(
            x=pixels(_X, _Y, "left"),
            y=pixels(_Y, _END, "top"),
            color=alt.Color("colour:N", scale=None),
        )
    )


def _tiles(tiles: pd.DataFrame, x: alt.Scale, y: alt.Scale, tooltip: Sequence[str]) -> alt.Chart:
    pick = alt.selection_point(name=TILE, fields=["run_id"], on="click", clear=False, toggle=False)
    return (
        data(_TILES)
        .mark_rect(fill="transparent", strokeWidth=1.2, cursor="pointer")
        .encode(
            x=alt.X("left:Q", scale=x, axis=None),
            x2=alt.X2("right:Q"),
            y=alt.Y("top:Q", scale=y, axis=None),
            y2=alt.Y2("bottom:Q"),
            stroke=alt.Stroke(
                "structure:N",
                scale=alt.Scale(
                    domain=list(STRUCTURE_COLOURS), range=list(STRUCTURE_COLOURS.values())
                ),
                legend=None,
            ),
            tooltip=tips(kinds(tiles, tooltip)),
        )
        .add_params(pick)
    )


def _labels(x: alt.Scale, y: alt.Scale) -> alt.Chart:
    return (
        data(_TILES)
        .transform_calculate(from_left="datum.left + 0.04", from_top="datum.bottom - 0.02")
        .mark_text(align="left", baseline="bottom", fontSize=9, color=QUIET)
        .encode(
            x=alt.X("from_left:Q", scale=x, axis=None),
            y=alt.Y("from_top:Q", scale=y, axis=None),
            text=alt.Text("label:N"),
        )
    )


def _epoch(shown: Gallery) -> alt.Chart:
    epochs = json.dumps(shown.frames)
    return (
        alt.Chart(alt.InlineData(values=[{}]))
        .transform_calculate(text=f"'epoch ' + format({epochs}[{FRAME}], ',')")
        .mark_text(
            x=0, y=-6, align="left", baseline="bottom", fontSize=15, fontWeight=600, color=QUIET
        )
        .encode(text=alt.Text("text:N"))
    )
