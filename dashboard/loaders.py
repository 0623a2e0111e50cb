"""The only file that caches. Keys hold the database's revision, so that new rows appear at once."""

import os
import sys
from pathlib import Path

import pandas as pd
import streamlit as st
from sqlalchemy import Engine

from db import queries
from db.connect import reader, revision
from modadd.experiments import EXPERIMENTS
from modadd.tables import table


def database() -> str:
    """`--database PATH` behind `--`, else $MODADD_DATABASE, else modadd.db."""
    arguments = sys.argv[1:]
    if "--database" in arguments[:-1]:
        return arguments[arguments.index("--database") + 1]
    return os.environ.get("MODADD_DATABASE") or "modadd.db"


def engine() -> Engine:
    """A read-only engine on the database; raises StoreError if there is nothing to read."""
    location = database()
    path = Path(location)
    # A file that was removed and made anew is another database under the same name.
    inode = path.stat().st_ino if path.is_file() else 0
    return _engine(str(path.absolute()) if inode else location, inode)


def kind_counts() -> pd.DataFrame:
    """Columns kind, status, runs."""
    opened = engine()
    return _kind_counts(opened, revision(opened))


def experiment_cells(name: str) -> pd.DataFrame:
    """The cells of an experiment's table (`modadd.tables.table`); empty without stored runs."""
    opened = engine()
    return _experiment_cells(opened, revision(opened), name)


@st.cache_resource(max_entries=4, on_release=lambda opened: opened.dispose())
def _engine(location: str, inode: int) -> Engine:
    return reader(location)


@st.cache_data(max_entries=8, hash_funcs={Engine: id})
def _kind_counts(opened: Engine, revision: int) -> pd.DataFrame:
    return queries.kind_counts(opened)


@st.cache_data(max_entries=32, hash_funcs={Engine: id})
def _experiment_cells(opened: Engine, revision: int, name: str) -> pd.DataFrame:
    experiment = EXPERIMENTS[name]
    stored = queries.runs(opened, experiment.kind, name)
    if stored.empty:
        return pd.DataFrame()
    return table(stored, experiment.groups, experiment.reported, means=experiment.means)
