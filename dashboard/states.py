"""What a page says when there is nothing to show: the reason, and the next step to take."""

import logging
import re
from typing import NoReturn

import streamlit as st

from modadd.experiments import EXPERIMENTS

ENDED = "This page ended in"  # what no page of a whole database says
_LOGGER = logging.getLogger(__name__)
_MARKUP = re.compile(r"([\\`*_{}\[\]()<>#$~!|&+=-])")
_SHORTCODE = re.compile(r":(?=[^:\s]+:)")
_CODE = re.compile(r"(`[^`\n]+`)")


def no_database(reason: str) -> NoReturn:
    """There is no database to read, for this reason (a StoreError's message)."""
    st.info(_sentence(reason), icon=":material/database_off:")
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
    st.info(f"No runs of {plain(experiment)} are among them: run {step}, or clear the filter.")


def nothing_to_draw(why: str) -> None:
    """A part of a page that has no data, and why; the page goes on."""
    st.info(_sentence(why), icon=":material/info:")


def unexpected(error: Exception) -> None:
    """A page that ended in an error that it does not know; what led to it is logged."""
    _LOGGER.error("a page ended", exc_info=error)
    st.error(
        f"{ENDED} {type(error).__name__}. Run `modadd verify` over the database: a file that is "
        "not whole may hold anything. If it finds no fault, this one is ours, and the server's "
        "terminal says more.",
        icon=":material/error:",
    )


def plain(text: str) -> str:
    """Text as it is, for where Streamlit reads Markdown: no link, picture, formula or colour of it.

    For whatever comes from a database or a URL. A character without width keeps `:name:` from
    becoming a picture.
    """
    return _MARKUP.sub(r"\\\1", _SHORTCODE.sub(":\u2060", text)).replace("\n", " ")


def _sentence(message: str) -> str:
    """The message as plain text, but for what is `code` in it."""
    parts = _CODE.split(message)
    shown = "".join(part if place % 2 else plain(part) for place, part in enumerate(parts))
    return shown if message.endswith(".") else f"{shown}."
