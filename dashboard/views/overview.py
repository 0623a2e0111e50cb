"""Overview: what is in the database, and the paper beside it."""

import streamlit as st

from dashboard import loaders, states
from dashboard.charts import beside_the_paper
from dashboard.controls import filter_of_page
from dashboard.header import header
from dashboard.takeaway import take_away
from modadd.experiments import EXPERIMENTS
from modadd.simulators import SIMULATORS

opened, chosen = loaders.database(), filter_of_page()
header(
    "Clustering and alignment in modular addition",
    "What this database holds, and the paper's Tables 1 and 2 beside it. Every number comes with "
    "its n and its 95 % interval, the paper's where it prints one; *consistent* means that chance "
    "alone may explain the difference (p ≥ 0.05).",
)
counts = loaders.kind_counts(opened)
for column, (kind, simulator) in zip(st.columns(len(SIMULATORS)), SIMULATORS.items(), strict=True):
    of_kind = counts[counts["kind"] == kind].set_index("status")["runs"]
    diverged = int(of_kind.get("diverged", 0))
    column.metric(
        simulator.title.capitalize(),
        f"{of_kind.sum():,}",
        f"{diverged} diverged" if diverged else None,
        delta_color="off",
        border=True,
    )

for name in ("table-1", "table-2"):
    experiment = EXPERIMENTS[name]
    st.header(f"{experiment.place.split(', ')[1]}: {experiment.title}", anchor=False)
    cells = loaders.experiment_cells(opened, name, chosen)
    if cells.empty:
        states.no_runs_of(name)
        continue
    (group,) = experiment.groups
    left, right = st.columns(2)
    circles = beside_the_paper(cells, group, "circles", "share of circles")
    left.altair_chart(circles)
    right.altair_chart(
        beside_the_paper(cells, group, "grid_imperfections", "imperfections of the grids")
    )
    st.dataframe(
        cells[cells["quantity"] != "diverged"],
        hide_index=True,
        placeholder="–",
        column_config={
            column: st.column_config.NumberColumn(format="%.3g")
            for column in ("value", "low", "high", "paper", "paper_low", "paper_high", "p")
        },
    )
    take_away(
        name,
        cells,
        chart=circles,
        command=f"modadd tables {name} --database {loaders.shown_location()}",
    )
