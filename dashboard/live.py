"""New rows appear by themselves: a small fragment looks at the revision while the page is open."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Lock
from typing import ClassVar
from weakref import WeakSet

import streamlit as st

from dashboard.opened import Database, watched

SECONDS = 1.0
EAGER = 5  # readers; of more, the pages look and are drawn by themselves less often
REST = 3  # times as long as a page took to draw by itself, none is drawn by itself again
_BY_ITSELF = "drawn by itself"  # in the session, from the look that found news to the page drawn


class _Turns:
    """Shared by all sessions. While a job writes, there is news for every open page all the time:
    pages take turns, and leave the server to what its readers do."""

    next_at = 0.0  # by `time.monotonic`
    being_drawn = 0  # pages
    lock = Lock()
    readers: ClassVar[WeakSet["_Reader"]] = WeakSet()


def follow(shown: Database | None, part: Callable[[Database | None], Database | None]) -> None:
    """Run the page again as soon as that part of the database which it is about has changed."""

    reader = st.session_state.setdefault("reader", _Reader())
    _Turns.readers.add(reader)

    @st.fragment(run_every=SECONDS * _crowd())
    def look() -> None:
        if _Turns.being_drawn or time.monotonic() < _Turns.next_at:
            return
        if part(watched()) != part(shown):
            _Turns.next_at = time.monotonic() + SECONDS  # until it is known how long this one takes
            st.session_state[_BY_ITSELF] = True
            st.rerun()

    look()


class _Reader:
    """One stands in every session, and goes with it."""


def _crowd() -> float:
    """How much less often than for a few readers anything is done for so many."""
    return max(1, len(_Turns.readers) / EAGER)


@contextmanager
def drawing() -> Iterator[None]:
    """A page is drawn in this block."""
    begun = time.monotonic()
    with _Turns.lock:
        _Turns.being_drawn += 1
    try:
        yield
    finally:
        with _Turns.lock:
            _Turns.being_drawn -= 1
        if st.session_state.pop(_BY_ITSELF, False):
            now = time.monotonic()
            _Turns.next_at = now + REST * _crowd() * (now - begun)
