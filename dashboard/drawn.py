"""Charts as they were drawn. Altair takes tens of milliseconds to put one together, and a page runs
again at every click of its reader, mostly with the same rows."""

from collections.abc import Callable
from typing import Any

import streamlit as st

from dashboard.gallery import Gallery


def _name(function: Any) -> str:
    return f"{function.__module__}.{function.__qualname__}"


@st.cache_resource(
    max_entries=64,
    show_spinner=False,
    hash_funcs={"builtins.function": _name, Gallery: tuple},
)
def drawn(draw: Callable[..., Any], *rows: Any, **settings: Any) -> Any:
    """`draw(*rows, **settings)`, a function of a `charts` file, found by the rows' contents.

    The chart is shared between all sessions: never change it in place.
    """
    return draw(*rows, **settings)
