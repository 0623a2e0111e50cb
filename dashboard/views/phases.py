"""Phase diagram: a quantity over one or two config fields, over the runs of the filter."""

from typing import Any

import pandas as pd
import streamlit as st

from dashboard import loaders, states
from dashboard.charts_phases import CELL, curve, heat_map
from dashboard.controls import filter_of_page, open_page, set_filter
from dashboard.header import header
from dashboard.opened import database_shown
from dashboard.phase_queries import filter_of_cell, grouped_sql
from dashboard.run_rows import listed, mixed, varying
from dashboard.takeaway import take_away
from modadd.phases import STRUCTURES, Quantity, phases
from modadd.simulators import SIMULATORS

ALONE = "(none: a curve)"
AMONG = {"all runs": None, **{f"{name}s": name for name in ("circle", "grid", "imperfect grid")}}

chosen = filter_of_page()
opened = database_shown().of(chosen.kind)
header(
    "Phase diagram",
    "Where in the space of configs which structures form: each cell is the share of a structure, "
    "or the mean of a metric, over the runs of the filter with those values, with its 95 % "
    "interval (Wilson's of a share, Student's t of a mean; on hover where it does not fit) and n. "
    "Over one field alone it is a curve with its band; runs that diverged are left out, and "
    "counted on hover.",
)
stored = loaders.columns(opened, chosen.kind)
rows = loaders.runs(opened, chosen)
if rows.empty:
    states.empty_filter(loaders.stored_runs(opened, chosen.kind))
fields = list(SIMULATORS[chosen.kind].config.field_types())
offered = varying(rows, fields)
if not offered:
    states.nothing_to_draw(
        "These runs share one config but for the seed: widen the filter, or train or simulate "
        "with several values of a field, as in `modadd train --weight-decay 0 0.3 0.6 1`"
    )
    st.stop()
offered += ["seed"] if rows["seed"].nunique() > 1 else []
provenance = ("run_id", "last_epoch", "wall_time", "job_id", "threads", "is_circle")
metrics = [
    name
    for name, kind in stored.items()
    if kind is float and name not in (*fields, *provenance) and rows[name].notna().any()
]
quantities = {f"share of {name}s": name for name in STRUCTURES}
quantities |= {f"mean {name.replace('_', ' ')}": name for name in metrics}


def pick(title: str, options: list[str], default: int, key: str, help: str | None = None) -> str:
    """A choice that is in the URL as `key`."""
    return st.selectbox(title, options, default, key=key, bind="query-params", help=help)


def crossing(x: str, others: list[str]) -> int:
    """The place of the first field that, with x, has runs in most cells; else of the curve."""
    for place, name in enumerate(others[1:], 1):
        if name == "seed":
            continue
        filled = len(rows[[x, name]].drop_duplicates())
        if filled > rows[x].nunique() * rows[name].nunique() / 2:
            return place
    return 0


places = st.columns([3, 2, 2, 2], gap="medium")
with places[0]:
    quantity = pick("Quantity", list(quantities), 0, "quantity")
with places[1]:
    among = pick(
        "Among", list(AMONG), 0, "among",
        help="The paper counts the imperfections of the grids alone. A share is always of all runs "
        "unless another set is chosen.",
    )  # fmt: skip
with places[2]:
    x = pick("Over", offered, 0, "over")
others = [ALONE, *(name for name in offered if name != x)]
with places[3]:
    y = pick("and", others, crossing(x, others), "across")

asked = Quantity(quantities[quantity], AMONG[among])
over = [x] if y == ALONE else [x, y]
cells = phases(rows, over, asked)
percent = asked.is_share or asked.name.endswith("accuracy")
if asked.name.endswith("accuracy"):  # Student's t knows nothing of the ends of a share
    cells = cells.assign(low=cells["low"].clip(0), high=cells["high"].clip(upper=1))
if not cells["n"].any():
    states.nothing_to_draw(f"None of these runs has a {quantity} among the {among}: choose another")
    st.stop()
title = quantity if asked.among is None else f"{quantity} among the {among}"
chart = (
    curve(cells, x, title, percent=percent, clickable=True)
    if y == ALONE
    else heat_map(cells, x, y, title, percent=percent, clickable=True)
)
st.markdown(f"**{title[0].upper()}{title[1:]}**")
event: Any = st.vega_lite_chart(
    chart.spec, key=f"phase-{'-'.join(over)}", on_select="rerun", selection_mode=[CELL]
)
counted, diverged = int(cells["n"].sum()), int(cells["diverged"].sum())
st.caption(
    f"n = {counted:,} runs in {len(cells):,} cells"
    + (f"; {diverged:,} diverged and are left out" if diverged else "")
    + ". A field with many values is cut into bins of equally many runs. Click a cell or a point "
    "to see its runs."
)
if differing := mixed(rows, fields, over):
    st.caption(f"Runs of one cell differ in {listed(differing)}: narrow the filter, or they pool.")
take_away("phase-diagram", cells, chart=chart, sql=grouped_sql(chosen, over, asked, cells))
with st.expander("As a table", icon=":material/table:"):
    st.dataframe(pd.DataFrame(cells), hide_index=True, placeholder="–")
picked = event["selection"].get(CELL)
if picked:
    cell = {str(name): value for name, value in cells.iloc[picked[0][CELL]].items()}
    set_filter(filter_of_cell(chosen, over, asked, cell))
    open_page("runs")
