"""One of the paper's tables beside this database: charts, and the verdict cell by cell."""

from dataclasses import replace
from typing import NamedTuple

import pandas as pd
import streamlit as st

from dashboard import cells, loaders, states
from dashboard.charts_paper import beside_the_paper
from dashboard.drawn import Drawn, joined
from dashboard.opened import Database, cached
from dashboard.takeaway import take_away, terminal
from db.filters import Filter
from modadd.experiments import EXPERIMENTS
from modadd.tables import table


class Beside(NamedTuple):
    """found: cells (`modadd.tables.table`); pictures: two charts of them; readable: for people."""

    found: pd.DataFrame
    pictures: tuple[Drawn, Drawn]
    readable: pd.DataFrame


@cached(32)
def _beside(opened: Database, name: str, chosen: Filter) -> Beside | None:
    """Over those of the experiment's runs that pass the filter, of its kind; None without any."""
    experiment = EXPERIMENTS[name]
    rows = loaders.runs(opened, chosen, name)
    if rows.empty:
        return None
    found = table(rows, experiment.groups, experiment.reported, means=experiment.means)
    (group,) = experiment.groups
    pictures = (
        beside_the_paper(found, group, "circles", "Share of circles", percent=True),
        beside_the_paper(found, group, "grid_imperfections", "Imperfections of the grids"),
    )
    return Beside(found, pictures, cells.readable(found, experiment.groups))


def paper_section(opened: Database, name: str, chosen: Filter) -> None:
    """The section of an experiment with a table in the paper, over the runs of the filter."""
    experiment = EXPERIMENTS[name]
    st.header(f"{experiment.place.split(', ')[1]}: {experiment.title}", anchor=name)
    narrowed = chosen if chosen.kind == experiment.kind else Filter(kind=experiment.kind)
    beside = _beside(opened.of(narrowed.kind), name, narrowed)
    if beside is None:
        states.no_runs_of(name)
        return
    found, pictures, readable = beside
    (group,) = experiment.groups
    for column, chart, part in zip(st.columns(2, gap="large"), pictures, "ab", strict=True):
        column.vega_lite_chart(chart.spec, key=f"{name}-{part}")
    st.markdown(cells.summary(found))
    st.dataframe(
        readable,
        hide_index=True,
        placeholder="–",
        height="content",
        column_config={
            group: st.column_config.NumberColumn(group.replace("_", " "), format="%g"),
            "here": st.column_config.TextColumn("here [95 %]"),
            "paper": st.column_config.TextColumn("paper [95 %]"),
            "paper_n": st.column_config.NumberColumn("paper's n"),
            "seeds_to_tell": st.column_config.TextColumn("seeds to tell", help=cells.SEEDS_HELP),
        },
    )
    take_away(
        name,
        found,
        chart=lambda: joined("hconcat", pictures),
        sql=replace(narrowed, experiments=(name,)).sql(),
        command=None if narrowed != Filter(kind=experiment.kind) else terminal("tables", name),
    )
