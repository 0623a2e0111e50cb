"""Overview: what is in the database, and the paper beside it."""

import streamlit as st

from dashboard import loaders, states
from dashboard.beside import paper_section
from dashboard.controls import filter_of_page, kinds_offered
from dashboard.header import header
from dashboard.jobs_shown import jobs_section
from dashboard.opened import Database, database_shown
from dashboard.takeaway import take_away, terminal
from db.filters import Filter
from modadd.experiments import EXPERIMENTS
from modadd.simulators import SIMULATORS


def stored(opened: Database) -> None:
    """How many runs of each kind, and how many of them diverged."""
    counts = loaders.kind_counts(opened)
    diverged = int(counts[counts["status"] == "diverged"]["runs"].sum())
    kinds = kinds_offered(opened)
    columns = st.columns(len(kinds) + 2)
    for column, kind in zip(columns, kinds, strict=False):
        runs = int(counts[counts["kind"] == kind]["runs"].sum())
        column.metric(SIMULATORS[kind].title.capitalize(), f"{runs:,}")
    columns[-2].metric("Diverged", f"{diverged:,}", help="Kept, and left out of every table.")
    last = loaders.job_progress(opened)["job_id"].max()
    columns[-1].metric("Jobs", f"{last:,}", help="Commands that computed what is here.")


def experiments(opened: Database) -> None:
    """What each experiment holds."""
    counts = loaders.experiment_counts(opened)
    if counts.empty:
        states.nothing_to_draw(
            "No run here belongs to an experiment: name one with `--experiment NAME`, or run "
            f"`{terminal('reproduce')}`"
        )
        return
    wide = counts.pivot_table(
        index=["experiment", "kind"], columns="status", values="runs", fill_value=0
    ).reset_index()
    titles = {name: f"{known.title} ({known.place})" for name, known in EXPERIMENTS.items()}
    wide.insert(1, "shows", wide["experiment"].map(titles).fillna("your own"))
    wide["kind"] = wide["kind"].map({kind: one.title for kind, one in SIMULATORS.items()})
    st.dataframe(wide, hide_index=True)
    take_away("experiments", wide, command=terminal("list"))


opened, chosen = database_shown(), filter_of_page()
header(
    "Clustering and alignment in modular addition",
    "What this database holds, and the paper's Tables 1 and 2 beside it: points are estimates, "
    "lines their 95 % intervals. *Consistent* means that chance alone may explain the difference "
    "(p ≥ 0.05), which a small n makes easy: *seeds to tell* says how many would settle it.",
)
stored(opened)
jobs_section(opened)
if chosen != Filter(kind=chosen.kind):
    st.caption(f"The tables below count only the {SIMULATORS[chosen.kind].title} of the filter.")
for name in ("table-1", "table-2"):
    paper_section(opened, name, chosen)
st.header("Experiments", anchor=False)
experiments(opened)
