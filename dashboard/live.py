"""New rows appear by themselves: a small fragment looks at the revision while the page is open."""

import streamlit as st

from dashboard import loaders
from dashboard.loaders import Database

SECONDS = 1.0


def follow(shown: Database | None) -> None:
    """Run the page again as soon as the database has another revision than what it shows."""

    @st.fragment(run_every=SECONDS)
    def look() -> None:
        if loaders.watched() != shown:
            st.rerun()

    look()
