"""Part of the Compare page: one run laid over another, and the runs that are most like it."""

from functools import partial
from typing import NamedTuple

import numpy as np
import pandas as pd
import streamlit as st

from dashboard import loaders, states
from dashboard.charts_compare import overlay_chart, residual_chart
from dashboard.compare import in_words, overlaid
from dashboard.controls import link_query, set_filter
from dashboard.drawn import Drawn
from dashboard.opened import Database, cached
from dashboard.pages import PAGES
from dashboard.run_parts import run_number
from dashboard.run_rows import thumbnail, varying
from dashboard.takeaway import take_away
from dashboard.theme import residue_colours
from db.filters import Filter
from modadd.procrustes import Overlay, overlay
from modadd.simulators import SIMULATORS

RIGHT = "right_"  # before the URL keys of the right side's filter
LEFT_RUN, RIGHT_RUN = "left_run", "right_run"
MOST_ALIKE = 12


def swap_button(left: Filter, right: Filter) -> None:
    """A button that makes each side's filter and run the other's."""
    runs = st.query_params.get(LEFT_RUN), st.query_params.get(RIGHT_RUN)
    st.button(
        "Swap sides", icon=":material/swap_horiz:", on_click=_swap, args=(left, right, *runs)
    )  # fmt: skip


def _swap(left: Filter, right: Filter, left_run: str | None, right_run: str | None) -> None:
    # Told everything, since a callback may be called twice: it must not swap back.
    set_filter(right)
    set_filter(left, RIGHT)
    for name, run in ((LEFT_RUN, right_run), (RIGHT_RUN, left_run)):
        st.query_params.pop(name, None)
        if run is not None:
            st.query_params[name] = run


def overlay_section(
    opened: Database,
    left_filter: Filter,
    left: pd.DataFrame,
    right_filter: Filter,
    right: pd.DataFrame,
    sql: str,
) -> None:
    """A run of the left with the run of the right that is most like it, or with another one."""
    kinds = left_filter.kind, right_filter.kind
    standing = opened.standing(*kinds)
    st.header("Run over run", anchor=False)
    here, there = st.columns(2, gap="large")
    with here:
        one = _left_run(left)
    if one is None:
        states.nothing_to_draw("All runs on the left diverged: widen the filter in the sidebar")
        return
    arrangement = loaders.final_arrangements(standing, (one,)).get(one)
    if arrangement is None:
        states.nothing_to_draw(f"Run {one} has no stored arrangement: run its job again")
        return
    tokens, dim = arrangement.shape
    fits = loaders.fits(opened.of(*kinds), one, right_filter)
    if fits.empty:
        states.nothing_to_draw(
            f"No run on the right can be laid over run {one}: it takes one with {tokens} tokens in "
            f"{dim} dimensions, that did not diverge. Widen the right side's filter"
        )
        return
    with there:
        other = _right_run(fits)
    laid, rows, chart = _laid(standing, one, other)
    (unlabelled,) = fits.loc[fits["run_id"] == other, "unlabelled"]
    picture, numbers = st.columns([1, 1], gap="large")
    with picture:
        with st.container(key="overlay-box"):
            st.vega_lite_chart(chart.spec, key="overlay", width="content")
        st.caption(
            f"Filled and numbered: run {one}. Hollow: run {other}, {in_words(laid, tokens)}. "
            "A line links matched tokens; both are centred."
        )
        take_away("overlay", rows, chart=chart, sql=sql)
    with numbers:
        _numbers(fits, laid.residual, float(unlabelled), sql)
        _links(one, other)
        _most_alike(standing, one, fits, right, right_filter, sql)


class Laid(NamedTuple):
    """A run laid over another one: how, a row a token (`dashboard.compare.overlaid`), the chart."""

    how: Overlay
    rows: pd.DataFrame
    chart: Drawn


@cached(32)
def _laid(opened: Database, one: int, other: int) -> Laid:
    final = loaders.final_arrangements(opened, (one, other))
    below, above = final[one], final[other]
    how = overlay(below, above)
    rows = overlaid(below, how)
    return Laid(how, rows, overlay_chart(rows, side=460 if below.shape[1] < 3 else 300))


@cached(32)
def _pictures(opened: Database, one: int, others: tuple[int, ...]) -> list[str]:
    """Thumbnails of runs as they are laid over another one."""
    final = loaders.final_arrangements(opened, (one, *others))
    laid = [overlay(final[one], final[other]).points.astype(np.float32) for other in others]
    return [thumbnail(points, residue_colours(len(points))) for points in laid]


