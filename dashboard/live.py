"""New rows appear by themselves: a small fragment looks at the revision while the page is open."""

import time

import streamlit as st

from dashboard import loaders
from dashboard.loaders import Database

SECONDS = 1.0
REST = 3  # times as long as it took to draw, a page is left alone: many readers take turns
_DRAWN = "drawn"  # in the session: when the page was drawn, and how many seconds it took


def follow(shown: Database | None) -> None:
    """Run the page again as soon as the database has another revision than what it shows."""

    @st.fragment(run_every=SECONDS)
    def look() -> None:
        if loaders.watched() != shown and not _rests():
            st.rerun()

    look()


def drawn(begun: float) -> None:
    """Note that the page has been drawn, which began at that time of `time.monotonic`."""
    now = time.monotonic()
    st.session_state[_DRAWN] = now, now - begun


def _rests() -> bool:
    """Whether the page was drawn so recently, for how long that took, that it may wait: while a job
    writes, a server of many readers would have no time for anything else."""
    at, seconds = st.session_state.get(_DRAWN, (0.0, 0.0))
    return time.monotonic() - at < REST * seconds
