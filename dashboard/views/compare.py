"""Compare: two sets of runs beside each other, and two runs over each other."""

import pandas as pd
import streamlit as st

from dashboard import loaders, states
from dashboard.cells import shown_p
from dashboard.charts_compare import distribution_chart, structure_chart
from dashboard.compare import (
    DISTRIBUTIONS,
    Side,
    comparison,
    distribution,
    shared_metrics,
    structures,
)
from dashboard.controls import filter_of_page, filter_of_side
from dashboard.header import header
from dashboard.likeness import RIGHT, overlay_section, swap_button
from dashboard.opened import database_shown
from dashboard.run_rows import pooled
from dashboard.takeaway import take_away
from db.filters import Filter
from modadd.simulators import SIMULATORS
from modadd.structures import CIRCLE_THRESHOLD

opened, left = database_shown(), filter_of_page()
header(
    "Compare",
    "Two sets of runs beside each other: bars and bands are 95 % intervals, and a small p says "
    "that chance alone seldom makes such a difference. Below, one run of the right laid over one "
    "of the left as well as turning, scaling and relabelling tokens can do it; the residual is "
    "how far matched tokens then lie apart, in units of the left one's size: 0 for copies.",
    r"\min_{s,\,R,\,u,\,t}\ \sqrt{\sum\nolimits_i \lVert E_i - s\,R\,E'_{u i + t \bmod N}\rVert^2"
    r"\,/\,\sum\nolimits_i \lVert E_i\rVert^2}\qquad E, E'\ \text{centred},\ \gcd(u, N) = 1",
)


def right_filter() -> Filter:
    """The right side's filter, by default all runs of the other kind that the database holds."""
    kinds = set(loaders.kind_counts(opened)["kind"])
    others = [kind for kind in SIMULATORS if kind in kinds and kind != left.kind]
    with st.popover("Choose the right side", icon=":material/filter_alt:", width="stretch"):
        return filter_of_side(opened, RIGHT, Filter(kind=others[0] if others else left.kind))


def named(side: str, chosen: Filter, runs: pd.DataFrame) -> None:
    """What a side holds: how many runs of which filter."""
    diverged = int((runs["status"] == "diverged").sum())
    without = f", {diverged:,} of them diverged and left out" if diverged else ""
    conditions = {key: text for key, text in chosen.to_query().items() if key != "kind"}
    about = " · ".join(f"`{key}={text}`" for key, text in conditions.items()) or "all"
    simulator = SIMULATORS[chosen.kind]
    among = pooled(runs, list(simulator.config.field_types()))
    st.markdown(
        f"**{side}**: {len(runs):,} {simulator.title}{without}  \n{about}"
        + (f"  \n:gray[{among}]" if among else "")
    )


def distributions(sides: dict[str, Side]) -> None:
    """The distribution of each metric that both sides have."""
    both = shared_metrics(sides)
    for column, metric in zip(st.columns(len(both)), both, strict=True):
        rows = distribution(sides, metric)
        threshold = CIRCLE_THRESHOLD if metric == "radius_ratio" else None
        chart = distribution_chart(rows, DISTRIBUTIONS[metric], threshold=threshold)
        with column:
            st.vega_lite_chart(chart.spec, key=f"distribution-{metric}")
            take_away(metric.replace("_", "-"), rows, chart=chart, sql=sql)


with st.container(horizontal=True, vertical_alignment="bottom"):
    with st.container(width="stretch"):
        st.caption("The left side is the sidebar's filter.")
    right = right_filter()
    swap_button(left, right)
sql = f"{left.sql()}\n\n{right.sql()}"
chosen = {f"left: {SIMULATORS[left.kind].title}": left}
chosen[f"right: {SIMULATORS[right.kind].title}"] = right
sides = {name: loaders.side(opened.of(one.kind), one) for name, one in chosen.items()}
for column, (name, one) in zip(st.columns(2), sides.items(), strict=True):
    with column:
        named(name.split(":")[0].capitalize(), chosen[name], one.runs)
left_runs, right_runs = (one.runs for one in sides.values())
if left_runs.empty:
    states.empty_filter(loaders.stored_runs(opened, left.kind))
if right_runs.empty:
    states.nothing_to_draw(
        "No run passes the right side's filter: widen it under *Choose the right side*"
    )
    st.stop()

if shared := int(left_runs["run_id"].isin(right_runs["run_id"]).sum()):
    st.caption(
        f":orange[{shared:,} runs are on both sides.] p takes the "
        "sides for different runs: narrow one of them."
    )
narrow, broad = st.columns([2, 3], gap="medium")
rows = structures(sides)
with narrow:
    shares = structure_chart(rows)
    st.vega_lite_chart(shares.spec, key="structures")
    take_away("structures", rows, chart=shares, sql=sql)
with broad:
    table = comparison(sides)
    st.dataframe(table.assign(p=table["p"].map(shown_p)), hide_index=True)
    st.caption(
        "[ ] 95 % intervals: Wilson (shares), Student's t (means). p: Fisher's exact test "
        "(shares), Kolmogorov-Smirnov (the whole distribution, not the mean alone)."
    )
    take_away("comparison", table, sql=sql)
distributions(sides)
overlay_section(opened, left, left_runs, right, right_runs, sql)
