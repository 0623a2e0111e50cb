"""Runs: the gallery, the scatter and the table of the runs that pass the filter."""

import streamlit as st

from dashboard import loaders, states
from dashboard.controls import filter_of_page
from dashboard.header import header
from dashboard.takeaway import take_away
from db.filters import Filter

opened, chosen = loaders.database(), filter_of_page()
header("Runs", "x")
rows = loaders.runs(opened, chosen)
if rows.empty:
    states.empty_filter(loaders.count_runs(opened, Filter(kind=chosen.kind)))
st.dataframe(rows)
take_away("runs", rows, sql=chosen.sql())
