"""Tables: the paper's tables over the runs of the filter, under definitions of one's own."""

import streamlit as st

from dashboard import loaders, states, table_controls
from dashboard.controls import filter_of_page
from dashboard.header import header
from dashboard.opened import database_shown
from dashboard.table_loaders import Asked, grouped
from dashboard.table_sections import runs_section, strip_section, table_section
from modadd.simulators import SIMULATORS
from modadd.tables import IMPERFECTIONS

chosen = filter_of_page()
opened = database_shown().of(chosen.kind)
header(
    "Tables",
    "The paper's table over the runs of the filter, a row a group, each number with its 95 % "
    "interval and n; where all runs of a group have the paper's config, its row stands below with "
    "a verdict. Move the definitions, and see in the strips below over which of them the "
    "correlation keeps its sign and its significance.",
    r"\text{circle}: \max_i \lVert E_i \rVert / \min_i \lVert E_i \rVert < \text{threshold}, "
    r"\qquad r = \mathrm{corr}(\text{imperfections}, \text{accuracy})",
)
rows = loaders.runs(opened, chosen)
if rows.empty:
    states.empty_filter(loaders.stored_runs(opened, chosen.kind))
fields = list(SIMULATORS[chosen.kind].config.field_types())
one, two, three = st.columns([2, 2, 1])
with one:
    groups = table_controls.grouping(chosen, fields)
with two:
    pair = table_controls.pair(opened, chosen.kind)
with three:
    epoch = table_controls.epoch(opened, chosen)
definitions, tolerance = table_controls.definitions(pair)

asked = Asked(opened, chosen, tuple(groups), epoch, definitions, tolerance)
stored, rows = len(rows), grouped(asked)
if len(rows) < stored:
    st.caption(f"{len(rows):,} of the {stored:,} runs have metrics at this epoch.")
count = rows["group"].nunique()
if count > table_controls.MOST_GROUPS:
    states.nothing_to_draw(
        f"That makes {count:,} groups, and a page holds {table_controls.MOST_GROUPS}: group by "
        "fewer fields, or narrow the filter"
    )
    st.stop()

table_section(asked)
if not set(definitions.columns) <= set(rows):
    states.nothing_to_draw("These runs lack a metric of the pair: correlate another")
    st.stop()
if definitions.counted(rows).empty:
    states.nothing_to_draw("No run counts: all of them diverged, which a switch above lets in")
    st.stop()
runs_section(asked)
st.header("What the correlation hangs on", anchor=False)
left, right = st.columns(2, gap="large")
with left:
    strip_section(asked, "threshold")
with right:
    if IMPERFECTIONS in pair:
        strip_section(asked, "tolerance")
