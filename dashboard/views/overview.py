"""Overview: what is in the database, and the paper beside it."""

import streamlit as st

from dashboard.charts import beside_the_paper
from dashboard.loaders import database, engine, experiment_cells, kind_counts
from db.connect import StoreError
from modadd.experiments import EXPERIMENTS
from modadd.simulators import SIMULATORS

st.title("Clustering and alignment in modular addition")
st.markdown(
    "What this database holds, and the paper's Tables 1 and 2 beside it. Every number comes with "
    "its n and its 95 % interval, the paper's where it prints one; *consistent* means that chance "
    "alone may explain the difference (p ≥ 0.05)."
)

try:
    engine()
except StoreError as error:
    st.info(f"{error}.", icon=":material/database:")
    st.stop()

counts = kind_counts()
if counts.empty:
    st.info("The database holds no runs yet: run `modadd reproduce`.", icon=":material/database:")
    st.stop()

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
    st.header(f"{experiment.place.split(', ')[1]}: {experiment.title}")
    cells = experiment_cells(name)
    if cells.empty:
        st.info(f"No runs of {name} are stored: run `modadd reproduce {name}`.")
        continue
    (group,) = experiment.groups
    left, right = st.columns(2)
    left.altair_chart(beside_the_paper(cells, group, "circles", "share of circles"))
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
    st.download_button(
        "Download CSV", cells.to_csv(index=False), f"{name}.csv", "text/csv", key=f"csv-{name}"
    )
    st.caption(f"The same in a terminal: `modadd tables {name} --database {database()}`")
