"""The law on trial: what the paper's force law explains of the networks' real forces and fates."""

import streamlit as st

from dashboard import loaders, states
from dashboard.controls import filter_of_page
from dashboard.header import header
from dashboard.law_fates import conclusion_section, fate_section, forms_section, led_section
from dashboard.law_sections import (
    explained_section,
    forces_section,
    foretelling_section,
    learnt_section,
    row_of,
    twin_section,
)
from dashboard.opened import database_shown
from dashboard.run_parts import pick_run
from dashboard.run_rows import listed, mixed
from db.filters import Filter
from modadd.branches import BranchConfig
from modadd.simulators import SIMULATORS
from modadd.twins import TwinConfig

chosen = filter_of_page()
opened = database_shown().of(chosen.kind, TwinConfig.kind, BranchConfig.kind)
header(
    "The law on trial",
    "The paper argues for its force law by the look of what it leads to. Here the law itself is "
    "tried: on the true force on every training pair's sum, the gradient of that pair's loss, and "
    "on each network's own fate, foretold by a *twin*, a particle simulation that begins at the "
    "network's own embedding.",
    r"-\frac{\partial \ell_{ij}}{\partial x_{ij}} \ \overset{?}{\approx}\ "
    r"g_r\,\overline{\frac{r}{\|r\|^2}} - g_a\,\overline{\frac{r}{\|r\|}} + f_a\,\overline{\pm "
    r"\frac{x_{kl}}{\|x_{kl}\|}}",
)
runs = loaders.runs(opened, chosen)
if runs.empty:
    states.empty_filter(loaders.count_runs(opened, Filter(kind=chosen.kind)))
if chosen.kind != "transformer":
    states.nothing_to_draw("The law is tried on networks: choose them as the kind in the sidebar")
    st.stop()

if differing := mixed(runs, list(SIMULATORS[chosen.kind].config.field_types()), ["weight_decay"]):
    st.caption(
        f"Networks of one weight decay differ in {listed(differing)}: the medians and counts below "
        "may pool them; narrow the filter."
    )
words = st.container()
explained_section(opened, chosen)
run_id = pick_run(opened, chosen)
row = row_of(opened, run_id)
if row is None:
    states.nothing_to_draw(f"Run {run_id} is no network: choose another")
else:
    forces_section(opened, row)
    twin_section(opened, row)
foretelling_section(opened, chosen)
learnt_section(opened, chosen, runs)
led_section(opened, chosen)
fate_section(opened, chosen)
forms_section(opened, chosen)
with words:
    conclusion_section(opened, chosen)
