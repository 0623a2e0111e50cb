"""The brush over the scatter of runs: ranges of two columns, which live in the URL."""

from collections.abc import Mapping
from typing import Any

import streamlit as st

from dashboard import states
from dashboard.charts_runs import BRUSH
from db.filters import Between, FilterError, parse_condition

_CHARTS = "brushes-taken-away"
_DIGITS = 6  # of an end of a range: finer than a pixel


def brush_in_url(*columns: str) -> list[Between]:
    """The ranges in the URL that are on these columns; what is none is said and left out."""
    text = st.query_params.get(BRUSH, "")
    try:
        found = [parse_condition(part) for part in text.split(";") if part.strip()]
    except FilterError as error:
        states.bad_input(f"The brush in the URL is left out: {error}")
        return []
    ranges = [part for part in found if isinstance(part, Between) and part.column in columns]
    return [part for part in ranges if part.low is not None and part.high is not None]


def keep_brush(key: str) -> None:
    """Write the selection of the chart with this key into the URL: the chart's callback."""
    selected: Mapping[str, Any] = st.session_state[key]["selection"].get(BRUSH, {})
    ranges = [Between(name, *(_short(end) for end in ends)) for name, ends in selected.items()]
    st.query_params.pop(BRUSH, None)
    if ranges:
        st.query_params[BRUSH] = ";".join(found.text for found in ranges)


def forget_brush() -> None:
    """Take the brush away, from the URL and from the chart: what the browser drew can only be
    replaced by another chart."""
    st.query_params.pop(BRUSH, None)
    st.session_state[_CHARTS] = st.session_state.get(_CHARTS, 0) + 1


def chart_key(*columns: str) -> str:
    """The key of the scatter of these columns, another one after each brush that was taken away."""
    return "-".join(["scatter", *columns, str(st.session_state.get(_CHARTS, 0))])


def first_brush(key: str, ranges: list[Between]) -> list[Between]:
    """The ranges with which the chart with this key was first drawn: a chart whose specification
    followed the brush would be drawn anew at every move of it."""
    if key not in st.session_state:  # a chart that is not on the page yet
        st.session_state[f"first-{key}"] = ranges
    drawn: list[Between] = st.session_state[f"first-{key}"]
    return drawn


def _short(end: float) -> float:
    return float(f"{end:.{_DIGITS}g}")
