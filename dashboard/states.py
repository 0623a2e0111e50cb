"""What a page says when there is nothing to show: the reason, and the next step to take."""

from typing import NoReturn

import streamlit as st

from modadd.experiments import EXPERIMENTS


def no_database(reason: str) -> NoReturn:
    """There is no database to read, for this reason (a StoreError's message)."""
    st.info(f"{_sentence(reason)}", icon=":material/database_off:")
    st.stop()


def empty_database() -> NoReturn:
    """The database holds no runs."""
    st.info("The database holds no runs yet: run `modadd reproduce`.", icon=":material/database:")
    st.stop()


def empty_filter(stored: int) -> NoReturn:
    """No run passes the filter; `stored`: how many runs of its kind there are."""
    if stored:
        text = f"None of the {stored:,} runs passes the filter: widen or clear it in the sidebar."
    else:
        text = "There are no runs of this kind yet: choose the other kind in the sidebar."
    st.info(text, icon=":material/filter_alt_off:")
    st.stop()


def bad_input(message: str) -> None:
    """A URL or a control asks for what cannot be; the page goes on without it."""
    st.warning(_sentence(message), icon=":material/link_off:")


def no_runs_of(experiment: str) -> None:
    """An experiment without runs among those shown; the page goes on."""
    step = f"`modadd reproduce {experiment}`" if experiment in EXPERIMENTS else "`modadd run`"
    st.info(f"No runs of {experiment} are among them: run {step}, or clear the filter.")


def nothing_to_draw(why: str) -> None:
    """A part of a page that has no data, and why; the page goes on."""
    st.info(_sentence(why), icon=":material/info:")


def _sentence(message: str) -> str:
    return message if message.endswith(".") else f"{message}."
