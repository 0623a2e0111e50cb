"""Parts of the Tables page: the table, the runs behind its correlation, the sensitivity strips."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
import streamlit as st

from dashboard import cells, loaders
from dashboard.charts_tables import POINT, correlated, sensitivity
from dashboard.controls import open_page, set_filter
from dashboard.opened import Database, cached
from dashboard.pages import PAGES
from dashboard.run_rows import about_marks, marks
from dashboard.table_rows import counts_in_prose, mixed, named, survival
from dashboard.takeaway import take_away
from db.filters import Filter
from modadd.comparable import papers_experiment
from modadd.paper import Row
from modadd.sensitivity import TOLERANCES, threshold_strip, tolerance_strip
from modadd.simulators import SIMULATORS
from modadd.tables import Definitions, table

_STRIPS = {
    "threshold": "circle threshold (radius ratio)",
    "tolerance": "tolerance of the prose's rule",
}


def table_section(
    rows: pd.DataFrame,
    groups: Sequence[str],
    reported: Mapping[Any, Row],
    definitions: Definitions,
    chosen: Filter,
) -> None:
    """The cells, as the paper lays them out, and which groups can have no row of the paper."""
    found = table(rows, groups, reported, definitions=definitions)
    wide = cells.wide(found, groups)
    narrow = st.column_config.Column(width=90)
    st.dataframe(
        wide, hide_index=True, placeholder="–", height="content", key="cells",
        column_config=dict.fromkeys([*groups, "source"], narrow),
    )  # fmt: skip
    if found["p"].notna().any():
        st.markdown(cells.summary(found))
    take_away("table", found, sql=chosen.sql(), typeset=wide)
    differing = mixed(rows, list(SIMULATORS[chosen.kind].config.field_types()), groups)
    if differing:
        listed = ", ".join(name.replace("_", " ") for name in differing[:6])
        st.caption(f"Runs of one group differ in {listed}: the paper has no row for such a group.")
    experiment = papers_experiment(chosen.kind) if differing else None
    if experiment:
        st.button(
            f"Keep only the runs of {experiment.name}", type="tertiary", on_click=set_filter,
            args=(Filter(kind=chosen.kind, experiments=(experiment.name,)),),
            icon=":material/filter_alt:",
        )  # fmt: skip


def runs_section(
    rows: pd.DataFrame, groups: Sequence[str], definitions: Definitions, chosen: Filter
) -> None:
    """Each run's pair of metrics; a click opens the run."""
    st.header("The runs behind the correlation", anchor=False)
    x, y = definitions.columns
    circle = rows["radius_ratio"] < definitions.threshold
    counted = definitions.chosen(rows["radius_ratio"].to_numpy())
    counted &= rows.index.isin(definitions.counted(rows).index)
    shown = rows.assign(structure=circle.map({True: "circle", False: "grid"}), counted=counted)
    chart = correlated(marks(shown), x, y)
    clickable = "run" in PAGES
    event: Any = st.vega_lite_chart(
        chart.spec, key="runs-correlated", selection_mode=[POINT] if clickable else None,
        on_select="rerun" if clickable else "ignore",
    )  # fmt: skip
    click = " Click one to open its run." if clickable else ""
    st.caption(f"{int(counted.sum()):,} runs count, faint ones do not.{click} {about_marks(shown)}")
    names = dict.fromkeys(["run_id", "seed", *groups, "structure", "counted", x, y])
    take_away("correlated", shown[list(names)], chart=chart, sql=chosen.sql())
    picked = event["selection"].get(POINT) if clickable else None
    if picked:
        open_page("run", run=picked[0]["run_id"])


@cached(16)
def strips(
    opened: Database,
    chosen: Filter,
    epoch: int | None,
    groups: tuple[str, ...],
    definitions: Definitions,
    tolerance: float,
    _rows: pd.DataFrame,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """As `modadd.sensitivity` makes them, over the circle's threshold and the prose's tolerance.
    _rows: those that all other arguments together make."""
    counts = counts_in_prose(_rows, loaders.gaps(opened, chosen.kind, epoch), TOLERANCES)
    by_threshold = threshold_strip(_rows, groups, definitions)
    return by_threshold, tolerance_strip(_rows, groups, definitions, counts)


def strip_section(
    name: str, found: pd.DataFrame, groups: Sequence[str], setting: float, chosen: Filter
) -> None:
    """The strip of one definition, with the setting chosen, and what survives in words."""
    shown = named(found, groups)
    chart = sensitivity(shown, setting, _STRIPS[name])
    st.vega_lite_chart(chart.spec, key=f"strip-{name}")
    st.markdown("  \n".join(survival(shown, setting)))
    take_away(f"sensitivity-{name}", found, chart=chart, sql=chosen.sql())
