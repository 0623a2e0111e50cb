"""What a job adds to while pages show it: the runs of a kind, and how many there are."""

from threading import Lock

import pandas as pd
import streamlit as st

from dashboard.opened import Database
from db.filters import Between, Filter
from db.run_lists import filtered_runs, run_counts


class _Growing:
    """Rows held for every session, and read again only where they are older than what is asked."""

    def __init__(self) -> None:
        self.lock = Lock()
        self.rows = pd.DataFrame()
        self.revision = -1

    def at(self, opened: Database) -> pd.DataFrame:
        """The rows, at least as new as `opened`, which others may be past already."""
        with self.lock:
            if self.revision < opened.revision:
                self.rows, self.revision = self.read(opened), opened.revision
            return self.rows

    def read(self, opened: Database) -> pd.DataFrame:
        """The rows as they are now, from those that are held where they still stand."""
        raise NotImplementedError


class GrowingRuns(_Growing):
    """All runs of a kind, in order of run_id: to read ten thousand takes a third of a second. Where
    runs have only been added, those alone are read."""

    def __init__(self, kind: str) -> None:
        super().__init__()
        self.chosen = Filter(kind=kind)

    def read(self, opened: Database) -> pd.DataFrame:
        if len(self.rows) and opened.has_only_added(self.chosen.kind, since=self.revision):
            after = Between("run_id", float(self.rows["run_id"].iloc[-1]) + 1, None)
            added = filtered_runs(opened.engine, self.chosen.having(after))
            if added.empty:
                return self.rows
            # Where a column came, or is of another type now, all are read again.
            if added.dtypes.equals(self.rows.dtypes):
                return pd.concat([self.rows, added], ignore_index=True)
        return filtered_runs(opened.engine, self.chosen)


class GrowingCounts(_Growing):
    """How many runs there are, as `db.run_lists.run_counts` has it: to count a hundred thousand
    takes a tenth of a second. Where runs have only been added, those alone are counted."""

    def read(self, opened: Database) -> pd.DataFrame:
        if self.rows.empty or not opened.has_only_added(*opened.changes, since=self.revision):
            return run_counts(opened.engine)
        added = run_counts(opened.engine, int(self.rows["last"].max()))
        if added.empty:
            return self.rows
        groups = pd.concat([self.rows, added]).groupby(["kind", "status", "job_id"])
        return groups.agg({"runs": "sum", "last": "max"}).reset_index()


@st.cache_resource(max_entries=16, show_spinner=False)
def growing_runs(number: int, kind: str) -> GrowingRuns:
    """Those of the open database with that number."""
    return GrowingRuns(kind)


@st.cache_resource(max_entries=16, show_spinner=False)
def growing_counts(number: int) -> GrowingCounts:
    """Those of the open database with that number."""
    return GrowingCounts()