def _left_run(left: pd.DataFrame) -> int | None:
    """The run in the URL, else the first; with buttons to go through them."""
    ids = left.loc[left["status"] == "done", "run_id"].tolist()
    if not ids:
        return None
    one = _asked(LEFT_RUN, ids, ids[0])
    place = ids.index(one)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        _number("Run on the left", LEFT_RUN, one)
        for name, step, icon in (("Previous", -1, "chevron_left"), ("Next", 1, "chevron_right")):
            there = ids[(place + step) % len(ids)]
            st.button(name, icon=f":material/{icon}:", on_click=_choose, args=(LEFT_RUN, there))
        st.caption(f"{place + 1:,} of {len(ids):,} on the left")
    return one


def _right_run(fits: pd.DataFrame) -> int:
    """The run in the URL, else the most alike."""
    best = int(fits["run_id"].iloc[0])
    other = _asked(RIGHT_RUN, fits["run_id"].tolist(), best)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        _number("Run on the right", RIGHT_RUN, other)
        st.button(
            "Most like it", icon=":material/search:", on_click=_choose, args=(RIGHT_RUN, None),
            disabled=other == best, help="Find the run on the right with the least residual.",
        )  # fmt: skip
    return other


def _asked(name: str, ids: list[int], first: int) -> int:
    text = st.query_params.get(name)
    if text is None:
        return first
    if text.isdecimal() and int(text) in ids:
        return int(text)
    states.bad_input(f"{name} is left out: {text[:40]} is none of that side's runs to compare")
    return first


def _choose(name: str, run: int | None) -> None:
    if name == LEFT_RUN:  # what was chosen on the right was chosen for another run
        st.query_params.pop(RIGHT_RUN, None)
    if run is None:
        st.query_params.pop(name, None)
    else:
        st.query_params[name] = str(run)


def _number(label: str, name: str, run: int) -> None:
    run_number(label, name, run, partial(_choose, name), width=180)


def _numbers(fits: pd.DataFrame, residual: float, unlabelled: float, sql: str) -> None:
    rank, n = int((fits["residual"] < residual - 1e-7).sum()) + 1, len(fits)
    one, two, three = st.columns(3)
    one.metric("Residual", f"{residual:.3f}", help="0: a copy; about 1: nothing in common.")
    two.metric("By name", f"{unlabelled:.3f}", help="The residual without relabelling.")
    three.metric("Rank", f"{rank:,} of {n:,}", help="Among the right's runs, most alike first.")
    chart = residual_chart(fits, residual)
    st.vega_lite_chart(chart.spec, key="residuals")
    take_away("residuals", fits, chart=chart, sql=sql)


def _links(one: int, other: int) -> None:
    if "run" in PAGES:
        with st.container(horizontal=True):
            for run in (one, other):
                st.page_link(
                    PAGES["run"].path, label=f"Open run {run}", query_params=link_query(run=run)
                )


def _most_alike(
    opened: Database, one: int, fits: pd.DataFrame, right: pd.DataFrame, chosen: Filter, sql: str
) -> None:
    """The runs with the least residual, drawn as they are laid over the one; a click shows it."""
    first = fits.head(MOST_ALIKE).drop(columns="unlabelled")
    pictures = _pictures(opened, one, tuple(first["run_id"].tolist()))
    varied = varying(right, SIMULATORS[chosen.kind].config.field_types())[:3]
    shown = first.merge(right[["run_id", "seed", *varied, "structure"]], on="run_id", how="left")
    st.markdown(f"**Most like it** of {len(fits):,} on the right; choose a row to lay it over.")
    st.dataframe(
        shown.assign(thumbnail=pictures),
        hide_index=True, row_height=46, height=330, key="most-alike",
        column_order=[
            "thumbnail", "run_id", "residual", "unit", "shift", "seed", *varied, "structure",
        ],
        column_config={
            "thumbnail": st.column_config.ImageColumn("", width=56),
            "run_id": st.column_config.NumberColumn("run", format="%d"),
            "residual": st.column_config.NumberColumn(format="%.3f"),
            "unit": st.column_config.NumberColumn("u", width=44),
            "shift": st.column_config.NumberColumn("t", width=44),
        },
        selection_mode="single-row", on_select=partial(_choose_row, shown["run_id"].tolist()),
    )  # fmt: skip
    take_away("most-alike", shown, sql=sql)


def _choose_row(ids: list[int]) -> None:
    rows = st.session_state["most-alike"]["selection"]["rows"]
    if rows:
        _choose(RIGHT_RUN, ids[rows[0]])
