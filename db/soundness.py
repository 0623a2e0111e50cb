"""What a file must be before anything of it is believed: it may come from anywhere.

Nothing in a database of ours runs: it has no triggers, its tables are strict tables, and its views
are the ones that we write. A file with anything else under our names is refused in one line.
"""

import re
import sqlite3
import time
from typing import Any

from sqlalchemy import Connection, Engine, event, inspect, select, text

from db import shapes
from db.errors import StoreError, without_password
from db.schema import SCHEMA_VERSION, Store
from db.views import RUN_VIEWS, TABLE_VIEWS

MOST_SECONDS = 60.0  # for one statement of a reader
MOST_BYTES = 64 << 20  # of one value; a classifier of 10,000 hidden units and 1000 tokens has 40
_STEPS = 200_000  # of SQLite's machine between looks at the clock: some milliseconds

_STRICT = re.compile(r"CREATE TABLE\b.*\)\s*(WITHOUT ROWID\s*,\s*)?STRICT\s*", re.DOTALL)
_COMMENT = re.compile(r"--|/\*")
_OBJECTS = text("SELECT name, type, COALESCE(sql, '') FROM sqlite_master")


def fence(connection: sqlite3.Connection) -> None:
    """Hold a connection to values of sensible size, and what a file defines to harmless functions.

    A length in a damaged or hostile file would otherwise be allocated as it says.
    """
    connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, MOST_BYTES)
    connection.execute("PRAGMA trusted_schema = OFF")


def limit_time(engine: Engine, seconds: float | None) -> None:
    """Have every statement of a SQLite engine end after so many seconds, if any."""
    if seconds is None:
        return

    @event.listens_for(engine, "before_cursor_execute")
    def start(connection: Connection, *_statement: Any) -> None:
        end = time.monotonic() + seconds
        driver: Any = connection.connection.driver_connection
        driver.set_progress_handler(lambda: time.monotonic() > end, _STEPS)


def stored_version(connection: Connection, location: str) -> int:
    """The schema version of a store of ours, at most our own.

    Raises:
        StoreError: if this is none of ours, newer than we are, or holds what we never write.
    """
    location = without_password(location)
    tables = inspect(connection).get_table_names()
    if "store" not in tables:
        what = "holds other tables" if tables else "is empty"
        raise StoreError(f"{location} {what} and is no modadd database: name another")
    if connection.dialect.name == "sqlite":
        _check_objects(connection, location)
    rows = connection.execute(select(Store.schema_version, Store.revision)).fetchmany(2)
    if len(rows) != 1 or not all(_counts(value) for value in rows[0]):
        raise StoreError(f"{location} does not say what it is: restore a copy")
    version = int(rows[0].schema_version)
    if version > SCHEMA_VERSION:
        raise StoreError(
            f"{location} has schema version {version}, newer than this program's "
            f"{SCHEMA_VERSION}: update modadd"
        )
    return version


def _counts(value: Any) -> bool:
    return isinstance(value, int) and 0 <= value < 1 << 62


def _check_objects(connection: Connection, location: str) -> None:
    # SQLite's names know no case.
    objects = {name.lower(): (what, sql) for name, what, sql in connection.execute(_OBJECTS)}
    ours = [name for name in objects if shapes.is_ours(name)]
    foreign = [name for name, (what, _) in objects.items() if what == "trigger"]
    foreign += [name for name in ours if not _is_strict_table(*objects[name])]
    foreign += [
        name
        for name, written in TABLE_VIEWS.items()
        if name in objects and objects[name][1] not in written
    ]
    # Once all of ours are plain tables, they may be asked for their columns.
    foreign = foreign or [n for n in ours if not shapes.has_our_shape(connection, n)]
    kinds = [n.removesuffix(shapes.CONFIGS) for n in ours if n.endswith(shapes.CONFIGS)]
    foreign = foreign or [f"{k}_runs" for k in kinds if not _is_our_view(connection, k, objects)]
    if foreign:
        raise StoreError(
            f"{location} holds what modadd never writes, {ascii(foreign[0])[:60]}: "
            "restore a copy, or name another"
        )


def _is_strict_table(what: str, sql: str) -> bool:
    """Whether it is a table, and a strict one: whose columns hold what they say, and nothing else.
    (`pragma_table_list` would know, but opens virtual tables.)"""
    return what == "table" and _STRICT.fullmatch(sql) is not None and not _COMMENT.search(sql)


def _is_our_view(connection: Connection, kind: str, objects: dict[str, tuple[str, str]]) -> bool:
    """Whether a kind's view of runs, if it has one, is one that this or an older version wrote: of
    all config fields, and of metrics that there are, each once."""
    what, sql = objects.get(f"{kind}_runs", ("view", None))
    if sql is None:
        return True
    found = next(filter(None, (view(kind).fullmatch(sql) for view in RUN_VIEWS)), None)
    if what != "view" or found is None:
        return False
    fields, metrics = (sorted(found[part].split(", ")) for part in ("fields", "metrics"))
    stored, series = (
        {column.name for column in shapes.columns(connection, table)} - {"run_id"}
        for table in (f"{kind}{shapes.CONFIGS}", "series")
    )
    return fields == sorted(f"c.{name}" for name in stored) and (
        len(set(metrics)) == len(metrics) and set(metrics) <= {f"s.{name}" for name in series}
    )


def check_shape(run_id: int, tokens: Any, dim: Any, blob: Any) -> None:
    """Raise StoreError unless a BLOB of float32 is as long as its shape (tokens, dim) says."""
    sizes_fit = isinstance(tokens, int) and isinstance(dim, int) and min(tokens, dim) > 0
    if not (sizes_fit and isinstance(blob, bytes) and len(blob) == 4 * tokens * dim):
        raise StoreError(f"run {run_id} has a snapshot whose length is not that of its shape")
