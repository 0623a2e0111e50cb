"""Runs: scatter, gallery and table of the runs that pass the filter; a brush narrows the latter."""

from functools import partial

import streamlit as st

from dashboard import loaders, states
from dashboard.brush import brush_in_url, chart_key, first_brush, forget_brush, keep_brush
from dashboard.charts_runs import BRUSH, scatter
from dashboard.controls import filter_of_page, set_filter
from dashboard.header import header
from dashboard.opened import database_shown
from dashboard.run_rows import about_marks, marks, pooled, structure_shares, with_structure
from dashboard.run_sections import gallery_section, table_section
from dashboard.takeaway import take_away
from db.filters import Between, Filter
from modadd.simulators import SIMULATORS

chosen = filter_of_page()
opened = database_shown().of(chosen.kind)
header(
    "Runs",
    "Every run of the filter: where it ended (scatter), how its tokens moved (gallery), and all of "
    "its numbers (table). Drag over the scatter to keep those runs alone below; the gallery's "
    "slider takes all of its arrangements through training together.",
)
rows = loaders.runs(opened, chosen)
if rows.empty:
    states.empty_filter(loaders.stored_runs(opened, chosen.kind))
rows = with_structure(rows)
fields = list(SIMULATORS[chosen.kind].config.field_types())
numeric = [name for name, kind in loaders.columns(opened, chosen.kind).items() if kind is float]


def pick(title: str, key: str, *wanted: str) -> str:
    """A column, by default the first of `wanted` that there is; in the URL as `key`."""
    default = next((name for name in wanted if name in numeric), numeric[0])
    return st.selectbox(title, numeric, numeric.index(default), key=key, bind="query-params")


def brushed(x: str, y: str) -> list[Between]:
    """What the brush asks for, a range a column."""
    ranges, key = brush_in_url(x, y), chart_key(x, y)
    chart = scatter(marks(rows), x, y, tuple(first_brush(key, ranges)))
    st.vega_lite_chart(
        chart.spec, key=key, selection_mode=[BRUSH], on_select=partial(keep_brush, key)
    )
    if not_all := about_marks(rows):
        st.caption(not_all)
    return ranges


def keep_as_filter(narrowed: Filter) -> None:
    forget_brush()
    set_filter(narrowed)


def shares() -> None:
    """The structures among the rows that are kept, with n and interval."""
    if among := pooled(rows, fields):
        st.caption(among)
    for name, share in structure_shares(rows).items():
        if share.n:
            st.metric(
                f"{name}s", f"{share.value:.1%}",
                f"[{share.low:.1%}, {share.high:.1%}], n = {share.n:,}",
                delta_color="off", delta_arrow="off",
            )  # fmt: skip


left, right = st.columns([3, 1], gap="large")
with left:
    one, two = st.columns(2)
    with one:
        x = pick("Horizontal", "x", "grid_imperfections")
    with two:
        y = pick("Vertical", "y", "validation_accuracy", "radius_ratio")
    ranges = brushed(x, y)
for name, low, high in ((found.column, found.low, found.high) for found in ranges):
    rows = rows[(rows[name] >= low) & (rows[name] <= high)]
narrowed = chosen.having(*ranges)
with left:
    take_away(
        "scatter",
        rows[["run_id", "seed", x, y, "structure"]],
        chart=lambda: scatter(marks(rows), x, y, ranges),
        sql=narrowed.sql(),
    )
with right:
    shares()
    if ranges:
        st.button(
            "Take the brush away", on_click=forget_brush, icon=":material/ink_eraser:",
            type="tertiary",
        )  # fmt: skip
        st.button(
            "Keep the brush as filter",
            on_click=keep_as_filter,
            args=(narrowed,),
            icon=":material/filter_alt:",
        )
if rows.empty:
    states.nothing_to_draw("No run lies in the brush: drag over some points, or take it away")
    st.stop()

one, two = st.columns([3, 1], vertical_alignment="bottom")
with one:
    sort = pick("Order gallery and table by", "sort", "radius_ratio", "run_id")
descending = two.toggle("greatest first", key="down", bind="query-params")
rows = rows.sort_values([sort, "run_id"], ascending=[not descending, True], na_position="last")
gallery_section(opened, rows, fields, narrowed.sql())
table_section(opened, rows, fields, narrowed.sql())
