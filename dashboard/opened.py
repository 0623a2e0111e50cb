"""The database that the pages read, and what keeps what they read of it. Keys hold the revision, so
that new rows appear at once.

What is kept is shared between all sessions: never change it in place.
"""

import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from itertools import count
from pathlib import Path
from threading import Lock
from typing import Any, ParamSpec, TypeVar

import streamlit as st
from sqlalchemy import Engine

from db.connect import ANY_KIND, Changed, StoreError, changes, reader, revision, without_password
from db.filters import Filter

P = ParamSpec("P")
R = TypeVar("R")

_HOW = "streamlit run dashboard/app.py -- --database PATH"


@dataclass(frozen=True)
class Database:
    """An open database at a moment: the first argument, and the cache key, of every loader.

    number: of the engine, which no other has, also once this one is gone. changes: kind → when runs
    of that kind last changed, if that is known.
    """

    engine: Engine
    number: int
    revision: int
    changes: Mapping[str, Changed] = field(compare=False)

    def of(self, *kinds: str) -> "Database":
        """The same for whoever reads runs of these kinds alone: as it was after their last change,
        so that what was read since is found again, whatever other runs came."""
        if not self.changes:
            return self
        return replace(self, revision=max(last.revision for last in self._last(*kinds)))

    def standing(self, *kinds: str) -> "Database":
        """The same for whoever reads runs of these kinds that are known to be there, by their
        numbers: as it was when a stored one last changed, whatever runs came."""
        if not self.changes:
            return self
        return replace(self, revision=max(last.rewritten for last in self._last(*kinds)))

    def has_only_added(self, *kinds: str, since: int) -> bool:
        """Whether the runs of these kinds that were there at a revision are known to stand
        unchanged."""
        return bool(self.changes) and all(last.rewritten <= since for last in self._last(*kinds))

    def _last(self, *kinds: str) -> list[Changed]:
        return [self.changes.get(kind, Changed(0, 0)) for kind in (ANY_KIND, *kinds)]


def location() -> str:
    """`--database PATH` behind `--`, else $MODADD_DATABASE, else modadd.db.

    Raises:
        StoreError: for any other argument.
    """
    arguments = sys.argv[1:]
    if not arguments:
        return os.environ.get("MODADD_DATABASE") or "modadd.db"
    flag, equals, path = arguments[0].partition("=")
    path = path if equals else " ".join(arguments[1:2])
    if flag != "--database" or not path or len(arguments) > (1 if equals else 2):
        raise StoreError(f"the dashboard takes `{_HOW}`, got {' '.join(arguments)}")
    return path


def shown_location() -> str:
    """The database's place as it may be shown."""
    return without_password(location())


def database() -> Database:
    """The database, opened for reading.

    Raises:
        StoreError: if there is nothing to read.
    """
    place = location()
    path = Path(place)
    # A file that was removed and made anew is another database under the same name.
    inode = path.stat().st_ino if path.is_file() else 0
    file = str(path.absolute()) if inode else place
    seen = _seen(file, inode)
    with seen.lock:
        engine, number = _engine(file, inode, seen.restored)
        now = revision(engine)
        if now < seen.revision:
            seen.restored += 1
            engine, number = _engine(file, inode, seen.restored)
        seen.revision = now
    return Database(engine, number, now, changes(engine))


_SHOWN = "shown"  # in the session: the database at the moment that its page is of


def show_database(opened: Database | None) -> None:
    """Make this what the page that is being drawn is of."""
    st.session_state[_SHOWN] = opened


def database_shown() -> Database:
    """The database at the moment that this page is of, the same for all parts of the page.

    Raises:
        StoreError: if there is nothing to read.
    """
    return st.session_state[_SHOWN] or database()


def watched() -> Database | None:
    """The database at this moment, or None if there is none: cheap, for whoever waits for news."""
    try:
        return database()
    except StoreError:
        return None


_numbers = count()


@st.cache_resource(max_entries=4, show_spinner=False, on_release=lambda made: made[0].dispose())
def _engine(place: str, inode: int, restored: int) -> tuple[Engine, int]:
    return reader(place), next(_numbers)


@dataclass
class _Seen:
    """A file's last revision, and how often an older copy was written over it: as another database
    would be, it is then read from the start."""

    lock: Lock = field(default_factory=Lock)
    revision: int = 0
    restored: int = 0


@st.cache_resource(max_entries=4, show_spinner=False)
def _seen(place: str, inode: int) -> _Seen:
    return _Seen()


def cached(most: int) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Keep a loader's last `most` results, by database, revision and arguments."""
    hash_funcs: dict[Any, Any] = {Database: _moment, Filter: repr}
    return st.cache_resource(max_entries=most, show_spinner=False, hash_funcs=hash_funcs)


def _moment(opened: Database) -> tuple[int, int]:
    return opened.number, opened.revision
