"""What a job adds to while pages show it: the runs of a kind, and how many there are."""

from threading import Lock

import pandas as pd
import streamlit as st

from dashboard.opened import Database
from db.filters import Between, Filter
from db.run_lists import filtered_runs, run_counts


class GrowingRuns:
    """All runs of a kind, in order of run_id, held for every session: to read ten thousand takes a
    third of a second. Where runs have only been added, those alone are read."""

    def __init__(self, kind: str) -> None:
        self.chosen = Filter(kind=kind)
        self.lock = Lock()
        self.rows = pd.DataFrame()
        self.revision = -1

    def at(self, opened: Database) -> pd.DataFrame:
        """The runs, at least as new as `opened`, which others may be past already."""
        with self.lock:
            if self.revision < opened.revision:
                self.rows, self.revision = self._read(opened), opened.revision
            return self.rows

    def _read(self, opened: Database) -> pd.DataFrame:
        if len(self.rows) and opened.has_only_added(self.chosen.kind, since=self.revision):
            after = Between("run_id", float(self.rows["run_id"].iloc[-1]) + 1, None)
            added = filtered_runs(opened.engine, self.chosen.having(after))
            if added.empty:
                return self.rows
            # A column without a number is of another type: then all are read again.
            if added.dtypes.equals(self.rows.dtypes):
                return pd.concat([self.rows, added], ignore_index=True)
        return filtered_runs(opened.engine, self.chosen)


@st.cache_resource(max_entries=16, show_spinner=False)
def growing_runs(number: int, kind: str) -> GrowingRuns:
    """Those of the open database with that number."""
    return GrowingRuns(kind)


class GrowingCounts:
    """How many runs there are, held for every session: to count a hundred thousand takes a tenth
    of a second. Where runs have only been added, those alone are counted."""

    def __init__(self) -> None:
        self.lock = Lock()
        self.counts = pd.DataFrame()
        self.revision = -1

    def at(self, opened: Database) -> pd.DataFrame:
        """As `db.run_lists.run_counts`, at least as new as `opened`."""
        with self.lock:
            if self.revision < opened.revision:
                self.counts, self.revision = self._count(opened), opened.revision
            return self.counts

    def _count(self, opened: Database) -> pd.DataFrame:
        if self.counts.empty or not opened.has_only_added(*opened.changes, since=self.revision):
            return run_counts(opened.engine)
        added = run_counts(opened.engine, int(self.counts["last"].max()))
        if added.empty:
            return self.counts
        groups = pd.concat([self.counts, added]).groupby(["kind", "status", "job_id"])
        return groups.agg({"runs": "sum", "last": "max"}).reset_index()


@st.cache_resource(max_entries=16, show_spinner=False)
def growing_counts(number: int) -> GrowingCounts:
    """Those of the open database with that number."""
    return GrowingCounts()
