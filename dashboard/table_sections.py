"""Parts of the Tables page: the table, the runs behind its correlation, the sensitivity strips."""

from typing import Any

import streamlit as st

from dashboard import cells
from dashboard.charts_tables import POINT
from dashboard.controls import open_page, set_filter
from dashboard.pages import PAGES
from dashboard.run_rows import about_marks, listed
from dashboard.table_loaders import Asked, laid_out, scattered, strips
from dashboard.takeaway import take_away
from db.filters import Filter
from modadd.comparable import papers_experiment

_LETTER = 5.3  # pixels that a letter of a table takes, at most on average


def table_section(asked: Asked) -> None:
    """The cells, as the paper lays them out, and which groups can have no row of the paper."""
    found, wide, mixed = laid_out(asked)
    kind = asked.chosen.kind
    # Left alone, a column is as wide as its first texts, and cuts the n of longer ones off.
    longest = {name: max(map(len, wide[name].fillna("").astype(str))) for name in map(str, wide)}
    widths = {name: round(_LETTER * max(n, len(name))) + 18 for name, n in longest.items()}
    widths |= dict.fromkeys([*asked.groups, "source"], 90)
    st.dataframe(
        wide, hide_index=True, placeholder="–", height="content", key="cells",
        column_config={name: st.column_config.Column(width=w) for name, w in widths.items()},
    )  # fmt: skip
    if found["p"].notna().any():
        st.markdown(cells.summary(found))
    take_away("table", found, sql=asked.chosen.sql(), typeset=wide)
    if mixed:
        st.caption(
            f"Runs of one group differ in {listed(mixed)}: the paper has no row for such a group."
        )
    experiment = papers_experiment(kind) if mixed else None
    if experiment:
        st.button(
            f"Keep only the runs of {experiment.name}", type="tertiary", on_click=set_filter,
            args=(Filter(kind=kind, experiments=(experiment.name,)),),
            icon=":material/filter_alt:",
        )  # fmt: skip


def runs_section(asked: Asked) -> None:
    """Each run's pair of metrics; a click opens the run."""
    st.header("The runs behind the correlation", anchor=False)
    shown, chart = scattered(asked)
    clickable = "run" in PAGES
    event: Any = st.vega_lite_chart(
        chart.spec, key="runs-correlated", selection_mode=[POINT] if clickable else None,
        on_select="rerun" if clickable else "ignore",
    )  # fmt: skip
    click = " Click one to open its run." if clickable else ""
    counted = int(shown["counted"].sum())
    st.caption(f"{counted:,} runs count, faint ones do not.{click} {about_marks(shown)}")
    pair = asked.definitions.columns
    names = dict.fromkeys(["run_id", "seed", *asked.groups, "structure", "counted", *pair])
    take_away("correlated", shown[list(names)], chart=chart, sql=asked.chosen.sql())
    picked = event["selection"].get(POINT) if clickable else None
    if picked:
        open_page("run", run=picked[0]["run_id"])


def strip_section(asked: Asked, name: str) -> None:
    """The strip of one definition, with the setting chosen, and what survives in words."""
    rows, chart, words = strips(asked)[name]
    st.vega_lite_chart(chart.spec, key=f"strip-{name}")
    st.markdown("  \n".join(words))
    take_away(f"sensitivity-{name}", rows, chart=chart, sql=asked.chosen.sql())
