"""Parts of pages with many runs: the gallery of their arrangements, the table of their rows."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import pandas as pd
import streamlit as st

from dashboard import loaders, states
from dashboard.charts_gallery import FRAME, TILE, gallery_chart
from dashboard.controls import open_page
from dashboard.drawn import Drawn
from dashboard.gallery import MOST_TILES, frames_of, gallery
from dashboard.opened import Database, cached
from dashboard.pages import PAGES
from dashboard.player import frame_on_screen, player
from dashboard.run_rows import column_order, label, thumbnail, varying
from dashboard.takeaway import take_away
from dashboard.theme import STRUCTURE_COLOURS, residue_colours

TILE_COUNTS = (24, 48, 100, MOST_TILES)
# Tiles a row by how many there are, so that a screen holds them.
_COLUMNS = {24: 8, 48: 12, 100: 14, MOST_TILES: 20}
ROWS_A_PAGE = 50
_FRAMES = " ".join(
    f'<span style="border:2px solid {colour};border-radius:3px;padding:0 .5em;margin-right:.4em">'
    f"{name}</span>"
    for name, colour in STRUCTURE_COLOURS.items()
)


class Tiled(NamedTuple):
    """tiles: the runs with a `label`. dim: the most dimensions that any has."""

    tiles: pd.DataFrame
    frames: list[int]
    dim: int
    chart: Drawn


@cached(16)
def _tiled(
    opened: Database,
    ids: tuple[int, ...],
    varied: tuple[str, ...],
    columns: int,
    alike: bool,
    _rows: pd.DataFrame,
) -> Tiled | None:
    """The runs as small multiples; None where no arrangement is stored. _rows: those of the ids."""
    frames = frames_of(loaders.stored_epochs(opened, ids))
    stored = loaders.arrangements(opened, ids, tuple(frames))
    if not stored:
        return None
    about = ["run_id", "seed", *varied, "structure", "radius_ratio", "grid_imperfections"]
    about += [name for name in ("validation_accuracy",) if name in _rows]
    tiles = _rows[[*dict.fromkeys([*about, "status"])]].copy()
    tiles["label"] = [label(row, varied) for row in tiles.to_dict("records")]
    colours = {n: residue_colours(n) for n in {run.embeddings.shape[1] for run in stored.values()}}
    shown = gallery(tiles, stored, frames, columns, colours, alike=alike)
    dim = max(run.embeddings.shape[2] for run in stored.values())
    return Tiled(tiles, frames, dim, gallery_chart(shown, about))


def gallery_section(opened: Database, rows: pd.DataFrame, fields: list[str], sql: str) -> None:
    """The first runs of `rows` (with `structure`) as small multiples under one epoch slider."""
    left, right = st.columns([1, 2], vertical_alignment="bottom")
    count = left.segmented_control(
        "Tiles", TILE_COUNTS, default=48, key="tiles", bind="query-params", required=True
    )
    alike = right.toggle(
        "one scale for all", key="alike", bind="query-params",
        help="Otherwise each tile has the scale of its own run, the same at every epoch.",
    )  # fmt: skip
    assert count is not None
    first, varied = rows.head(count), tuple(varying(rows, fields))
    ids = tuple(first["run_id"].tolist())
    tiled = _tiled(opened, ids, varied, _COLUMNS[count], bool(alike), first)
    if tiled is None:
        states.nothing_to_draw("These runs have no stored arrangements: run their job again")
        return
    tiles, frames, dim, chart = tiled
    clickable = "run" in PAGES
    with st.container(key="gallery-box"):
        st.html(f'<div style="font-size:.85rem">{_FRAMES}</div>')
        if len(frames) > 1:
            player("gallery-box", frames)
        event: Any = st.vega_lite_chart(
            chart.spec,
            key="gallery",
            width="content",
            selection_mode=[TILE] if clickable else None,
            on_select="rerun" if clickable else "ignore",
        )
    st.caption(_caption(len(rows), len(first), dim, varied))
    take_away(
        "gallery", tiles, sql=sql,
        chart=lambda: chart.having_param(FRAME, value=frame_on_screen(frames)),
    )  # fmt: skip
    picked = event["selection"].get(TILE) if clickable else None
    if picked:
        open_page("run", run=picked[0]["run_id"])


def _caption(passing: int, shown: int, dim: int, varied: Sequence[str]) -> str:
    named = f"seed · {varied[0].replace('_', ' ')}" if varied else "seed"
    more = f" The first two of {dim} dimensions." if dim > 2 else ""
    return (
        f"{shown} of {passing:,} runs, in the table's order; each tile is named by {named} and "
        "framed by the structure at its end. A token has one colour in all tiles; the origin is in "
        f"the middle.{more}"
    )


def table_section(opened: Database, rows: pd.DataFrame, fields: list[str], sql: str) -> None:
    """The rows, a page at a time, with a thumbnail of each run's final arrangement."""
    pages = max(1, -(-len(rows) // ROWS_A_PAGE))
    left, right = st.columns([3, 2], vertical_alignment="center")
    with right:
        number = st.pagination(pages, key=f"page-{pages}") if pages > 1 else 1
    start = (number - 1) * ROWS_A_PAGE
    visible = rows.iloc[start : start + ROWS_A_PAGE]
    left.caption(f"Runs {start + 1:,} to {start + len(visible):,} of {len(rows):,}")
    final = loaders.final_arrangements(opened, tuple(visible["run_id"].tolist()))
    pictures: list[Any] = [
        thumbnail(final[run], residue_colours(len(final[run]))) if run in final else None
        for run in visible["run_id"]
    ]
    clickable = "run" in PAGES
    event: Any = st.dataframe(
        visible.assign(thumbnail=pictures),
        hide_index=True, row_height=46, height=520, placeholder="–", key="runs-table",
        column_order=column_order(rows, fields),
        column_config={
            "thumbnail": st.column_config.ImageColumn("", width=56, pinned=True),
            "run_id": st.column_config.NumberColumn("run", format="%d", pinned=True),
        },
        selection_mode="single-row", on_select="rerun" if clickable else "ignore",
    )  # fmt: skip
    take_away("runs", rows, sql=sql)
    picked = event["selection"]["rows"] if clickable else []
    if picked:
        open_page("run", run=visible["run_id"].iloc[picked[0]])
